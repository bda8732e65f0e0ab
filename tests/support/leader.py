"""A leader that may write, what it publishes, and what is stored, for tests of the data layer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson

from ops.alerts.desk import Desk
from ops.clock.fence import next_token
from ops.clock.job import JobContext
from ops.database import raw, session
from ops.telemetry.logs import get_logger
from quartapp.jobs.slates import republish, store_slates
from quartapp.records import Event
from quartapp.settings import Settings
from quartapp.store import sports
from quartapp.upstreams import Upstreams, open_upstreams
from tests.support.examples import SPORT, sport

HOLDER = "test:clock:1"


class Leader:
    """Holds the newest fencing token until another takes over."""

    def __init__(self, database: Any, redis: Any, resources: Upstreams, token: int) -> None:
        self.database, self.redis, self.resources, self.token = database, redis, resources, token

    def context(self, job_name: str = "daily_pass") -> JobContext[Upstreams]:
        """Return what a run of a job is given."""
        return JobContext(
            job_name=job_name,
            scheduled_for=datetime.now(UTC),
            attempt=1,
            trigger="schedule",
            correlation_id="c" * 32,
            fencing_token=self.token,
            holder=HOLDER,
            database=self.database,
            redis=self.redis,
            resources=self.resources,
            desk=Desk(self.database, HOLDER),
            log=get_logger("test"),
        )

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """Begin a transaction that commits while this is the leader."""
        return self.context().transaction()

    async def store(self, *events: Event, sport_key: str = SPORT) -> int:
        """Store and publish a whole slate; return how many documents changed."""
        return await store_slates(self.context(), [(sport_key, events)])

    async def republish(self, *sport_keys: str) -> int:
        """Publish what is stored; return how many documents changed."""
        return await republish(self.context(), sport_keys)

    async def take_over(self) -> None:
        """Let another process become the leader."""
        async with session(self.database) as connection:
            await next_token(connection, "other:clock:2", datetime.now(UTC))

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        async with session(self.database) as connection:
            return [dict(row) for row in await raw(connection).fetch(query, *arguments)]

    async def game(self, game_id: str = "g1") -> dict[str, Any]:
        """Return a game as it is stored."""
        (row,) = await self.rows("SELECT * FROM games WHERE id = $1", game_id)
        return row

    async def published(self) -> dict[str, tuple[str, bytes]]:
        """Return (ETag, body) of every document by key."""
        rows = await self.rows("SELECT key, etag, body FROM documents WHERE body IS NOT NULL")
        return {row["key"]: (row["etag"], row["body"]) for row in rows}

    async def read(self, key: str) -> dict[str, Any]:
        """Return what a document says."""
        body: dict[str, Any] = orjson.loads((await self.published())[key][1])
        return body

    async def everything(self) -> dict[str, str]:
        """Return every table of the product as text."""
        tables = (
            "sports", "games", "game_bookmakers", "odds", "odds_history", "teams", "roster_players", "injuries",
            "analyses", "documents", "document_versions",
        )  # fmt: skip
        return {
            table: json.dumps(
                await self.rows(f"SELECT * FROM {table} ORDER BY {table}::text"),
                default=str,
            )
            for table in tables
        }


@asynccontextmanager
async def open_leader(database: Any, redis: Any, settings: Settings) -> AsyncIterator[Leader]:
    """Yield a leader with one league that has no games."""
    async with open_upstreams(settings) as resources:
        async with session(database) as connection:
            token = await next_token(connection, HOLDER, datetime.now(UTC))
            await sports.upsert(connection, [sport()], resources.source, datetime.now(UTC))
        yield Leader(database, redis, resources, token)
