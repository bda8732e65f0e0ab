"""The Odds API's credits: what is left, what may be spent today and for what, and what is never spent.

The account's state comes from every answer's headers and is kept in Redis. A day's spending is bounded by
the setting and reserved by purpose, so that scores cannot spend what odds need, nor odds what scores need.
As the day's or the month's credits shrink, fewer markets and fewer sports are asked for, and the last ones
(the floor) are never spent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from ops.stores import Unavailable
from quartapp.odds.market_keys import MARKETS

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from quartapp.records import AccountCredits

Purpose = Literal["odds", "results"]

RESULTS_SHARE = 0.25  # of a day's credits; the rest is for odds
_STATE_KEY = "odds_api:credits"
_DAY_SECONDS = 3 * 86_400


@dataclass(frozen=True, slots=True)
class Budget:
    """Credits of the account and of today (UTC). `remaining` is None until an answer has told it."""

    remaining: int | None
    used_this_month: int | None
    spent_today: int
    spent_today_by_job: dict[str, int]
    daily_limit: int
    floor: int
    updated_at: str | None

    def reserved(self, purpose: Purpose) -> int:
        """Return a purpose's part of a day's credits."""
        for_results = int(self.daily_limit * RESULTS_SHARE)
        return for_results if purpose == "results" else self.daily_limit - for_results

    def left(self, purpose: Purpose) -> int:
        """Return what may still be spent today for a purpose."""
        spent = sum(count for job, count in self.spent_today_by_job.items() if purpose_of(job) == purpose)
        return self._above_floor(max(0, self.reserved(purpose) - spent))

    @property
    def left_today(self) -> int:
        """What may still be spent today, all purposes together."""
        return self._above_floor(max(0, self.daily_limit - self.spent_today))

    @property
    def at_floor(self) -> bool:
        """True when the account is down to the credits that are never spent."""
        return self.remaining is not None and self.remaining <= self.floor

    def markets(self) -> tuple[str, ...]:
        """Return the markets worth asking for: all, then h2h and spreads, then h2h; none at the floor."""
        left = self.left("odds")
        if left <= 0:
            return ()
        share = left / max(1, self.reserved("odds"))
        if share > 0.4:
            return MARKETS
        return MARKETS[:2] if share > 0.15 else MARKETS[:1]

    def _above_floor(self, credits: int) -> int:
        return credits if self.remaining is None else min(credits, max(0, self.remaining - self.floor))


def purpose_of(job_name: str) -> Purpose:
    """Return what a job spends credits for."""
    return "results" if job_name == "results" else "odds"


async def read_budget(redis: Redis, *, daily_limit: int, floor: int, now: datetime | None = None) -> Budget:
    """Return the state; a silent Redis counts as nothing known, and nothing spent today."""
    now = now or datetime.now(UTC)
    try:
        # redis-py types its answers for bytes and text, for waiting and not: ours are text.
        account = cast("dict[str, str]", await cast(Any, redis.hgetall(_STATE_KEY)))
        jobs = cast("dict[str, str]", await cast(Any, redis.hgetall(_day_key(now))))
    except Unavailable:
        account, jobs = {}, {}
    by_job = {name: _whole(count) or 0 for name, count in jobs.items()}
    return Budget(
        _whole(account.get("remaining")),
        _whole(account.get("used")),
        sum(by_job.values()),
        by_job,
        daily_limit,
        floor,
        account.get("updated_at"),
    )


async def record_spending(
    redis: Redis, job_name: str, credits: AccountCredits, now: datetime | None = None
) -> None:
    """Keep what answers cost and what their headers told; Redis being away loses a record, never a run."""
    now = now or datetime.now(UTC)
    account: dict[Any, Any] = {"updated_at": now.isoformat(timespec="seconds")}
    if credits.remaining is not None:
        account["remaining"] = credits.remaining
    if credits.used is not None:
        account["used"] = credits.used
    try:
        untold = credits.remaining is None and await cast(Any, redis.hexists(_STATE_KEY, "remaining"))
        async with redis.pipeline(transaction=False) as pipe:
            pipe.hset(_STATE_KEY, mapping=account)
            if credits.last_cost:
                pipe.hincrby(_day_key(now), job_name, credits.last_cost)
                pipe.expire(_day_key(now), _DAY_SECONDS)
                if untold:
                    pipe.hincrby(_STATE_KEY, "remaining", -credits.last_cost)
            await pipe.execute()
    except Unavailable:
        return


def _whole(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _day_key(now: datetime) -> str:
    return f"odds_api:spent:{now:%Y-%m-%d}"
