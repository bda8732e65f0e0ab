"""What only the product knows to be wrong: old odds, spent credits, an empty slate. Plain findings for the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ops.clock import ledger
from ops.clock.findings import Alert, Findings, Trouble, found
from ops.database import session
from quartapp.credits import Budget, read_budget
from quartapp.freshness import boards
from quartapp.freshness.bets import judge_bets
from quartapp.freshness.cadence import last_of_yesterday, stale_since
from quartapp.store import sports
from quartapp.store.scoreboard import Unmatched, unmatched_games

if TYPE_CHECKING:
    from ops.clock.facts import Look
    from ops.stores import Stores
    from quartapp.settings import Settings
    from quartapp.store.sports import Sport

STALE, SPENT, FLOOR, EMPTY = "odds:stale", "odds_api:spent", "odds_api:floor", "slate:empty"
FALLBACK, UNMATCHED = "scoreboard:failing", "games:unmatched"


def looking(settings: Settings) -> Look:
    """Return the look at the product that the verdict adds to its facts."""

    async def look(stores: Stores, now: datetime) -> Findings:
        async with session(stores.database) as connection:
            known = [sport for sport in await sports.all_sports(connection, now) if sport.active]
            empty = await sports.without_games(connection, now)
            unmatched = await unmatched_games(connection, now)
            settled = await ledger.newest_stats(connection, "settle")
        # Without Redis nothing is known of the budget, and it would look unspent; the verdict then asks nothing here.
        budget = await budget_at(stores, now)
        before = last_of_yesterday(now)
        yesterday = None if before is None else (await budget_at(stores, before), before)
        failing = await boards.failing(stores.redis, [sport.key for sport in known])
        product = judge_product(known, empty, budget, now, yesterday) + judge_scores(failing, unmatched)
        return product + judge_bets(settled)

    async def budget_at(stores: Stores, moment: datetime) -> Budget:
        return await read_budget(
            stores.redis,
            daily_limit=settings.odds_api_daily_credits,
            floor=settings.odds_api_credit_floor,
            now=moment,
        )

    return look


def judge_product(
    known: Sequence[Sport],
    empty: Sequence[str],
    budget: Budget,
    now: datetime,
    yesterday: tuple[Budget, datetime] | None = None,
) -> Findings:
    """Return what is wrong with the odds of the active sports; `empty` are sports in season without a game.

    `yesterday` is its budget with its last moment, in a day's first minutes: what stood still because nothing was left
    is not late by a plan that has just begun.
    """
    return (
        found(_stale(known, budget, now, yesterday), STALE)
        + found(_spent(budget), SPENT)
        + found(_at_floor(budget), FLOOR)
        + found(_empty(empty), EMPTY)
    )


def judge_scores(failing: Sequence[str], unmatched: Sequence[Unmatched]) -> Findings:
    """Return what is wrong with scores: scoreboards that fail, and games that no scoreboard has."""
    return found(_fallback(failing), FALLBACK) + found(_unmatched(unmatched), UNMATCHED)


def odds_ages(known: Sequence[Sport], now: datetime) -> dict[str, int]:
    """Return how many seconds ago each active sport's odds were fetched; sports that never were are left out."""
    return {
        sport.key: max(0, int((now - sport.odds_updated_at).total_seconds()))
        for sport in known
        if sport.active and sport.odds_updated_at is not None
    }


def _stale(
    known: Sequence[Sport], budget: Budget, now: datetime, yesterday: tuple[Budget, datetime] | None
) -> Trouble | None:
    since = {
        sport.key: moment
        for sport in known
        if (moment := stale_since(sport, budget, len(known), now)) is not None
        and (yesterday is None or stale_since(sport, yesterday[0], len(known), yesterday[1]) is not None)
    }
    if not since:
        return None
    names = ", ".join(sorted(since))
    alert = Alert(
        f"Old odds: {names}",
        "They are older than twice the time that they may stand; what is shown stays, with its age.\n"
        "See: python -m launcher jobs history odds_refresh",
        "warning",
        "once",
    )
    return Trouble("odds_stale", f"the odds of {names} are old", min(since.values()), STALE, alert)


def _spent(budget: Budget) -> Trouble | None:
    if budget.at_floor or budget.left("odds") > 0:
        return None
    alert = Alert(
        "The day's Odds API credits are spent",
        f"{budget.spent_today} of {budget.daily_limit}: odds stand still until 00:00 UTC. See ODDS_API_DAILY_CREDITS.",
        "warning",
        "once",
    )
    return Trouble("credits_spent", "the day's Odds API credits are spent", cause=SPENT, alert=alert)


def _at_floor(budget: Budget) -> Trouble | None:
    if not budget.at_floor:
        return None
    alert = Alert(
        "The Odds API credits are down to the floor",
        f"{budget.remaining} credits are left and {budget.floor} are never spent: odds stand still until "
        "the account renews. See ODDS_API_CREDIT_FLOOR.",
        "warning",
        "once",
    )
    return Trouble("credits_floor", "the Odds API credits are at the floor", cause=FLOOR, alert=alert)


def _empty(empty: Sequence[str]) -> Trouble | None:
    if not empty:
        return None
    names = ", ".join(empty)
    alert = Alert(
        f"No games in season: {names}",
        "The season is on, and no game is ahead or under way: the upstream lists none.\n"
        "See: python -m launcher jobs history daily_pass",
        "warning",
        "once",
    )
    return Trouble(
        "slate_empty", f"no game of {names} is listed, though it is in season", cause=EMPTY, alert=alert
    )


def _fallback(failing: Sequence[str]) -> Trouble | None:
    if not failing:
        return None
    names = ", ".join(failing)
    alert = Alert(
        f"ESPN's scoreboard fails: {names}",
        "Their scores are paid for, as often as the day's credits allow, until it answers.\n"
        "See: python -m launcher jobs history scoreboard",
        "warning",
        "once",
    )
    return Trouble(
        "scores_fallback", f"the scores of {names} come from the second source", cause=FALLBACK, alert=alert
    )


def _unmatched(unmatched: Sequence[Unmatched]) -> Trouble | None:
    if not unmatched:
        return None
    first = unmatched[0]
    games = "1 game is" if len(unmatched) == 1 else f"{len(unmatched)} games are"
    alert = Alert(
        f"{games} on no scoreboard",
        f"{first.away_team} at {first.home_team} ({first.sport_key}). Scores are paid for; names are not guessed at.\n"
        "See: python -m launcher teams unmatched",
        "warning",
        "once",
    )
    return Trouble(
        "games_unmatched", f"{games} under way and on no scoreboard", first.since, UNMATCHED, alert
    )
