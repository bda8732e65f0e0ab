"""The two stores of every process, PostgreSQL and Redis: opened, waited for, asked and closed in one place.

``async with open_stores(settings, holder) as stores`` connects to nothing yet: a web process starts while both
are away. `connect` waits for PostgreSQL, `pings` asks both whether they take writes, and leaving the block closes
both within bounds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, cast

from ops.database import (
    DatabaseUnavailable,
    LazyDatabase,
    ReadOnlyDatabaseError,
    open_database,
    session,
)
from ops.lazy_redis import LazyRedis, ReadOnlyRedisError, RedisUnavailableError
from ops.tasks import waited
from ops.telemetry.events import emit
from ops.telemetry.logs import redact

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis

__all__ = ["Ping", "StoreSettings", "Stores", "Unavailable", "open_stores", "ping"]


# What a store raises when it is away, closing, too slow or unable to answer: catch it, wait, try again.
Unavailable = (*DatabaseUnavailable, RedisUnavailableError)

CONNECT_SECONDS = 10.0
RETRY_SECONDS = 1.0
PING_SECONDS = 2.0
CLOSE_SECONDS = 5.0


class _Secret(Protocol):
    def get_secret_value(self) -> str: ...


class StoreSettings(Protocol):
    """The settings that lead to the stores."""

    @property
    def database_url(self) -> _Secret:
        """The URL of PostgreSQL."""

    @property
    def database_pool_max(self) -> int:
        """The largest number of pooled connections."""

    @property
    def database_pooler(self) -> bool:
        """True when the URL leads through a transaction pooler."""

    @property
    def redis_url(self) -> _Secret:
        """The URL of Redis."""


@dataclass(frozen=True, slots=True)
class Ping:
    """What a store answered: `error` is a word for an operator, never an exception's text."""

    ok: bool
    duration_ms: float
    error: str | None = None


class Stores:
    """PostgreSQL and Redis of one process."""

    def __init__(self, database: Database | LazyDatabase, redis: Redis | LazyRedis) -> None:
        # `session` asks no more of either than both have.
        self.database = cast("Database", database)
        self.redis = cast("Redis", redis)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def expect(self) -> None:
        """Let whoever asks PostgreSQL wait for the pool, which `connect` is about to open."""
        if isinstance(self.database, LazyDatabase):
            self.database.expect()

    async def load(self) -> None:
        """Import what speaks to the stores, beside the event loop: SQLAlchemy and redis-py take a core 0.2 s."""
        for store in (self.database, self.redis):
            if isinstance(store, LazyDatabase | LazyRedis):
                await store.load()

    async def connect(self, stop: asyncio.Event | None = None) -> bool:
        """Open the pool of PostgreSQL, and with `stop` wait for it; False when `stop` is set before.

        Raises one of `Unavailable` when there is no `stop` to wait for.
        """
        said = False
        while stop is None or not stop.is_set():
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await self.database.connect()
                return True
            except Unavailable as problem:
                if stop is None:
                    raise
                if not said:
                    emit("store_unavailable", store="database", waiting="pool", error=redact(repr(problem)))
                    said = True
                await waited(stop, RETRY_SECONDS)
        return False

    async def pings(self) -> dict[str, Ping]:
        """Return whether each store takes writes, asked at the same time and within two seconds."""
        database, redis = await asyncio.gather(ping(self._write_to_database()), ping(self._write_to_redis()))
        return {"database": database, "redis": redis}

    async def _write_to_database(self) -> None:
        async with session(self.database, timeout=PING_SECONDS) as connection:
            # On for a standby, and for a primary with default_transaction_read_only.
            if await connection.fetch_val("SELECT current_setting('transaction_read_only')::boolean"):
                raise ReadOnlyDatabaseError("PostgreSQL is read-only")

    async def _write_to_redis(self) -> None:
        # A read would not do: a replica answers it, and so does a primary that has lost its disk.
        await self.redis.set("ping", "1", ex=60)

    async def close(self) -> None:
        """Close both within bounds; never raises."""
        for name, closing in (("database", self._disconnect()), ("redis", self.redis.aclose())):
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await closing
            except Unavailable as problem:
                emit("store_not_closed", store=name, error=redact(repr(problem)))

    async def _disconnect(self) -> None:
        if self.database.is_connected:
            await self.database.disconnect()


def open_stores(settings: StoreSettings, holder: str, *, pool_max: int | None = None) -> Stores:
    """Return the stores that `settings` name; `holder` is shown in pg_stat_activity.

    Nothing is connected yet: `Stores.connect` opens PostgreSQL, Redis connects at its first command.
    """
    make = partial(
        open_database,
        settings.database_url.get_secret_value(),
        pool_max=pool_max or settings.database_pool_max,
        pooler=settings.database_pooler,
        application_name=holder,
    )
    return Stores(LazyDatabase(make), LazyRedis(partial(_open_redis, settings.redis_url.get_secret_value())))


def _open_redis(url: str) -> Redis:
    from ops.redis import open_redis

    return open_redis(url)


async def ping(check: Awaitable[object], seconds: float = PING_SECONDS) -> Ping:
    """Return how `check` ended within `seconds`; what went wrong is logged by its class alone."""
    started = time.monotonic()
    error: str | None = None
    try:
        async with asyncio.timeout(seconds):
            await check
    except TimeoutError:
        error = "timeout"
    except (ReadOnlyDatabaseError, ReadOnlyRedisError):
        error = "read-only"
    except Exception as problem:  # a probe answers whatever the drivers raise
        emit("store_unavailable", waiting="ping", error=type(problem).__name__)
        error = "unavailable"
    return Ping(error is None, round((time.monotonic() - started) * 1000, 1), error)
