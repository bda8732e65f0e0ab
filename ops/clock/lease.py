"""A lease in Redis: at most one holder at a time, trusted only up to a local deadline.

The holder counts its own time on the monotonic clock from before each renewal was sent, less a safety
margin. However slow Redis or the network is, it therefore stops believing in its lease before Redis
lets another take it. What the lease cannot promise (a process paused after its check) the fencing token
does: see ops.clock.fence.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ops.stores import Unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

_RENEW = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end
return 0
"""
_RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then
  redis.call('publish', KEYS[1] .. ':released', ARGV[1])
  return redis.call('del', KEYS[1])
end
return 0
"""


class Lease:
    """One process's hold on a named lease. Not shared between tasks."""

    def __init__(
        self,
        redis: Redis,
        name: str,
        holder: str,
        ttl_seconds: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is taken. `holder` is shown to operators (host:role:process)."""
        self._redis = redis
        self._monotonic = monotonic
        self._deadline = 0.0
        self.key = f"lease:{name}"
        self.value = f"{holder}|{secrets.token_hex(8)}"
        self.ttl_seconds = ttl_seconds
        self.renew_every_seconds = ttl_seconds / 3
        # Enough for a slow event loop and for clocks that tick at different rates.
        self.margin_seconds = max(0.1, ttl_seconds * 0.15)

    @property
    def held(self) -> bool:
        """True while this process may act as the holder."""
        return self._monotonic() < self._deadline

    @property
    def seconds_left(self) -> float:
        """Seconds for which `held` stays true without a renewal."""
        return max(0.0, self._deadline - self._monotonic())

    async def acquire(self) -> bool:
        """Take the lease if it is free. Raises RedisError when Redis does not answer."""
        started = self._monotonic()
        taken = await self._redis.set(self.key, self.value, nx=True, px=self._milliseconds)
        if taken:
            self._extend(started)
        return bool(taken)

    async def renew(self) -> bool:
        """Extend the lease; False when it is no longer ours. Raises RedisError when Redis does not answer."""
        started = self._monotonic()
        renewed = await self._redis.eval(_RENEW, 1, self.key, self.value, str(self._milliseconds))
        if renewed:
            self._extend(started)
        else:
            self._deadline = 0.0
        return bool(renewed)

    async def release(self) -> None:
        """Give the lease back at once, if it is ours; a standby hears of it. Never raises for Redis."""
        self._deadline = 0.0
        try:
            await self._redis.eval(_RELEASE, 1, self.key, self.value)
        except Unavailable:
            return  # it lapses by itself

    def _extend(self, started: float) -> None:
        self._deadline = started + self.ttl_seconds - self.margin_seconds

    @property
    def _milliseconds(self) -> int:
        return int(self.ttl_seconds * 1000)


async def read_holder(redis: Redis, name: str) -> str | None:
    """Return who holds the lease `name`, as the holder called itself; None when nobody does."""
    value = await redis.get(f"lease:{name}")
    return None if value is None else str(value).split("|", 1)[0]
