"""Tokens a day, by member and in all, and one answer at a time a member; kept in Redis, so that all processes share it.

What an answer may cost at the most is taken before the model is asked, and what it did not use is given back. So tokens
are counted once whatever happens: an answer that is cut keeps what it used, and one whose process dies keeps all. Each
script may run twice and counts once, because the driver sends again what it had no answer to.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from quartapp.bot.batch import Batch

if TYPE_CHECKING:
    from redis.asyncio import Redis

BUSY_SECONDS = 15  # an answer holds its place by renewing it; a process that died blocks nobody for longer
KEPT_SECONDS = 2 * 24 * 3600
_ENTER = """
local mark = redis.call('GET', KEYS[1])
if mark and mark ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
_LEAVE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
_TAKE = """
if redis.call('EXISTS', KEYS[3]) == 1 then return 1 end
local all, own = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(redis.call('GET', KEYS[2]) or '0')
local wanted = tonumber(ARGV[1])
if all + wanted > tonumber(ARGV[2]) or own + wanted > tonumber(ARGV[3]) then return 0 end
redis.call('INCRBY', KEYS[1], wanted) redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('INCRBY', KEYS[2], wanted) redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('SET', KEYS[3], wanted, 'EX', ARGV[4])
return 1
"""
# Nothing is given back that Redis no longer knows was taken: it may have lost its data since.
_SETTLE = """
local taken = tonumber(redis.call('GET', KEYS[3]) or '0')
if taken == 0 then return 0 end
redis.call('DEL', KEYS[3])
redis.call('INCRBY', KEYS[1], tonumber(ARGV[1]) - taken)
redis.call('INCRBY', KEYS[2], tonumber(ARGV[1]) - taken)
return 1
"""
_USED = "return {redis.call('GET', KEYS[1]) or '0', redis.call('GET', KEYS[2]) or '0'}"


@dataclass(slots=True)
class Used:
    """Tokens of this process's answers since its start, for the metrics."""

    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """Tokens that an answer may use, and where they are counted."""

    tokens: int
    keys: tuple[str, str, str]


class TokenBudget:
    """The budget of a day (UTC)."""

    def __init__(self, redis: Redis, *, all_tokens: int, member_tokens: int) -> None:
        self._batch = Batch(redis)
        self._all = all_tokens
        self._member = member_tokens

    async def enter(self, member: str, mark: str) -> bool:
        """Begin a member's answer, or go on with it; False while another one of theirs runs."""
        return bool(await self._batch.run(_ENTER, [_busy(member)], mark, str(BUSY_SECONDS)))

    async def leave(self, member: str, mark: str) -> None:
        """End a member's answer."""
        await self._batch.run(_LEAVE, [_busy(member)], mark)

    async def take(self, member: str, tokens: int) -> Taken | None:
        """Take what an answer may use; None where the day's budget has not so much left."""
        keys = (*self._keys(member), f"bot:taken:{uuid.uuid4().hex}")
        fits = await self._batch.run(
            _TAKE, keys, str(tokens), str(self._all), str(self._member), str(KEPT_SECONDS)
        )
        return Taken(tokens, keys) if fits else None

    async def settle(self, taken: Taken, used: int) -> None:
        """Count what was used in the place of what was taken."""
        await self._batch.run(_SETTLE, taken.keys, str(used))

    async def left(self, member: str | None = None) -> int:
        """Return the tokens left today: a member's, which are never more than all."""
        used_all, used_own = await self._batch.run(_USED, self._keys(member or ""))
        left = self._all - int(used_all)
        if member is not None:
            left = min(left, self._member - int(used_own))
        return max(0, left)

    def _keys(self, member: str) -> tuple[str, str]:
        day = datetime.now(UTC).strftime("%Y-%m-%d")
        return f"bot:tokens:{day}", f"bot:tokens:{day}:{member}"


def _busy(member: str) -> str:
    return f"bot:busy:{member}"
