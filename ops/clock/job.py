"""What a job is, and what a run of it is given. Knows nothing of storage, schedules or sports.

A job is an async function with a schedule beside it:

    async def refresh(context: JobContext[Upstreams]) -> dict[str, object]: ...
    REFRESH = Job(name="refresh", run=refresh, schedule="*/5 * * * *")
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from ops.alerts.desk import Desk
from ops.clock.fence import FencedOutError, check_fence
from ops.clock.plain import plain_stats
from ops.database import session

if TYPE_CHECKING:
    from databases import Database
    from databases.core import Connection
    from redis.asyncio import Redis
    from structlog.stdlib import BoundLogger

R = TypeVar("R")

Trigger = Literal["schedule", "manual", "catch_up", "retry"]


class SkippedRunError(Exception):
    """Raised by a job that has a good reason to do nothing; its run is recorded as skipped."""


@dataclass(frozen=True, slots=True)
class Job(Generic[R]):
    """A function and when it runs.

    Attributes:
        run: the function; what it returns is kept as the run's stats.
        schedule: a cron line of 5 fields, or 6 with seconds last; SCHEDULE_<NAME> replaces it.
        timezone: the zone of the line; None for SCHEDULE_TIMEZONE.
        catch_up: what becomes of ticks missed while no clock ran: one run for all of them, none, or each.
        catch_up_window: how far back missed ticks count.
        overlap: what becomes of a tick while the job still runs: it waits, or it is skipped.
        max_attempts: attempts a tick, with exponential backoff and jitter between them.
        jitter_seconds: a run starts up to this much after its tick, where an upstream would be stampeded.
        concurrency_key: jobs that share a key never run together.
        run_at_start: due at once when it has never succeeded, so that a first start fills the site.
        timeout_seconds: how long one attempt may take.
        retry_base_seconds: the first pause between attempts; it doubles each time, with jitter.
    """

    name: str
    run: Callable[[JobContext[R]], Awaitable[Mapping[str, object] | None]]
    schedule: str
    timezone: str | None = None
    timeout_seconds: float = 300.0
    catch_up: Literal["latest", "skip", "all"] = "latest"
    catch_up_window: timedelta = timedelta(hours=24)
    overlap: Literal["wait", "skip"] = "skip"
    max_attempts: int = 3
    retry_base_seconds: float = 2.0
    jitter_seconds: float = 0.0
    concurrency_key: str | None = None
    run_at_start: bool = False


@dataclass(slots=True)
class JobContext(Generic[R]):
    """What one run is given."""

    job_name: str
    scheduled_for: datetime
    attempt: int
    trigger: Trigger
    correlation_id: str
    fencing_token: int
    holder: str
    database: Database
    redis: Redis
    resources: R
    desk: Desk
    log: BoundLogger
    stats: dict[str, Any] = field(default_factory=dict)
    over: bool = False  # the run has been given up: what is left of the job may write no more

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Begin a transaction that commits only while this run's leader is still the leader.

        Raises:
            FencedOutError: a newer leader has taken over, or the run was given up; nothing of this transaction
                is kept.
        """
        return self._transaction()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        async with session(self.database) as connection, connection.transaction():
            # FOR SHARE: a new leader's UPDATE of the fence waits until this transaction has ended, so
            # the check holds up to the commit and not only at this moment.
            await check_fence(connection, self.fencing_token)
            yield connection
            if self.over:
                raise FencedOutError(f"{self.job_name} had run too long and was given up")

    def progress(self, done: int, total: int, what: str) -> None:
        """Say how far the run is; `jobs run` shows it."""
        self.stats["progress"] = {"done": done, "total": total, "what": what}

    def keep(self, returned: object) -> None:
        """Keep what the job returned as the run's stats, in place of its progress."""
        stats = plain_stats(self.stats)
        stats.pop("progress", None)
        stats.update(plain_stats(returned))
        self.stats = stats
