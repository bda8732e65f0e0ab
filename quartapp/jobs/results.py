"""Scores of running games and results of finished ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ops.clock.job import Job
from quartapp.credits import record_spending
from quartapp.feeds.errors import FeedError
from quartapp.jobs.slates import Context, Failures, budget, ensure_sports, publish
from quartapp.resources import Resources
from quartapp.store import games

SCORES_COST = 2


async def results(context: Context) -> Mapping[str, object]:
    """Fetch scores of the sports that have a running game, or that have no result yet.

    A sport whose fetch fails keeps its scores; the others are written and published, and the run then fails.
    """
    now = datetime.now(UTC)
    active = {sport.key: sport for sport in await ensure_sports(context)}
    async with context.transaction() as connection:
        running = await games.sports_of_unfinished(connection, now)
    wanted = sorted(key for key in active if key in running or active[key].last_game_at is None)
    state = await budget(context)
    written = 0
    asked: list[str] = []
    failures = Failures(context)
    for key in wanted:
        if not state.affords(SCORES_COST * (len(asked) + 1)) or failures.out_of_credits:
            break
        try:
            scores, cost = await context.resources.odds_api.scores(key)
        except FeedError as problem:
            failures.add(key, problem)
            continue
        await record_spending(context.redis, context.job_name, cost)
        asked.append(key)
        async with context.transaction() as connection:
            changed = await games.write_scores(connection, scores, now)
            changed += await games.insert_results(connection, scores, context.resources.source, now)
            if changed:
                await publish(context, connection, [key])
        written += changed
    return failures.settle({"sports": asked, "games_changed": written})


RESULTS: Job[Resources] = Job(
    name="results",
    run=results,
    schedule="*/10 * * * *",
    timeout_seconds=180,
    catch_up_window=timedelta(hours=72),
    concurrency_key="slates",
    run_at_start=True,
)
