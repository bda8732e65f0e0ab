"""Runs one claimed tick: its attempts, its time-out, its row in the ledger, its alert."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import asyncpg
import tenacity

from ops.alerts.desk import Desk
from ops.clock import ledger
from ops.clock.fence import FencedOutError
from ops.clock.job import Job, JobContext, R, SkippedRunError
from ops.clock.ledger import Claim, Run, Status
from ops.database import session
from ops.tasks import Tasks, waited
from ops.telemetry.logs import bound, get_logger, redact

if TYPE_CHECKING:
    from databases import Database
    from databases.core import Connection
    from redis.asyncio import Redis

log = get_logger(__name__)
T = TypeVar("T")

DATABASE_TROUBLE = "clock:database"
RETRY_CEILING_SECONDS = 60.0
HEARTBEAT_TIMEOUT_SECONDS = 5.0


class _AttemptFailedError(Exception):
    """An attempt failed and another may follow."""

    def __init__(self, run: Run, error: BaseException) -> None:
        self.run, self.error = run, error
        super().__init__(run.job_name)


class Runner(Generic[R]):
    """Runs jobs for the leader that holds `fencing_token`."""

    def __init__(
        self,
        database: Database,
        redis: Redis,
        resources: R,
        *,
        holder: str,
        fencing_token: int,
        desk: Desk,
        heartbeat_url: str | None = None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._redis = redis
        self._resources = resources
        self._holder = holder
        self._token = fencing_token
        self.desk = desk
        self._heartbeat_url = heartbeat_url
        self._wall = wall
        self._contexts: dict[int, tuple[JobContext[R], str]] = {}
        self._pings = Tasks()
        self.active: set[int] = set()  # the ledger's rows that this process answers for
        self.stopping = asyncio.Event()  # a stopping clock begins no further attempt

    async def run(self, job: Job[R], run: Run) -> None:
        """Run a claimed tick to its end: retries included, every attempt a row of its own."""
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(_AttemptFailedError),
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(max(1, job.max_attempts - run.attempt + 1)),
                tenacity.stop_when_event_set(cast(Any, self.stopping)),  # it only asks is_set()
            ),
            sleep=self._rest,
            wait=tenacity.wait_exponential_jitter(
                multiplier=job.retry_base_seconds, max=RETRY_CEILING_SECONDS, jitter=job.retry_base_seconds
            ),
            reraise=True,
        )
        current: Run | None = run
        try:
            async for attempt in retrying:
                with attempt:
                    if attempt.retry_state.attempt_number > 1:
                        current = await self._claim_next(current)
                    if current is not None:
                        await self._attempt(job, current)
        except _AttemptFailedError as failure:
            await self._tell_failure(job, failure.run, failure.error)
        finally:
            self.active.discard(run.id)

    async def claim(self, wanted: Sequence[Claim]) -> list[Run]:
        """Claim ticks, however long the database is away; what is returned must be run."""
        runs = await self._surely(
            lambda connection: ledger.claim(
                connection, wanted, holder=self._holder, fencing_token=self._token, now=self._wall()
            )
        )
        self.active.update(run.id for run in runs)
        return runs

    async def _rest(self, seconds: float) -> None:
        await waited(self.stopping, seconds)

    async def claim_after(self, job: Job[R], lost: Run) -> Run | None:
        """Claim a lost tick's next attempt; None, and told, when it was lost too often."""
        if lost.attempt >= job.max_attempts:
            await self._tell_failure(job, lost, RunLostError("Each attempt's process died or was replaced."))
            return None
        return await self._claim_next(lost)

    def changed_stats(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (run id, stats) of running jobs whose stats changed since the last call."""
        for run_id, (context, seen) in list(self._contexts.items()):
            if repr(context.stats) != seen:
                self._contexts[run_id] = (context, repr(context.stats))
                yield run_id, dict(context.stats)

    async def _claim_next(self, before: Run | None) -> Run | None:
        if before is None:
            return None
        wanted = Claim(before.job_name, before.scheduled_for, before.attempt + 1, "retry")
        claimed = await self.claim([wanted])
        return claimed[0] if claimed else None

    async def _attempt(self, job: Job[R], run: Run) -> None:
        context: JobContext[R] = JobContext(
            job_name=job.name,
            scheduled_for=run.scheduled_for,
            attempt=run.attempt,
            trigger=run.trigger,  # type: ignore[arg-type]  # the table's check allows only these
            correlation_id=run.correlation_id,
            fencing_token=self._token,
            holder=self._holder,
            database=self._database,
            redis=self._redis,
            resources=self._resources,
            desk=self.desk,
            log=get_logger(f"job.{job.name}"),
        )
        self._contexts[run.id] = (context, repr(context.stats))
        with bound(correlation_id=run.correlation_id, job=job.name):
            try:
                status, error = await self._call(job, context)
            finally:
                self._contexts.pop(run.id, None)
            finished = await self._surely(
                lambda connection: ledger.finish(
                    connection, run, status, now=self._wall(), error=error, stats=context.stats
                )
            )
            write = log.info if status in ("success", "skipped") else log.warning
            write("run ended", status=status, attempt=run.attempt, error=error and ledger.snippet(error))
            self.active.discard(run.id)
            if not finished or status == "lost":
                return
            if status in ("failure", "timeout"):
                assert error is not None
                raise _AttemptFailedError(run, error)
            if status == "success":
                await self._tell_success(job, run)

    async def _call(self, job: Job[R], context: JobContext[R]) -> tuple[Status, BaseException | None]:
        try:
            async with asyncio.timeout(job.timeout_seconds) as limit:
                stats = await job.run(context)
        except FencedOutError as problem:
            return "lost", problem
        except SkippedRunError as reason:
            return "skipped", reason
        except TimeoutError as problem:
            if limit.expired():
                return "timeout", JobTimeoutError(f"It did not end within {job.timeout_seconds:g} s.")
            return "failure", problem
        except Exception as problem:
            log.warning("run failed", exc_info=problem)
            return "failure", problem
        context.stats.pop("progress", None)
        context.stats.update(stats or {})
        return "success", None

    async def _tell_failure(self, job: Job[R], run: Run, error: BaseException) -> None:
        await self._patiently(
            lambda: self.desk.trouble(
                f"job:{job.name}",
                f"{job.name} failed (attempt {run.attempt} of {job.max_attempts})",
                f"{ledger.snippet(error)}\nSee: python -m launcher jobs history {job.name}",
                variety=ledger.error_class(error),
                correlation_id=run.correlation_id,
            )
        )

    async def tell_outage(self, seconds: float) -> None:
        """Tell that the database was away: only now, for an alert is a row in it. It is over at once."""
        await self.desk.trouble(
            DATABASE_TROUBLE,
            f"The clock was without PostgreSQL for {seconds:.0f} s",
            "It is back. What was missed is caught up as each job says.\nSee: python -m launcher jobs list",
            "warning",
        )
        await self.desk.well(DATABASE_TROUBLE)

    async def _tell_success(self, job: Job[R], run: Run) -> None:
        await self._patiently(lambda: self.desk.well(f"job:{job.name}", correlation_id=run.correlation_id))
        if self._heartbeat_url:
            self._pings.start(self._ping(self._heartbeat_url), name="heartbeat")

    async def _ping(self, url: str) -> None:
        import httpx

        try:
            async with asyncio.timeout(HEARTBEAT_TIMEOUT_SECONDS), httpx.AsyncClient() as client:
                (await client.get(url)).raise_for_status()
        except (httpx.HTTPError, TimeoutError, httpx.InvalidURL) as problem:
            log.warning("heartbeat not delivered", error=type(problem).__name__)

    async def _surely(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Write to the ledger however long the database is away: the caller is cancelled with its term."""

        async def write() -> T:
            async with session(self._database) as connection:
                return await work(connection)

        return await self._patiently(write)

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        pause = 0.1
        while True:
            try:
                return await work()
            except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError,
                    asyncpg.CannotConnectNowError, asyncpg.AdminShutdownError,
                    asyncpg.ReadOnlySQLTransactionError) as problem:  # fmt: skip
                log.warning("the ledger waits for the database", error=redact(repr(problem)))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)

    async def close(self) -> None:
        """Let heartbeats that are under way finish, briefly."""
        with suppress(asyncio.CancelledError):
            await self._pings.drained(1.0)
        await self._pings.close(1.0)


class RunLostError(Exception):
    """A tick's runs were lost with their processes as often as it may be tried."""


class JobTimeoutError(Exception):
    """A job ran longer than it may."""
