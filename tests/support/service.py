"""A service in simulated time: a leading clock that reports, a web process that watches, an upstream that is heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from launcher.commands.status import Status, read_status
from ops.alerts.desk import Desk
from ops.clock.fence import next_token
from ops.clock.lease import Lease
from ops.clock.term import Term
from ops.clock.watchdog import Watchdog
from ops.database import raw, session
from ops.stores import Stores
from quartapp.freshness.report import report
from quartapp.freshness.troubles import looking
from quartapp.store import games, sports
from tests.support.examples import SPORT, event, sport

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis

    from quartapp.settings import Settings

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
STEP = timedelta(seconds=30)


class Service:
    """A leading clock, a web process's watchdog, and an upstream that answers while it is `heard`."""

    def __init__(
        self, database: Database, redis: Redis, settings: Settings, token: int, now: datetime
    ) -> None:
        self.database, self.redis, self.settings, self.now = database, redis, settings, now
        self.heard = True
        self.errors = 0
        stores = Stores(database, redis)
        self.look = looking(settings)
        self.term = Term(stores, token, "host:clock:1", Desk(database, "host:clock:1", wall=lambda: self.now))
        self.watchdog = Watchdog(
            database,
            redis,
            desk=Desk(database, "host:web:1", wall=lambda: self.now),
            ttl_seconds=15,
            look=self.look,
            errors=lambda: self.errors,
        )

    async def step(self) -> None:
        """Let half a minute pass, as production does: odds come in, the watchdog looks, the clock reports."""
        self.now += STEP
        if self.heard:
            await self.odds_arrive()
        await self.watchdog.look(self.now)
        await report(self.term, self.look, self.now)

    async def odds_arrive(self) -> None:
        async with session(self.database) as connection:
            await sports.mark_odds_updated(connection, SPORT, self.now)

    async def until(self, wanted: bool, within: timedelta) -> None:
        """Step until there is a trouble (or none), and fail when that takes too long."""
        began = self.now
        while bool((await self.published())["reasons"]) is not wanted:
            assert self.now - began < within, await self.published()
            await self.step()

    async def published(self) -> dict[str, Any]:
        async with session(self.database) as connection:
            body = await raw(connection).fetchval("SELECT body FROM documents WHERE key = '/api/status'")
        said: dict[str, Any] = orjson.loads(body)
        return said

    async def status(self) -> Status:
        return await read_status(self.settings, self.now)

    async def told(self) -> list[tuple[str, str]]:
        async with session(self.database) as connection:
            rows = await raw(connection).fetch(
                "SELECT fingerprint, kind FROM alerts WHERE status = 'pending' ORDER BY id"
            )
        return [(row["fingerprint"], row["kind"]) for row in rows]

    async def execute(self, statement: str) -> None:
        async with session(self.database) as connection:
            await connection.execute(statement)


async def start(database: Database, redis: Redis, settings: Settings, now: datetime) -> Service:
    """Return a service in which nothing is wrong."""
    settings = settings.model_copy(update={"odds_api_daily_credits": 20_000})  # enough for a minute's cadence
    async with session(database) as connection:
        token = await next_token(connection, "host:clock:1", now)
        await sports.upsert(connection, [sport()], "live", now)
        await games.upsert(connection, SPORT, [event(starts=now + timedelta(hours=3))], "live", now)
        await sports.refresh_season_states(connection, now)
    await Lease(redis, "clock", "host:clock:1", 3600).acquire()
    mark = {"role": "web", "holder": "host:web:1", "pid": 1, "git_sha": "x", "seen_at": now.isoformat()}
    await redis.set("instance:web:1", orjson.dumps(mark | {"started_at": now.isoformat()}))
    service = Service(database, redis, settings, token, now)
    await service.step()
    assert (await service.published())["reasons"] == []
    assert (await service.published())["state"] == "ok"
    return service
