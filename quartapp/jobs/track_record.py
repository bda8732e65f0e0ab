"""Keeps each game's forecast before its start, and publishes how forecasts and picks did."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from ops.clock.job import Job
from ops.stores import Unavailable
from quartapp.documents import table as documents
from quartapp.documents.table import Document
from quartapp.jobs.slates import Context
from quartapp.publish import addresses
from quartapp.publish.track_record import documents_of
from quartapp.store import sports
from quartapp.store import track_record as store
from quartapp.upstreams import Upstreams

_MADE_FROM = "track_record:made_from"


async def track_record(context: Context) -> Mapping[str, object]:
    """Keep forecasts of games that start soon; publish the record anew when what it is made from has changed."""
    now = datetime.now(UTC)
    async with context.transaction() as connection:
        kept = await store.keep_forecasts(connection, now)
        made_from = f"{context.resources.settings.git_sha} {await store.inputs(connection)}"
        listed = await documents.published_keys(connection, but=addresses.OF_GAMES)
        if addresses.track_record() in listed and await _last_made_from(context) == made_from:
            return {"forecasts_kept": kept, "documents_published": 0}
        known = [sport.key for sport in await sports.all_sports(connection, now)]
        forecasts = await store.ended_forecasts(connection)
        picks = await store.graded_picks(connection)
        since = await store.since(connection)
    # In a thread: the arithmetic takes seconds once there are years of picks, and the clock has a lease to renew.
    made = await asyncio.to_thread(
        partial(documents_of, known, forecasts, picks, since, source=context.resources.source, now=now)
    )
    published = await _publish(context, made)
    await _remember(context, made_from)
    return {
        "forecasts_kept": kept,
        "documents_published": published,
        "forecasts": len(forecasts),
        "picks": len(picks),
    }


async def _publish(context: Context, made: list[Document]) -> int:
    async with context.transaction() as connection:
        return await documents.publish(
            connection, made, fencing_token=context.fencing_token, now=datetime.now(UTC)
        )


async def _last_made_from(context: Context) -> str | None:
    try:
        text = await context.redis.get(_MADE_FROM)
        return None if text is None else str(text)
    except Unavailable:
        return None


async def _remember(context: Context, made_from: str) -> None:
    try:
        await context.redis.set(_MADE_FROM, made_from, ex=86_400)
    except Unavailable:
        return


TRACK_RECORD: Job[Upstreams] = Job(
    name="track_record", run=track_record, schedule="*/10 * * * * 45", timeout_seconds=300, run_at_start=True
)
