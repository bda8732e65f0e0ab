"""A league that fails is asked less and less often: each question may cost credits, whatever its answer is worth.

Kept in Redis, by purpose and league. The first failure is tried again at once, as most pass by themselves;
then the pause doubles from a minute to two hours. While a league waits, its runs fail with its last error:
a run that passes it over is not a run that went well.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from ops.stores import Unavailable
from quartapp.feeds import errors

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from quartapp.credits import Purpose

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=2)
LONGEST_RETRY_AFTER_SECONDS = 6 * 3600.0
ACCOUNT = "*"  # what concerns every league: no credits left
_FORGOTTEN_AFTER = timedelta(days=2)


class Backoff:
    """Which leagues wait, for one purpose."""

    def __init__(self, redis: Redis, purpose: Purpose) -> None:
        self._redis, self._purpose = redis, purpose

    async def failing(self, league: str) -> bool:
        """Return whether a league's last question failed."""
        return bool(await self._read(league))

    async def waits(self, league: str, now: datetime) -> errors.FeedError | None:
        """Return the error that a league (or the whole account) waits for; None when it may be asked."""
        for name in (ACCOUNT, league):
            record = await self._read(name)
            try:
                until = datetime.fromisoformat(record["until"])
            except (KeyError, ValueError):
                continue
            if now < until:
                kind = getattr(errors, record.get("kind", ""), errors.FeedError)
                again = f"asked again from {until:%H:%M} UTC"
                return cast(errors.FeedError, kind(f"{record.get('error', 'It failed')} ({again})"))
        return None

    async def failed(
        self, league: str, problem: BaseException, now: datetime, pause: timedelta | None = None
    ) -> None:
        """Note a failure; the next question comes after `pause`, or after twice the pause before."""
        try:
            failures = int(await cast(Any, self._redis.hincrby(self._key(league), "failures", 1)))
            if pause is None:
                pause = timedelta(0) if failures == 1 else FIRST_PAUSE * 2 ** min(failures - 2, 10)
                pause = min(pause, LONGEST_PAUSE)
            told = getattr(problem, "retry_after_seconds", None) or 0.0
            pause = max(pause, timedelta(seconds=min(told, LONGEST_RETRY_AFTER_SECONDS)))
            # What is no FeedError tells of us, and may hold values: its kind is enough for the next runs.
            known = isinstance(problem, errors.FeedError)
            record: dict[Any, Any] = {
                "until": (now + pause).astimezone(UTC).isoformat(),
                "kind": type(problem).__name__ if known else "FeedError",
                "error": str(problem)
                if known
                else f"The league could not be stored: {type(problem).__name__}",
            }
            await cast(Any, self._redis.hset(self._key(league), mapping=record))
            await self._redis.expire(self._key(league), _FORGOTTEN_AFTER)
        except Unavailable:
            return

    async def well(self, *leagues: str) -> None:
        """Forget the failures of leagues that answered well."""
        try:
            await self._redis.delete(*(self._key(league) for league in (*leagues, ACCOUNT)))
        except Unavailable:
            return

    async def _read(self, league: str) -> dict[str, str]:
        try:
            return cast("dict[str, str]", await cast(Any, self._redis.hgetall(self._key(league))))
        except Unavailable:
            return {}

    def _key(self, league: str) -> str:
        return f"odds_api:backoff:{self._purpose}:{league}"
