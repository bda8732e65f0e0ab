"""The Odds API's credits: what is left, what may be spent today, and what is never spent.

The account's state comes from every answer's headers and is kept in Redis. A day's spending is bounded by
the setting; as the day's or the month's credits shrink, fewer markets and fewer sports are asked for, and
the last ones (the floor) are never spent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from ops.stores import Unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from quartapp.feeds.odds_api import Credits

ALL_MARKETS = ("h2h", "spreads", "totals")
_STATE_KEY = "odds_api:credits"
_DAY_SECONDS = 3 * 86_400


@dataclass(frozen=True, slots=True)
class CreditState:
    """Credits of the account and of today (UTC). `remaining` is None until an answer has told it."""

    remaining: int | None
    used_this_month: int | None
    spent_today: int
    spent_today_by_job: dict[str, int]
    daily_limit: int
    floor: int
    updated_at: str | None

    @property
    def left_today(self) -> int:
        """What may still be spent today."""
        today = max(0, self.daily_limit - self.spent_today)
        return today if self.remaining is None else min(today, max(0, self.remaining - self.floor))

    @property
    def at_floor(self) -> bool:
        """True when the account is down to the credits that are never spent."""
        return self.remaining is not None and self.remaining <= self.floor

    def markets(self) -> tuple[str, ...]:
        """Return the markets worth asking for: all, then h2h and spreads, then h2h; none at the floor."""
        if self.left_today <= 0:
            return ()
        share = self.left_today / max(1, self.daily_limit)
        if share > 0.4:
            return ALL_MARKETS
        return ALL_MARKETS[:2] if share > 0.15 else ALL_MARKETS[:1]

    def affords(self, cost: int) -> bool:
        """Return whether `cost` credits may be spent now."""
        return cost <= self.left_today


async def read_credits(
    redis: Redis, *, daily_limit: int, floor: int, now: datetime | None = None
) -> CreditState:
    """Return the state; a silent Redis counts as nothing known, and nothing spent today."""
    now = now or datetime.now(UTC)
    try:
        # redis-py types its answers for bytes and text, for waiting and not: ours are text.
        account = cast("dict[str, str]", await cast(Any, redis.hgetall(_STATE_KEY)))
        jobs = cast("dict[str, str]", await cast(Any, redis.hgetall(_day_key(now))))
    except Unavailable:
        account, jobs = {}, {}
    by_job = {name: int(count) for name, count in jobs.items()}
    remaining, used = account.get("remaining"), account.get("used")
    return CreditState(
        None if remaining is None else int(remaining),
        None if used is None else int(used),
        sum(by_job.values()),
        by_job,
        daily_limit,
        floor,
        account.get("updated_at"),
    )


async def record_spending(redis: Redis, job_name: str, credits: Credits, now: datetime | None = None) -> None:
    """Keep what an answer's headers told; Redis being away loses a record, never a run."""
    now = now or datetime.now(UTC)
    account: dict[Any, Any] = {"updated_at": now.isoformat(timespec="seconds")}
    if credits.remaining is not None:
        account["remaining"] = credits.remaining
    if credits.used is not None:
        account["used"] = credits.used
    try:
        async with redis.pipeline(transaction=False) as pipe:
            pipe.hset(_STATE_KEY, mapping=account)
            if credits.last_cost:
                pipe.hincrby(_day_key(now), job_name, credits.last_cost)
                pipe.expire(_day_key(now), _DAY_SECONDS)
            await pipe.execute()
    except Unavailable:
        return


def _day_key(now: datetime) -> str:
    return f"odds_api:spent:{now:%Y-%m-%d}"
