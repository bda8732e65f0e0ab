"""Redis (or Valkey) by URL, with every wait bounded."""

from __future__ import annotations

import socket
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, MasterDownError, ReadOnlyError

from ops.database import KEEPALIVE

TIMEOUT_SECONDS = 2.0
# What a server answers that has been demoted or is starting: it keeps the connection open for ever.
CONDEMNING = (ReadOnlyError, MasterDownError, BusyLoadingError)


class _Client(Redis):
    """Drops its connections when the server says that it is not the one to write to: the next reach its successor."""

    async def parse_response(self, connection: Any, command_name: str | bytes, **options: Any) -> Any:
        try:
            return await super().parse_response(connection, command_name, **options)
        except CONDEMNING:
            await connection.disconnect(nowait=True)
            await self.connection_pool.disconnect(inuse_connections=False)
            raise


def open_redis(url: str) -> Redis:
    """Return a client that connects at first use; text in, text out.

    A command fails with `redis.exceptions.RedisError` within seconds rather than hang: the callers
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
