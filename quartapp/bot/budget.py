"""Tokens a day, by member and in all, and one answer at a time a member; kept in Redis, so that all processes share it.

What an answer may cost at the most is taken before the model is asked, and what it did not use is given back. So tokens
are counted once whatever happens: an answer that is cut keeps what it used, and one whose process dies keeps all.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis

BUSY_SECONDS = 120  # longer than any answer lasts, so that a process that died blocks nobody for long
KEPT_SECONDS = 2 * 24 * 3600
_TAKE = """
local all, own = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(redis.call('GET', KEYS[2]) or '0')
local wanted = tonumber(ARGV[1])
if all + wanted > tonumber(ARGV[2]) or own + wanted > tonumber(ARGV[3]) then return 0 end
redis.call('INCRBY', KEYS[1], wanted) redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('INCRBY', KEYS[2], wanted) redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
"""
_LEAVE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


@dataclass(slots=True)
class Used:
    """Tokens of this process's answers since its start, for the metrics."""

    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """Tokens that an answer may use, and where they are counted."""

    tokens: int
    keys: tuple[str, str]


class TokenBudget:
    """The budget of a day (UTC)."""

    def __init__(self, redis: Redis, *, all_tokens: int, member_tokens: int) -> None:
        self._redis = redis
        self._all = all_tokens
        self._member = member_tokens

    async def enter(self, member: str) -> str | None:
        """Begin a member's answer; None while another one of theirs runs."""
        mark = uuid.uuid4().hex
        free = await self._redis.set(_busy(member), mark, nx=True, ex=BUSY_SECONDS)
        return mark if free else None

    async def leave(self, member: str, mark: str) -> None:
        """End a member's answer."""
        await self._redis.eval(_LEAVE, 1, _busy(member), mark)

    async def take(self, member: str, tokens: int) -> Taken | None:
        """Take what an answer may use; None where the day's budget has not so much left."""
        keys = self._keys(member)
        fits = await self._redis.eval(
            _TAKE, 2, *keys, str(tokens), str(self._all), str(self._member), str(KEPT_SECONDS)
        )
        return Taken(tokens, keys) if fits else None

    async def settle(self, taken: Taken, used: int) -> None:
        """Count what was used in the place of what was taken."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for key in taken.keys:
                pipe.incrby(key, used - taken.tokens)
            await pipe.execute()

    async def left(self, member: str | None = None) -> int:
        """Return the tokens left today: a member's, which are never more than all."""
        all_key, own_key = self._keys(member or "")
        used_all, used_own = await self._redis.mget(all_key, own_key)
        left = self._all - int(used_all or 0)
        if member is not None:
            left = min(left, self._member - int(used_own or 0))
        return max(0, left)

    def _keys(self, member: str) -> tuple[str, str]:
        day = datetime.now(UTC).strftime("%Y-%m-%d")
        return f"bot:tokens:{day}", f"bot:tokens:{day}:{member}"


def _busy(member: str) -> str:
    return f"bot:busy:{member}"
