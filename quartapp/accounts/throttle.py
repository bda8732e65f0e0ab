"""How often somebody may try, counted in Redis over all processes.

Each try counts in several buckets at once (the address it comes from, the account, both together) by GCRA, which needs
one number a bucket: the time at which it is empty. A try that any bucket refuses counts in none. One that turned out
right is given back, so that only wrong ones use anything up. Keys are digests: no address, of either kind, is in Redis.

While Redis is away, `take` raises what the client raises: the caller fails closed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from redis.asyncio import Redis

PREFIX = "accounts:limit:"

# For each bucket: milliseconds a try takes to drain, and how many fit. Redis's own clock, because hosts differ.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local refused, wait, least, left, filled = 0, 0, 0, -1, 0
local empty = {}
for i, key in ipairs(KEYS) do
  local interval, size = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local at = math.max(tonumber(redis.call('GET', key) or now), now)
  local room = math.floor((size * interval - (at - now)) / interval + 1e-9)
  if room < 1 then
    local needed = at - now - (size - 1) * interval
    if refused == 0 or needed > wait then refused, wait, filled = i, needed, at - now end
  end
  if left < 0 or room - 1 < left then
    left, least = room - 1, i
    if refused == 0 then filled = at + interval - now end
  end
  empty[i] = at + interval
end
if refused > 0 then return {0, refused, 0, math.ceil(filled), math.ceil(wait)} end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', empty[i]), 'PX', math.max(1, math.ceil(empty[i] - now)))
end
return {1, least, left, math.ceil(filled), 0}
"""

_GIVE_BACK = """
for i, key in ipairs(KEYS) do
  local at = redis.call('GET', key)
  local ttl = redis.call('PTTL', key)
  local interval = tonumber(ARGV[i])
  if at and ttl > interval then
    redis.call('SET', key, string.format('%.0f', tonumber(at) - interval), 'PX', ttl - math.floor(interval))
  elseif at then
    redis.call('DEL', key)
  end
end
return 0
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many tries in so many seconds."""

    name: str
    tries: int
    seconds: int

    @property
    def interval_ms(self) -> float:
        """How long one try takes to drain."""
        return self.seconds * 1000 / self.tries


class Bucket(NamedTuple):
    """A rate, and a digest of what it is counted for."""

    rate: Rate
    key: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a try; `rate` is that of the bucket with the least room."""

    allowed: bool
    rate: Rate
    remaining: int
    reset_seconds: int
    retry_after_seconds: int

    def headers(self) -> dict[str, str]:
        """Return the headers that tell where one stands, by the names of the IETF's draft and by the older ones."""
        name, tries, seconds = self.rate.name, self.rate.tries, self.rate.seconds
        headers = {
            "RateLimit-Policy": f'"{name}";q={tries};w={seconds}',
            "RateLimit": f'"{name}";r={self.remaining};t={self.reset_seconds}',
            "RateLimit-Limit": str(tries),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }
        return headers if self.allowed else headers | {"Retry-After": str(self.retry_after_seconds)}


# A try that succeeds is given back, except a registration.
LOGIN_CLIENT = Rate("login-address", 100, 900)
LOGIN_PAIR = Rate("login-account-and-address", 10, 900)
LOGIN_ACCOUNT = Rate("login-account", 300, 3600)
LOGIN_DEVICE = Rate("login-device", 10, 900)
RECOVER_CLIENT = Rate("recover-address", 50, 900)
RECOVER_PAIR = Rate("recover-account-and-address", 10, 900)
RECOVER_ACCOUNT = Rate("recover-account", 300, 3600)
REGISTER_CLIENT = Rate("register-address", 200, 3600)
RESET_CLIENT = Rate("reset-address", 30, 900)
PASSWORD_ACCOUNT = Rate("password-account", 10, 900)


async def take(redis: Redis, buckets: Sequence[Bucket]) -> Tried:
    """Count one try in each bucket, if all have room."""
    arguments = [number for bucket in buckets for number in (bucket.rate.interval_ms, bucket.rate.tries)]
    answer = await redis.eval(_TAKE, len(buckets), *_keys(buckets), *map(str, arguments))
    allowed, index, remaining, filled_ms, wait_ms = (int(part) for part in answer)
    return Tried(
        bool(allowed),
        buckets[index - 1].rate,
        remaining,
        math.ceil(filled_ms / 1000),
        0 if allowed else max(1, math.ceil(wait_ms / 1000)),
    )


async def give_back(redis: Redis, buckets: Sequence[Bucket]) -> None:
    """Undo one try: it was right."""
    intervals = [str(bucket.rate.interval_ms) for bucket in buckets]
    await redis.eval(_GIVE_BACK, len(buckets), *_keys(buckets), *intervals)


def _keys(buckets: Sequence[Bucket]) -> list[str]:
    return [f"{PREFIX}{bucket.rate.name}:{bucket.key}" for bucket in buckets]
