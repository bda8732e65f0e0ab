"""The full slate of every active sport: games, odds, analyses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ops.clock.job import Job
from quartapp.feeds.errors import FeedError
from quartapp.jobs.slates import (
    Context,
    Failures,
    budget,
    ensure_sports,
    fetch_slate,
    republish,
    store_slates,
)
from quartapp.resources import Resources
from quartapp.store.sports import Sport

IN_HAND = 3  # sports at once: one is fetched or read while another is stored; each may take a connection


async def daily_pass(context: Context) -> Mapping[str, object]:
    """Fetch every active sport that the budget affords; store and publish each whole as it arrives.

    A sport whose fetch fails keeps its old slate; the others are stored, and the run then fails with the
    first error, so that it is retried and told.
    """
    active = await ensure_sports(context)
    state = await budget(context)
    markets = state.markets()
    affordable = active[: state.left_today // len(markets)] if markets else []
    context.progress(0, len(affordable), "sports")
    slots = asyncio.Semaphore(IN_HAND)
    failures = Failures(context)

    async def one(sport: Sport) -> int | None:
        async with slots:
            if failures.out_of_credits:
                return None
            try:
                events = await fetch_slate(context, sport.key, markets)
            except FeedError as problem:
                failures.add(sport.key, problem)
                return None
            await store_slates(context, [(sport.key, events)], overview=False)
            return len(events)

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
    return failures.settle({"sports": len(games), "games": sum(games), "markets": list(markets)})


DAILY_PASS: Job[Resources] = Job(
    name="daily_pass",
    run=daily_pass,
    schedule="0 6 * * *",
    timeout_seconds=600,
    concurrency_key="slates",
    run_at_start=True,
)
