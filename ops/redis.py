"""Redis (or Valkey) by URL, with every wait bounded."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, MasterDownError, ReadOnlyError, RedisError

from ops.database import KEEPALIVE
from ops.lazy_redis import ReadOnlyRedisError, RedisUnavailableError, named_as

TIMEOUT_SECONDS = 2.0
# What a server answers that has been demoted or is starting: it keeps the connection open for ever.
CONDEMNING = (ReadOnlyError, MasterDownError, BusyLoadingError)


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except RedisError as problem:
        raise _unavailable(problem) from problem


def _unavailable(problem: RedisError) -> RedisUnavailableError:
    base = ReadOnlyRedisError if isinstance(problem, ReadOnlyError) else RedisUnavailableError
    unavailable = named_as(type(problem), base)(str(problem))  # type: ignore[arg-type]  # a class hashes
    unavailable.__cause__ = problem
    return unavailable


class _Client(Redis):
    """Drops its connections when the server says that it is not the one to write to: the next reach its successor."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        with _as_unavailable():
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py's

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    async def parse_response(self, connection: Any, command_name: str | bytes, **options: Any) -> Any:
        try:
            return await super().parse_response(connection, command_name, **options)
        except CONDEMNING:
            await connection.disconnect(nowait=True)
            await self.connection_pool.disconnect(inuse_connections=False)
            raise


class _Pipeline(Pipeline):
    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        try:
            with _as_unavailable():
                answers = await super().execute(raise_on_error)
        except RedisUnavailableError as problem:
            await self._leave_if(problem.__cause__)
            raise
        for answer in answers:
            await self._leave_if(answer)
        # An answer may be a refusal, of a full or demoted server: whoever asked catches what a command raises.
        return [_unavailable(answer) if isinstance(answer, RedisError) else answer for answer in answers]

    async def _leave_if(self, answer: object) -> None:
        if isinstance(answer, CONDEMNING):  # the connection is back in the pool by now
            await self.connection_pool.disconnect(inuse_connections=False)


def open_redis(url: str) -> Redis:
    """Return a client that connects at first use; text in, text out.

    A command fails with `RedisUnavailableError` within seconds rather than hang: the callers
    decide what a missing Redis means to them.
    """
    over_tcp: dict[str, Any] = {
        "socket_keepalive": True,
        "socket_keepalive_options": {
            getattr(socket, name): value for name, value in KEEPALIVE.items() if hasattr(socket, name)
        },
    }
    return _Client.from_url(
        url,
        decode_responses=True,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        health_check_interval=15,
        max_connections=20,
        # One more try at once, for a connection that died while idle. The library's own default waits
        # through seconds of backoff inside a command, longer than a lease can afford.
        retry=Retry(NoBackoff(), 1),
        **({} if url.startswith("unix") else over_tcp),
    )
