"""A dead clock is told of: once, by whichever web process sees it, and once when it is well again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from launcher.dev.embedded import free_port
from ops.alerts.desk import Desk
from ops.clock import register
from ops.clock.lease import Lease
from ops.clock.register import Registered
from ops.clock.watchdog import Watchdog
from ops.database import session
from ops.redis import open_redis

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
TTL = 15.0


class Web:
    """The watchdogs of some web processes, and their clocks."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self.database, self.redis = database, redis
        self.now, self.seconds = NOW, 1000.0
        self.dogs: list[Watchdog] = []
        self.replicas(3)

    def replicas(self, count: int, redis: Redis | None = None) -> None:
        self.dogs = [
            Watchdog(
                self.database,
                redis or self.redis,
                desk=Desk(self.database, f"host:web:{number}", wall=lambda: self.now),
                ttl_seconds=TTL,
                monotonic=lambda: self.seconds,
            )
            for number in range(count)
        ]

    async def look(self, **later: float) -> None:
        """Let time pass, then let every replica look at once."""
        span = timedelta(**later)
        self.now += span
        self.seconds += span.total_seconds()
        await asyncio.gather(*(dog.look(self.now) for dog in self.dogs))

    async def told(self) -> list[tuple[str, str]]:
        """(fingerprint, kind) of each message that the operators get."""
        async with session(self.database) as connection:
            rows = await connection.fetch_all(
                "SELECT fingerprint, kind FROM alerts WHERE status = 'pending' ORDER BY id"
            )
        return [(row["fingerprint"], row["kind"]) for row in rows]

    async def register(self, next_run_at: datetime) -> None:
        async with session(self.database) as connection:
            job = Registered("odds_refresh", "* * * * *", "UTC", next_run_at)
            await register.register(connection, [job], NOW - timedelta(days=1))


@pytest.fixture
def web(database: Database, redis: Redis) -> Web:
    return Web(database, redis)


async def test_a_missing_leader_is_told_once_by_any_number_of_replicas(web: Web, redis: Redis) -> None:
    await web.look()
    await web.look(seconds=3 * TTL)
    assert await web.told() == []  # a takeover may take that long
    await web.look(seconds=1)
    await web.look(seconds=10)
    assert await web.told() == [("clock:no-leader", "failure")]
    await Lease(redis, "clock", "host:clock:1", TTL).acquire()
    await web.look(seconds=10)
    await web.look(seconds=10)
    assert await web.told() == [("clock:no-leader", "failure"), ("clock:no-leader", "recovery")]


async def test_a_leader_that_stays_away_is_told_of_every_ten_minutes(web: Web) -> None:
    await web.look()
    for _ in range(60):
        await web.look(seconds=30)
    assert await web.told() == [("clock:no-leader", "failure")] * 3


async def test_a_change_of_leader_is_no_news(web: Web, redis: Redis) -> None:
    for _ in range(5):
        lease = Lease(redis, "clock", "host:clock:1", TTL)
        await lease.acquire()
        await web.look(seconds=10)
        await lease.release()
        await web.look(seconds=10)
    assert await web.told() == []


async def test_an_overdue_job_is_told_by_name_and_again_when_it_is_not(web: Web, redis: Redis) -> None:
    await Lease(redis, "clock", "host:clock:1", TTL).acquire()
    await web.register(NOW)
    await web.look(minutes=5)
    assert await web.told() == []
    await web.look(seconds=1)
    await web.look(seconds=10)
    assert await web.told() == [("clock:overdue", "failure")]
    async with session(web.database) as connection:
        assert "odds_refresh" in await connection.fetch_val("SELECT body FROM alerts")
    await web.register(NOW + timedelta(hours=1))
    await web.look(seconds=10)
    assert await web.told() == [("clock:overdue", "failure"), ("clock:overdue", "recovery")]


async def test_a_paused_job_is_not_overdue(web: Web, redis: Redis) -> None:
    await Lease(redis, "clock", "host:clock:1", TTL).acquire()
    await web.register(NOW)
    async with session(web.database) as connection:
        await register.pause(connection, "odds_refresh", NOW)
    await web.look(hours=1)
    assert await web.told() == []


async def test_a_dead_clock_is_one_trouble_and_not_one_a_job(web: Web) -> None:
    await web.register(NOW)
    await web.look()
    for _ in range(18):
        await web.look(seconds=30)
    assert await web.told() == [("clock:no-leader", "failure")]


async def test_without_redis_it_tells_of_redis_as_the_clocks_do(web: Web, redis: Redis) -> None:
    nowhere = open_redis(f"redis://127.0.0.1:{free_port()}/0")
    web.replicas(2, nowhere)
    await web.look()
    await web.look(seconds=3 * TTL + 1)
    assert await web.told() == [("clock:redis", "failure")]
    await nowhere.aclose()
    web.replicas(1)  # started anew: it closes what others left open
    await Lease(redis, "clock", "host:clock:1", TTL).acquire()
    await web.look(seconds=1)
    assert await web.told() == [("clock:redis", "failure"), ("clock:redis", "recovery")]
