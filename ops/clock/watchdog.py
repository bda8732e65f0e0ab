"""A dead clock must not be silent: every web process watches, and together they tell once.

Being told once is the desk's doing: one cause is one message per ten minutes, however many processes raise it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops.alerts.desk import Desk
from ops.clock import register, verdict
from ops.clock.leadership import REDIS_TROUBLE
from ops.clock.lease import read_holder
from ops.database import session
from ops.instances import living, recent_starts
from ops.stores import Unavailable
from ops.tasks import waited
from ops.telemetry.events import emit
from ops.telemetry.logs import redact

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis


NO_LEADER, OVERDUE, CRASH_LOOP = "clock:no-leader", "clock:overdue", "system:crash-loop"


class Watchdog:
    """Looks for a missing leader and for overdue jobs."""

    def __init__(
        self,
        database: Database,
        redis: Redis,
        *,
        desk: Desk,
        ttl_seconds: float,
        overdue_grace: timedelta = verdict.OVERDUE_GRACE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._redis = redis
        self._desk = desk
        self._patience = 3 * ttl_seconds
        self._every = max(0.2, min(10.0, ttl_seconds))
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

    async def look(self, now: datetime) -> None:
        """Look once, and tell."""
        leader, redis_answers = await self._leader()
        if redis_answers:
            await self._watch_starts()
            await self._desk.well(REDIS_TROUBLE)
        if leader is None:
            await self._miss_leader(redis_answers)
            return  # what is overdue now is overdue for that; one cause is one alert
        self._leaderless_since = None
        await self._desk.well(NO_LEADER)
        overdue = await self._overdue(now)
        if overdue:
            await self._desk.trouble(
                OVERDUE,
                f"Overdue: {', '.join(overdue)}",
                "The clock has not started these when they were due.\nSee: python -m launcher jobs list",
                repeats="standing",
            )
        else:
            await self._desk.well(OVERDUE)

    async def _leader(self) -> tuple[str | None, bool]:
        """Return (who leads, whether Redis answers); without Redis nobody can lead."""
        try:
            async with asyncio.timeout(2):
                return await read_holder(self._redis, "clock"), True
        except Unavailable:
            return None, False

    async def _miss_leader(self, redis_answers: bool) -> None:
        if self._leaderless_since is None:
            self._leaderless_since = self._monotonic()
        if self._monotonic() - self._leaderless_since <= self._patience:
            return
        if redis_answers:
            await self._desk.trouble(
                NO_LEADER,
                "No clock leads",
                f"For {self._patience:g} s no process has held the clock's lease: no job runs.\n"
                "See: python -m launcher status, and that the scheduler service is up.",
                repeats="standing",
            )
        else:  # the clocks tell of this too, under the same fingerprint: one message
            await self._desk.trouble(
                REDIS_TROUBLE,
                "Redis does not answer",
                "No clock can lead: scheduled jobs stand still. They resume by themselves.\n"
                "See: python -m launcher doctor",
                repeats="standing",
            )

    async def _overdue(self, now: datetime) -> list[str]:
        async with session(self._database) as connection:
            jobs = await register.summaries(connection)
        return verdict.overdue(jobs, now, self._overdue_grace)

    async def _watch_starts(self) -> None:
        try:
            async with asyncio.timeout(2):
                looping = verdict.crash_loops(await recent_starts(self._redis), await living(self._redis))
        except Unavailable:
            return
        if looping:
            await self._desk.trouble(
                CRASH_LOOP,
                f"Starts again and again: {', '.join(looping)}",
                "Each process of this role dies soon after its start; its log says why.\n"
                "See: docker compose logs, and python -m launcher status",
                repeats="standing",
            )
        else:
            await self._desk.well(CRASH_LOOP)
