"""Keeps the odds of games that are near fresh, as often as the day's credits allow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

from ops.clock.job import Job
from quartapp.credits import Budget
from quartapp.jobs.closing import capture_closing_lines
from quartapp.jobs.leagues import Leagues
from quartapp.jobs.slates import (
    Context,
    budget,
    ensure_sports,
    fetch_slate,
    publish,
    spent,
    store_slates,
)
from quartapp.resources import Resources
from quartapp.store import games
from quartapp.store.sports import Sport


async def odds_refresh(context: Context) -> Mapping[str, object]:
    """Refresh the sports that are due; turn games that began live, which costs nothing.

    A sport that fails keeps its odds and is asked less often; the others are refreshed, and the run fails.
    """
    now = datetime.now(UTC)
    active = await ensure_sports(context)
    async with context.transaction() as connection:
        begun = await games.start_due(connection, now)
        closed = await capture_closing_lines(connection, now)
        if begun | closed:
            await publish(context, connection, sorted(begun | closed))
    state = await budget(context)
    markets = state.markets()
    refreshed: list[str] = []
    leagues = Leagues(context)
    for sport in sorted(active, key=_urgency):
        if not markets or spent(context) + len(markets) > state.left("odds") or leagues.out_of_credits:
            break
        if not due(sport, state, len(active), now) and not await leagues.backoff.failing(sport.key):
            continue
        pause = cadence(sport, state, len(active), now)
        if await leagues.attempt(sport.key, partial(_refresh, context, leagues, sport, markets, pause)):
            refreshed.append(sport.key)
    return leagues.settle(
        {"sports_refreshed": refreshed, "games_begun_in": sorted(begun), "markets": list(markets)}
    )


async def _refresh(
    context: Context, leagues: Leagues, sport: Sport, markets: tuple[str, ...], pause: timedelta
) -> bool:
    events = await fetch_slate(context, sport.key, markets)
    await store_slates(context, [(sport.key, events)])
    await leagues.weigh(sport.key, events, pause)
    return True


def due(sport: Sport, state: Budget, sports: int, now: datetime) -> bool:
    """Return whether a sport's odds are old enough to be worth its credits."""
    if sport.odds_updated_at is None:
        return True
    return now - sport.odds_updated_at >= cadence(sport, state, sports, now)


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


def _urgency(sport: Sport) -> tuple[bool, datetime, str]:
    far = datetime.max.replace(tzinfo=UTC)
    return (sport.odds_updated_at is not None, sport.next_game_at or far, sport.key)


ODDS_REFRESH: Job[Resources] = Job(
    name="odds_refresh",
    run=odds_refresh,
    schedule="* * * * *",
    timeout_seconds=120,
    catch_up_window=timedelta(minutes=5),
    concurrency_key="slates",
)
