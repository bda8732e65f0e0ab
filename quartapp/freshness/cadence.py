"""How often a sport's odds are planned to be fetched. Pure: the jobs follow the plan, the verdict holds them to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quartapp.credits import Budget
    from quartapp.store.sports import Sport

STALE_AT_LEAST = timedelta(minutes=3)  # a refresh begins every minute and may last for two


def cadence(sport: Sport, state: Budget, sports: int, now: datetime) -> timedelta:
    """Return how long a sport's odds may stand.

    An even share of what is left for the rest of the day, halved for a sport with a game within six hours
    and doubled for one whose next game is more than a day off; never under a minute.
    """
    rest_of_day = timedelta(days=1) - (now - now.replace(hour=0, minute=0, second=0, microsecond=0))
    cost = max(1, len(state.markets()))
    rounds = max(1.0, state.left("odds") / (cost * max(1, sports)))
    even = rest_of_day / rounds
    if sport.next_game_at is None or sport.next_game_at > now + timedelta(days=1):
        even *= 2
    elif sport.next_game_at < now + timedelta(hours=6):
        even /= 2
    return max(timedelta(minutes=1), even)


def due(sport: Sport, state: Budget, sports: int, now: datetime) -> bool:
    """Return whether a sport's odds are old enough to be worth its credits."""
    if sport.odds_updated_at is None:
        return True
    return now - sport.odds_updated_at >= cadence(sport, state, sports, now)


def stale_since(sport: Sport, state: Budget, sports: int, now: datetime) -> datetime | None:
    """Return since when a sport's odds are older than twice their cadence; None while they are not.

    None also while nothing may be spent, because then none are planned: the spent budget is the trouble.
    """
    if sport.odds_updated_at is None or not state.markets():
        return None
    limit = sport.odds_updated_at + max(STALE_AT_LEAST, 2 * cadence(sport, state, sports, now))
    return limit if now > limit else None


def last_of_yesterday(now: datetime) -> datetime | None:
    """Return yesterday's last moment while today's plan is too young for anything to be late by it, else None."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(microseconds=1) if now - midnight <= STALE_AT_LEAST else None
