"""Scores of running games and results of finished ones, for credits: where no scoreboard tells them for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from ops.clock.job import Job
from ops.stores import Unavailable
from quartapp.credits import Budget
from quartapp.feeds.errors import FeedError
from quartapp.feeds.odds_api import SCORES_COST
from quartapp.freshness.boards import serves
from quartapp.jobs.leagues import Leagues
from quartapp.jobs.slates import Context, budget, ensure_sports, pay, publish, spent
from quartapp.store import games, scoreboard
from quartapp.store.sports import Sport
from quartapp.upstreams import Upstreams

SCORES_DAYS = timedelta(days=3)  # what one answer covers
SEASON_NEAR = timedelta(days=7)
LONGEST_PAUSE = timedelta(hours=1)


async def results(context: Context) -> Mapping[str, object]:
    """Ask for what is due now."""
    return await ask(context, datetime.now(UTC))


async def ask(context: Context, now: datetime) -> Mapping[str, object]:
    """Fetch scores of the sports whose scores can have changed, as often as the credits for results allow.

    A sport that fails keeps its scores and is asked less often; the others are written and published, and
    the run then fails.
    """
    active = await ensure_sports(context)
    async with context.transaction() as connection:
        running = await games.sports_of_unfinished(connection, now)
        unmatched = {game.sport_key for game in await scoreboard.unmatched_games(connection, now)}
    # Three failures, or a game that the scoreboard does not have: then scores are paid for.
    served = {
        sport.key for sport in active if sport.key not in unmatched and await serves(context.redis, sport.key)
    }
    running -= served
    state = await budget(context)
    pause = pace(state, len(running), now)
    written = 0
    asked: list[str] = []
    leagues = Leagues(context)
    due = done = 0
    for sport in sorted(active, key=lambda one: (one.key not in running, one.key)):
        if leagues.out_of_credits or state.at_floor:
            break
        if sport.key in served or not wants_scores(
            sport, running, await _last_asked(context, sport.key), pause, now
        ):
            continue
        due += sport.key in running
        if spent(context) + SCORES_COST > state.left("results"):
            continue
        told = await leagues.attempt(sport.key, partial(_write, context, leagues, sport, pause, now))
        if told is not None:
            listed, changed = told
            asked.append(sport.key)
            written += changed
            done += sport.key in running and listed > 0
    # Without credits left for scores, or from an answer that lists no game though one has begun, nothing is done.
    return leagues.settle({"sports": asked, "games_changed": written, "due": due, "done": done})


def wants_scores(
    sport: Sport, running: set[str], last_asked: datetime | None, pause: timedelta, now: datetime
) -> bool:
    """Return whether a sport's scores are worth asking for: only what can have changed since the last answer.

    A game runs or has just ended; or the season is on, no result of it is known yet, and one answer shows
    the last three days. A league whose games are days away has nothing to tell.
    """
    if sport.key in running:
        return last_asked is None or now - last_asked >= pause
    in_season = sport.next_game_at is not None and sport.next_game_at < now + SEASON_NEAR
    return sport.last_game_at is None and in_season and last_asked is None


def pace(state: Budget, running: int, now: datetime) -> timedelta:
    """Return how long a running sport's scores may stand, so that the day's credits last to its end.

    Half of an even share, for games run only a part of the day; an hour at most.
    """
    rest_of_day = timedelta(days=1) - (now - now.replace(hour=0, minute=0, second=0, microsecond=0))
    rounds = max(1, state.left("results") // (SCORES_COST * max(1, running)))
    return min(LONGEST_PAUSE, rest_of_day / rounds / 2)


async def _write(
    context: Context, leagues: Leagues, sport: Sport, pause: timedelta, now: datetime
) -> tuple[int, int]:
    """Ask for a sport's scores and write them; return how many games were listed, and how many changed."""
    try:
        scores, cost = await context.resources.odds_api.scores(sport.key)
    except FeedError as problem:
        await pay(context, problem.credits)
        raise
    await pay(context, cost)
    async with context.transaction() as connection:
        disputed = await games.disputes(connection, scores)
        changed = await games.write_scores(connection, scores, now)
        changed += await games.insert_results(connection, scores, context.resources.source, now)
        if changed:
            await publish(context, connection, [sport.key])
    if disputed:
        context.stats["disputed"] = [*context.stats.get("disputed", []), *disputed]
    await _tell_disputes(context, sport.key, disputed)
    await _remember_asked(context, sport.key, now)
    await leagues.weigh(sport.key, scores, pause)
    return len(scores), changed


async def _tell_disputes(context: Context, sport_key: str, disputed: Sequence[str]) -> None:
    """Tell the operators of finals that two sources tell differently: the first source's stays."""
    cause = f"scores:disputed:{sport_key}"
    if not disputed:
        await context.desk.well(cause, correlation_id=context.correlation_id)
        return
    await context.desk.trouble(
        cause,
        f"Two sources, two results: {sport_key}",
        f"{'; '.join(disputed[:5])}. The first stays until its own source corrects it.",
        "warning",
        correlation_id=context.correlation_id,
        repeats="once",
    )


async def _last_asked(context: Context, sport_key: str) -> datetime | None:
    try:
        text = await context.redis.get(f"odds_api:scores_asked:{sport_key}")
        return None if text is None else datetime.fromisoformat(str(text))
    except (*Unavailable, ValueError):
        return None


async def _remember_asked(context: Context, sport_key: str, now: datetime) -> None:
    try:
        await context.redis.set(f"odds_api:scores_asked:{sport_key}", now.isoformat(), ex=SCORES_DAYS)
    except Unavailable:
        return


RESULTS: Job[Upstreams] = Job(
    name="results",
    run=results,
    schedule="* * * * *",
    timeout_seconds=180,
    catch_up_window=timedelta(hours=72),
    concurrency_key="slates",
    run_at_start=True,
)
