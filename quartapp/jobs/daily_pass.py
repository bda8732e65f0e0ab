"""The full slate of every active sport: games, odds, analyses."""

from __future__ import annotations

import asyncio

from ops.job import Job
from quartapp.feeds.errors import FeedError, OutOfCreditsError
from quartapp.feeds.odds_api import Event
from quartapp.jobs.slates import Context, budget, ensure_sports, fetch_slate, republish, store_slates
from quartapp.resources import Resources
from quartapp.store.sports import Sport

FETCHES_AT_ONCE = 4


async def daily_pass(context: Context) -> dict[str, object]:
    """Fetch every active sport that the budget affords, then store and publish each whole.

    A sport whose fetch fails keeps its old slate; the others are stored, and the run then fails with the
    first error, so that it is retried and told.
    """
    active = await ensure_sports(context)
    state = await budget(context)
    markets = state.markets()
    affordable = active[: state.left_today // len(markets)] if markets else []
    context.progress(0, len(affordable), "sports")
    gate = asyncio.Semaphore(FETCHES_AT_ONCE)
    failures: list[tuple[str, FeedError]] = []
    done = 0

    async def one(sport: Sport) -> tuple[str, tuple[Event, ...]] | None:
        nonlocal done
        try:
            async with gate:
                if any(isinstance(problem, OutOfCreditsError) for _, problem in failures):
                    return None
                return sport.key, await fetch_slate(context, sport.key, markets)
        except FeedError as problem:
            failures.append((sport.key, problem))
            return None
        finally:
            done += 1
            context.progress(done, len(affordable), "sports fetched")

    slates = [slate for slate in await asyncio.gather(*map(one, affordable)) if slate is not None]
    for number, slate in enumerate(slates, start=1):
        await store_slates(context, [slate], overview=False)
        context.progress(number, len(slates), "sports published")
    await republish(context, [])  # the lists over all sports, once
    context.stats |= {
        "sports": len(slates),
        "games": sum(len(events) for _, events in slates),
        "markets": list(markets),
        "sports_failed": [key for key, _ in failures],
    }
    if failures:
        raise failures[0][1]
    return {}


DAILY_PASS: Job[Resources] = Job(
    name="daily_pass",
    run=daily_pass,
    schedule="0 6 * * *",
    timeout_seconds=600,
    concurrency_key="slates",
    run_at_start=True,
)
