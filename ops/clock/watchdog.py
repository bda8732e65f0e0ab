"""A dead clock must not be silent: every web process watches, and together they tell once.

Being told once is the desk's doing: one cause is one message per ten minutes, however many processes raise it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops import server_errors
from ops.alerts.desk import Desk
from ops.clock.facts import Facts, Look, read_facts
from ops.clock.findings import Overview
from ops.clock.thresholds import OVERDUE_GRACE
from ops.clock.verdict import Patience, judge
from ops.stores import Stores, Unavailable
from ops.tasks import waited
from ops.telemetry.events import emit
from ops.telemetry.logs import redact

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis


class Watchdog:
    """Looks, judges and tells; and counts this process's answers of 5xx where all processes can read them."""

    def __init__(
        self,
        database: Database,
        redis: Redis,
        *,
        desk: Desk,
        ttl_seconds: float,
        look: Look | None = None,
        errors: Callable[[], int] = lambda: 0,
        overdue_grace: timedelta = OVERDUE_GRACE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`look` adds what only the product knows; `errors` counts this process's answers of 5xx since its start."""
        self._stores = Stores(database, redis)
        self._desk = desk
        self._patience = 3 * ttl_seconds
        self._every = max(0.2, min(10.0, ttl_seconds))
        self._product = look
        self._errors = errors
        self._errors_added = 0
        self._overdue_grace = overdue_grace
        self._monotonic = monotonic
        self._leaderless_since: float | None = None

    async def watch(self, stop: asyncio.Event) -> None:
        """Look every few seconds until `stop`. A missing PostgreSQL is for others to tell."""
        while not await waited(stop, self._every):
            try:
                await self.look(datetime.now(UTC))
            except Unavailable as problem:
                emit("watch_failed", error=redact(repr(problem)))

    async def look(self, now: datetime) -> Overview:
        """Look once, and tell."""
        await self._add_errors(now)
        facts = await read_facts(self._stores, now, self._product)
        patience = Patience(self._overdue_grace, self._leaderless(facts), self._patience)
        overview = judge(facts, patience)
        await tell(overview, self._desk)
        return overview

    def _leaderless(self, facts: Facts) -> float:
        """Return for how many seconds nobody has led, as this process has seen it."""
        if facts.leader is not None:
            self._leaderless_since = None
            return 0.0
        if self._leaderless_since is None:
            self._leaderless_since = self._monotonic()
        return self._monotonic() - self._leaderless_since

    async def _add_errors(self, now: datetime) -> None:
        total = self._errors()
        if total == self._errors_added:
            return
        try:
            async with asyncio.timeout(2):
                await server_errors.add(self._stores.redis, total - self._errors_added, now)
        except Unavailable:
            return  # added at the next look
        self._errors_added = total


async def tell(overview: Overview, desk: Desk, *, correlation_id: str | None = None) -> None:
    """Tell the operators what is wrong, and what is over."""
    for trouble in overview.troubles:
        if trouble.alert is not None and trouble.cause is not None:
            alert = trouble.alert
            await desk.trouble(
                trouble.cause,
                alert.title,
                alert.detail,
                alert.severity,
                correlation_id=correlation_id,
                repeats=alert.repeats,
            )
    for cause in overview.well:
        await desk.well(cause, correlation_id=correlation_id)
