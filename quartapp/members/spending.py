"""What a member has staked, held against their limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from quartapp.members.limits import Limits

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a member has staked: whole cents over a day and a week, parlays over a day, minutes since log-in."""

    day_cents: int
    week_cents: int
    day_parlays: int
    session: timedelta


def reached(limits: Limits, spent: Spent, stake_cents: int) -> str | None:
    """Return the name of a limit that one more parlay of this stake would pass; None where all allow it."""
    checks = (
        ("session_minutes", limits.session_minutes, spent.session / timedelta(minutes=1)),
        ("parlays_per_day", limits.parlays_per_day, spent.day_parlays + 1),
        ("daily_stake_cents", limits.daily_stake_cents, spent.day_cents + stake_cents),
        ("weekly_stake_cents", limits.weekly_stake_cents, spent.week_cents + stake_cents),
    )
    return next((name for name, limit, total in checks if limit is not None and total > limit), None)
