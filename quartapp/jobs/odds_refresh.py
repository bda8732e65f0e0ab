"""Keeps the odds of games that are near fresh, as often as the day's credits allow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

from ops.clock.job import Job
from quartapp.freshness.cadence import cadence, due
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
from quartapp.store import games
from quartapp.store.sports import Sport
from quartapp.upstreams import Upstreams


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
    due_with_games = with_games = 0
    leagues = Leagues(context)
    for sport in sorted(active, key=_urgency):
        if not markets or spent(context) + len(markets) > state.left("odds") or leagues.out_of_credits:
            break
        if not due(sport, state, len(active), now) and not await leagues.backoff.failing(sport.key):
            continue
        pause = cadence(sport, state, len(active), now)
        due_with_games += sport.upcoming_games > 0
        games_in = await leagues.attempt(
            sport.key, partial(_refresh, context, leagues, sport, markets, pause)
        )
        if games_in is not None:
            refreshed.append(sport.key)
            with_games += games_in > 0
    return leagues.settle(
        {
            "sports_refreshed": refreshed,
            "games_begun_in": sorted(begun),
            "markets": list(markets),
            # An upstream that answers well, and lists no game where there were some, has done nothing.
            "due": due_with_games,
            "done": with_games,
        }
    )


async def _refresh(
    context: Context, leagues: Leagues, sport: Sport, markets: tuple[str, ...], pause: timedelta
) -> int:
    events = await fetch_slate(context, sport.key, markets)
    await store_slates(context, [(sport.key, events)])
    await leagues.weigh(sport.key, events, pause)
    return len(events)


def _urgency(sport: Sport) -> tuple[bool, datetime, str]:
    far = datetime.max.replace(tzinfo=UTC)
    return (sport.odds_updated_at is not None, sport.next_game_at or far, sport.key)


ODDS_REFRESH: Job[Upstreams] = Job(
    name="odds_refresh",
    run=odds_refresh,
    schedule="* * * * *",
    timeout_seconds=120,
    catch_up_window=timedelta(minutes=5),
    concurrency_key="slates",
)
