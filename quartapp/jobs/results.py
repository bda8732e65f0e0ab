"""Scores of running games and results of finished ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ops.job import Job
from quartapp.credits import record_spending
from quartapp.jobs.slates import Context, budget, ensure_sports, republish
from quartapp.resources import Resources
from quartapp.store import games

SCORES_COST = 2


async def results(context: Context) -> dict[str, object]:
    """Fetch scores of the sports that have a running game, or that have no result yet."""
    now = datetime.now(UTC)
    active = {sport.key: sport for sport in await ensure_sports(context)}
    async with context.transaction() as connection:
        running = await games.sports_of_unfinished(connection, now)
    wanted = sorted(key for key in active if key in running or active[key].last_game_at is None)
    state = await budget(context)
    written = 0
    asked: list[str] = []
    for key in wanted:
        if not state.affords(SCORES_COST * (len(asked) + 1)):
            break
        scores, cost = await context.resources.odds_api.scores(key)
        await record_spending(context.redis, context.job_name, cost)
        asked.append(key)
        async with context.transaction() as connection:
            written += await games.write_scores(connection, scores, now)
            written += await games.insert_results(connection, scores, context.resources.source, now)
    await republish(context, asked)
    return {"sports": asked, "games_changed": written}


RESULTS: Job[Resources] = Job(
    name="results",
    run=results,
    schedule="*/10 * * * *",
    timeout_seconds=180,
    catch_up_window=timedelta(hours=72),
    concurrency_key="slates",
    run_at_start=True,
)
