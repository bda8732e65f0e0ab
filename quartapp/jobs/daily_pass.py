"""The full slate of every active sport: games, odds, analyses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from ops.clock.job import Job
from quartapp.jobs.leagues import Leagues
from quartapp.jobs.slates import (
    Context,
    budget,
    ensure_sports,
    fetch_slate,
    republish,
    spent,
    store_slates,
)
from quartapp.store.sports import Sport
from quartapp.upstreams import Upstreams

PAUSE_OF_AN_ODD_SPORT = timedelta(minutes=10)
IN_HAND = 3  # sports at once: one is fetched or read while another is stored; each may take a connection


async def daily_pass(context: Context) -> Mapping[str, object]:
    """Fetch every active sport that the budget affords; store and publish each whole as it arrives.

    A sport that fails keeps its old slate; the others are stored, and the run then fails with the first
    error, so that it is retried and told. A retry does not ask again for what this tick has already stored.
    """
    leagues = Leagues(context)
    active = [sport for sport in await ensure_sports(context) if await _is_wanted(leagues, sport)]
    state = await budget(context)
    markets, left = state.markets(), state.left("odds")
    affordable = active[: left // len(markets)] if markets else []
    context.progress(0, len(affordable), "sports")
    slots = asyncio.Semaphore(IN_HAND)

    async def store(sport: Sport) -> int:
        events = await fetch_slate(context, sport.key, markets)
        await store_slates(context, [(sport.key, events)], overview=False)
        await leagues.weigh(sport.key, events, PAUSE_OF_AN_ODD_SPORT)
        return len(events)

    async def one(sport: Sport) -> int | None:
        async with slots:
            if spent(context) + len(markets) > left:
                return None
            return await leagues.attempt(sport.key, lambda: store(sport))

    games: list[int] = []
    passes = [asyncio.create_task(one(sport)) for sport in affordable]
    try:
        for number, done in enumerate(asyncio.as_completed(passes), start=1):
            if (count := await done) is not None:
                games.append(count)
            context.progress(number, len(affordable), "sports")
    finally:
        for task in passes:
            task.cancel()
        await asyncio.gather(*passes, return_exceptions=True)
    await republish(context, [])  # the lists over all sports, once
    return leagues.settle(
        {
            "sports": len(games),
            "games": sum(games),
            "markets": list(markets),
            "due": len(affordable),
            "done": sum(found > 0 for found in games),
        }
    )


async def _is_wanted(leagues: Leagues, sport: Sport) -> bool:
    """Return whether a sport is still to be fetched: a retry leaves out what was stored since its tick."""
    context = leagues.context
    if context.attempt == 1 or sport.odds_updated_at is None or sport.odds_updated_at < context.scheduled_for:
        return True
    return await leagues.backoff.failing(sport.key)


DAILY_PASS: Job[Upstreams] = Job(
    name="daily_pass",
    run=daily_pass,
    schedule="0 6 * * *",
    timeout_seconds=600,
    concurrency_key="slates",
    run_at_start=True,
)
