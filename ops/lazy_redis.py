"""A Redis client that is made when it is first used, and what it raises, both without importing redis-py.

redis-py imports the tables of all commands, of clusters and of its telemetry: a tenth of a web process's start, which
answers its first visitors without Redis.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis


class RedisUnavailableError(Exception):
    """Redis is away, closing, too slow or unable to answer. Its cause is what redis-py raised."""


class ReadOnlyRedisError(RedisUnavailableError):
    """Redis answers, but refuses writes: it is a replica."""


@cache
def named_as(kind: type[Exception], base: type[RedisUnavailableError]) -> type[RedisUnavailableError]:
    """Return a class of `base` under the name of redis-py's: logs and alerts tell operators that name."""
    return type(kind.__name__, (base,), {"__module__": kind.__module__})


class LazyRedis:
    """Has every method of the client that `make` makes."""

    def __init__(self, make: Callable[[], Redis]) -> None:
        self._make = make
        self._client: Redis | None = None
        self._making = Lock()

    async def load(self) -> None:
        """Make the client beside the event loop: whoever uses it first would hold up the loop for the import."""
        await asyncio.to_thread(self._made)

    async def aclose(self) -> None:
        """Close the client, if anyone has used it."""
        if self._client is not None:
            await self._client.aclose()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client or self._made(), name)

    def _made(self) -> Redis:
        with self._making:
            if self._client is None:
                self._client = self._make()
            return self._client
