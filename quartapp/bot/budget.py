"""Tokens a day, by member and in all, and one answer at a time a member; kept in Redis, so that all processes share it.

What an answer may cost at the most is taken before the model is asked, and what it did not use is given back. So tokens
are counted once whatever happens: an answer that is cut keeps what it used, and one whose process dies keeps all. Each
script may run twice and counts once, because the driver sends again what it had no answer to.

Redis may be away, and may come back empty. What could not be counted is counted before anything else is asked of it, and
each process counts again what it had counted of that day, so that a day's money is not there twice. A member's own part
begins anew.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from quartapp.bot.batch import Batch

if TYPE_CHECKING:
    from redis.asyncio import Redis

BUSY_SECONDS = 15  # an answer holds its place by renewing it; a process that died blocks nobody for longer
KEPT_SECONDS = 2 * 24 * 3600
SETTLED_SECONDS = (
    3600  # for which it is known that an answer was settled: longer than anybody sends that again
)
_ENTER = """
local mark = redis.call('GET', KEYS[1])
if mark and mark ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
_LEAVE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
# KEYS: all of the day, the member's, what this answer took, what this process has counted of the day.
# ARGV[1]: what this process knows that it has counted; ARGV[2]: how long counts are kept.
_ADD = """
local function add(key, tokens) redis.call('INCRBY', key, tokens) redis.call('EXPIRE', key, ARGV[2]) end
local lost = tonumber(ARGV[1]) - tonumber(redis.call('GET', KEYS[4]) or '0')
if lost > 0 then add(KEYS[1], lost) add(KEYS[4], lost) end
"""
_TAKE = (
    _ADD
    + """
if redis.call('EXISTS', KEYS[3]) == 1 then return 1 end
local all, own = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(redis.call('GET', KEYS[2]) or '0')
local wanted = tonumber(ARGV[3])
if all + wanted > tonumber(ARGV[4]) or own + wanted > tonumber(ARGV[5]) then return 0 end
add(KEYS[1], wanted) add(KEYS[2], wanted)
redis.call('SET', KEYS[3], wanted, 'EX', ARGV[2])
return 1
"""
)
# Nothing is given back that Redis no longer knows was taken: it may have lost its data since. What was used counts.
_SETTLE = (
    _ADD
    + """
local taken = redis.call('GET', KEYS[3])
if taken == 'settled' then return 0 end
local used = tonumber(ARGV[3])
add(KEYS[1], used - tonumber(taken or '0')) add(KEYS[2], used - tonumber(taken or '0')) add(KEYS[4], used)
redis.call('SET', KEYS[3], 'settled', 'EX', ARGV[4])
return 1
"""
)
_USED = _ADD + "return {redis.call('GET', KEYS[1]) or '0', redis.call('GET', KEYS[2]) or '0'}"


@dataclass(slots=True)
class Used:
    """Tokens of this process's answers since its start, for the metrics."""

    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """Tokens that an answer may use, and the day and member of whom they are counted."""

    tokens: int
    day: str
    member: str
    key: str


class TokenBudget:
    """The budget of a day (UTC). An answer counts for the day in which it began."""

    def __init__(self, redis: Redis, *, all_tokens: int, member_tokens: int) -> None:
        self._batch = Batch(redis)
        self._all = all_tokens
        self._member = member_tokens
        self._process = uuid.uuid4().hex
        self._counted: Counter[str] = Counter()  # by day
        self._owed: list[tuple[Taken, int]] = []

    async def enter(self, member: str, mark: str) -> bool:
        """Begin a member's answer, or go on with it; False while another one of theirs runs."""
        return bool(await self._batch.run(_ENTER, [_busy(member)], mark, str(BUSY_SECONDS)))

    async def leave(self, member: str, mark: str) -> None:
        """End a member's answer."""
        await self._batch.run(_LEAVE, [_busy(member)], mark)

    async def take(self, member: str, tokens: int) -> Taken | None:
        """Take what an answer may use; None where the day's budget has not so much left."""
        await self.pay()
        taken = Taken(tokens, _today(), member, f"bot:taken:{uuid.uuid4().hex}")
        try:
            fits = await self._run(_TAKE, taken, tokens, self._all, self._member)
        except Exception:
            self._owed.append((taken, 0))  # it may have been taken all the same
            raise
        return taken if fits else None

    async def settle(self, taken: Taken, used: int) -> None:
        """Count what was used in the place of what was taken; while Redis is away it stays owed."""
        self._owed.append((taken, used))
        await self.pay()

    async def pay(self) -> None:
        """Count what is owed."""
        while self._owed:
            taken, used = self._owed.pop()
            try:
                counted = await self._run(_SETTLE, taken, used, SETTLED_SECONDS)
            except BaseException:
                self._owed.append((taken, used))  # it counts once, however often it is sent
                raise
            if counted:
                self._counted[taken.day] += used

    async def left(self, member: str | None = None) -> int:
        """Return the tokens left today: a member's, which are never more than all."""
        await self.pay()
        used_all, used_own = await self._run(_USED, Taken(0, _today(), member or "", ""))
        left = self._all - int(used_all)
        if member is not None:
            left = min(left, self._member - int(used_own))
        return max(0, left)

    async def _run(self, script: str, taken: Taken, *arguments: int) -> Any:
        day = f"bot:tokens:{taken.day}"
        keys = (day, f"{day}:{taken.member}", taken.key, f"bot:counted:{taken.day}:{self._process}")
        known = self._counted[taken.day]
        return await self._batch.run(script, keys, *map(str, (known, KEPT_SECONDS, *arguments)))


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


def _busy(member: str) -> str:
    return f"bot:busy:{member}"
