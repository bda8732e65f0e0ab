"""A dead clock must not be silent: every web process watches, and together they tell once.

Being told once is the alerts table's doing: one fingerprint is one message per ten minutes, however many
processes raise it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops.alerts import table as alerts
from ops.clock import register
from ops.clock.leadership import REDIS_TROUBLE
from ops.clock.lease import read_holder
from ops.database import session
from ops.stores import Unavailable
from ops.tasks import waited
from ops.telemetry.logs import get_logger, redact

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis

log = get_logger(__name__)

OVERDUE_GRACE = timedelta(minutes=5)
BUSY_FACTOR = 4
NO_LEADER, OVERDUE = "clock:no-leader", "clock:overdue"


class Watchdog:
    """Looks for a missing leader and for overdue jobs."""

    def __init__(
        self,
        database: Database,
        redis: Redis,
        *,
        holder: str,
        ttl_seconds: float,
        alerts_enabled: bool,
        overdue_grace: timedelta = OVERDUE_GRACE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._redis = redis
        self._holder = holder
        self._patience = 3 * ttl_seconds
        self._every = max(0.2, min(10.0, ttl_seconds))
        self._alerts_enabled = alerts_enabled
        self._overdue_grace = overdue_grace
        self._monotonic = monotonic
        self._leaderless_since: float | None = None
        self._open = {NO_LEADER, REDIS_TROUBLE, OVERDUE}  # until a look has shown otherwise
        self._told_at: dict[str, datetime] = {}

    async def watch(self, stop: asyncio.Event) -> None:
        """Look every few seconds until `stop`. A missing PostgreSQL is for others to tell."""
        while not await waited(stop, self._every):
            try:
                await self.look(datetime.now(UTC))
            except Unavailable as problem:
                log.warning("the watchdog cannot look", error=redact(repr(problem)))

    async def look(self, now: datetime) -> None:
        """Look once, and tell."""
        leader, redis_answers = await self._leader()
        if redis_answers:
            await self._well(REDIS_TROUBLE, "🟢 Redis answers again", now)
        if leader is None:
            await self._miss_leader(redis_answers, now)
            return  # what is overdue now is overdue for that; one cause is one alert
        self._leaderless_since = None
        await self._well(NO_LEADER, "🟢 A clock leads again", now)
        overdue = await self._overdue(now)
        if overdue:
            await self._tell(
                OVERDUE,
                f"🔴 Overdue: {', '.join(overdue)}",
                "The clock has not started these when they were due.\nSee: python -m launcher jobs list",
                now,
            )
        else:
            await self._well(OVERDUE, "🟢 No job is overdue any more", now)

    async def _leader(self) -> tuple[str | None, bool]:
        """Return (who leads, whether Redis answers); without Redis nobody can lead."""
        try:
            async with asyncio.timeout(2):
                return await read_holder(self._redis, "clock"), True
        except Unavailable:
            return None, False

    async def _miss_leader(self, redis_answers: bool, now: datetime) -> None:
        if self._leaderless_since is None:
            self._leaderless_since = self._monotonic()
        if self._monotonic() - self._leaderless_since <= self._patience:
            return
        if redis_answers:
            await self._tell(
                NO_LEADER,
                "🔴 No clock leads",
                f"For {self._patience:g} s no process has held the clock's lease: no job runs.\n"
                "See: python -m launcher status, and that the scheduler service is up.",
                now,
            )
        else:  # the clocks tell of this too, under the same fingerprint: one message
            await self._tell(
                REDIS_TROUBLE,
                "🔴 Redis does not answer",
                "No clock can lead: scheduled jobs stand still. They resume by themselves.\n"
                "See: python -m launcher doctor",
                now,
            )

    async def _overdue(self, now: datetime) -> list[str]:
        async with session(self._database) as connection:
            jobs = await register.summaries(connection)
        # A tick may be waiting for a run that it must not overlap.
        busy = any(job.status == "running" for job in jobs)
        grace = self._overdue_grace * (BUSY_FACTOR if busy else 1)
        return [
            job.job_name
            for job in jobs
            if not job.paused
            and job.status != "running"
            and job.next_run_at is not None
            and job.next_run_at + grace < now
        ]

    async def _tell(self, fingerprint: str, title: str, detail: str, now: datetime) -> None:
        told_at = self._told_at.get(fingerprint)
        if told_at is not None and now - told_at < alerts.DEDUPE_WINDOW:
            return
        async with session(self._database) as connection:
            await alerts.raise_alert(
                connection,
                fingerprint=fingerprint,
                title=title,
                detail=detail,
                correlation_id=self._holder,
                now=now,
                enabled=self._alerts_enabled,
            )
        self._open.add(fingerprint)
        self._told_at[fingerprint] = now

    async def _well(self, fingerprint: str, title: str, now: datetime) -> None:
        if fingerprint not in self._open:
            return
        async with session(self._database) as connection:
            await alerts.raise_recovery(
                connection,
                fingerprint_prefix=fingerprint,
                title=title,
                correlation_id=self._holder,
                now=now,
                enabled=self._alerts_enabled,
            )
        self._open.discard(fingerprint)
        self._told_at.pop(fingerprint, None)
