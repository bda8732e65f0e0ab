"""/api/status: the verdict as the site sees it, told and published by the leading clock every half minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING

from ops.clock.facts import Look, read_facts
from ops.clock.fence import check_fence
from ops.clock.findings import Overview
from ops.clock.verdict import judge
from ops.clock.watchdog import tell
from ops.database import session
from ops.tasks import waited
from ops.telemetry.events import emit
from ops.telemetry.logs import redact
from quartapp.documents import table as documents
from quartapp.documents.table import Document
from quartapp.freshness.troubles import looking, odds_ages
from quartapp.publish import addresses
from quartapp.publish.game import format_time
from quartapp.publish.shapes import ServiceStatusContent
from quartapp.store import sports

if TYPE_CHECKING:
    from ops.clock.term import Term
    from quartapp.settings import Settings

EVERY_SECONDS = 30.0
REPORT_SECONDS = 20.0


def reporting(settings: Settings) -> Callable[[Term, asyncio.Event], Coroutine[object, object, object]]:
    """Return what a leading clock does beside its jobs: judge, tell and publish until its term ends."""
    look = looking(settings)

    async def report_on(term: Term, stop: asyncio.Event) -> None:
        while True:
            try:
                async with asyncio.timeout(REPORT_SECONDS):
                    await report(term, look, term.wall())
            except (
                Exception
            ) as problem:  # whatever it is, the next report must come: visitors would read "down"
                emit("watch_failed", error=redact(repr(problem)))
            if await waited(stop, EVERY_SECONDS):
                return

    return report_on


async def report(term: Term, look: Look, now: datetime) -> Overview:
    """Judge once, tell the operators, and publish what visitors may know."""
    overview = judge(await read_facts(term.stores, now, look))
    await tell(overview, term.desk)
    async with session(term.stores.database) as connection, connection.transaction():
        await check_fence(connection, term.token)
        ages = odds_ages(await sports.all_sports(connection, now), now)
        content = render(overview, ages)
        await documents.publish(
            connection, [Document(addresses.STATUS, dict(content))], fencing_token=term.token, now=now
        )
    return overview


def render(overview: Overview, ages: dict[str, int]) -> ServiceStatusContent:
    """Return the content of /api/status."""
    public = overview.public
    return {
        "state": public.state,
        "reasons": [
            {
                "code": trouble.code,
                "since": format_time(trouble.since or public.at),
                "detail": trouble.text[:1].upper() + trouble.text[1:] + ".",
            }
            for trouble in public.troubles
        ],
        "checked_at": format_time(overview.at),
        "odds_age_seconds": ages,
    }
