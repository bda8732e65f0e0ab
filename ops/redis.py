"""Redis (or Valkey) by URL, with every wait bounded."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

TIMEOUT_SECONDS = 2.0


def open_redis(url: str) -> Redis:
    """Return a client that connects at first use; text in, text out.

    A command fails with `redis.exceptions.RedisError` within seconds rather than hang: the callers
    decide what a missing Redis means to them.
    """
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        health_check_interval=15,
        max_connections=20,
        # One more try at once, for a connection that died while idle. The library's own default waits
        # through seconds of backoff inside a command, longer than a lease can afford.
        retry=Retry(NoBackoff(), 1),
    )
