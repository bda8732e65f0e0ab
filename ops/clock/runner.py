"""Owns how a claimed tick is run: perform it, record its end, plan the next attempt, tell who must know.

When a tick or an attempt begins is the scheduler's: `ops.clock.scheduler`.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic

from ops.clock import attempts, ledger
from ops.clock.attempts import NextAttempt
from ops.clock.job import Job, JobContext, R
from ops.clock.ledger import Run
from ops.clock.perform import Outcome, perform
from ops.clock.plain import plain_stats
from ops.clock.term import Term
from ops.tasks import Tasks
from ops.telemetry.events import emit
from ops.telemetry.logs import bound, get_logger

if TYPE_CHECKING:
    from databases.core import Connection

log = get_logger(__name__)

DATABASE_TROUBLE = "clock:database"
HEARTBEAT_TIMEOUT_SECONDS = 5.0

Planned = Callable[[NextAttempt], None]


class RunLostError(Exception):
    """A tick's runs were lost with their processes as often as it may be tried."""


class Runner(Generic[R]):
    """Runs jobs for one term of leadership."""

    def __init__(self, term: Term, resources: R, *, heartbeat_url: str | None = None) -> None:
        self._term = term
        self._resources = resources
        self._heartbeat_url = heartbeat_url
        self._contexts: dict[int, tuple[JobContext[R], dict[str, Any]]] = {}
        self._tasks = Tasks()
        self._pings = Tasks()
        self._running: Counter[str] = Counter()
        self._active: set[int] = set()

    @property
    def active(self) -> frozenset[int]:
        """The ledger's rows that this process answers for."""
        return frozenset(self._active)

    def runs(self, job_name: str) -> bool:
        """Return whether a run of the job is going on here."""
        return self._running[job_name] > 0

    def start(self, job: Job[R], runs: Sequence[Run], planned: Planned) -> asyncio.Task[object]:
        """Run claimed ticks of a job in the background, one after another.

        `planned` is told of each next attempt as soon as its row is written.
        """
        self._active.update(run.id for run in runs)
        self._running[job.name] += 1
        task = self._tasks.start(self._run_all(job, runs, planned), name=f"job:{job.name}")
        # Not in a `finally` of the coroutine: a task that is cancelled before it began has none.
        task.add_done_callback(lambda _: self._ended(job, runs))
        return task

    def _ended(self, job: Job[R], runs: Sequence[Run]) -> None:
        self._running[job.name] -= 1
        self._active.difference_update(run.id for run in runs)

    async def _run_all(self, job: Job[R], runs: Sequence[Run], planned: Planned) -> None:
        for run in runs:
            if (following := await self.run(job, run)) is not None:
                planned(following)

    async def run(self, job: Job[R], run: Run) -> NextAttempt | None:
        """Run one claimed attempt to its end; return the attempt that is planned after it."""
        with bound(correlation_id=run.correlation_id, job=job.name):
            outcome, stats = await self._perform(job, run)
            following = self._following(job, run, outcome)
            kept = await self._record(run, outcome, stats, following)
            self._active.discard(run.id)
            if kept and following is None:
                await self._tell(job, run, outcome)
            return following if kept else None

    async def _perform(self, job: Job[R], run: Run) -> tuple[Outcome, dict[str, Any]]:
        term = self._term
        context: JobContext[R] = JobContext(
            job_name=job.name,
            scheduled_for=run.scheduled_for,
            attempt=run.attempt,
            trigger=run.trigger,  # type: ignore[arg-type]  # the table's check allows only these
            correlation_id=run.correlation_id,
            fencing_token=term.token,
            holder=term.holder,
            database=term.stores.database,
            redis=term.stores.redis,
            resources=self._resources,
            desk=term.desk,
            log=get_logger(f"job.{job.name}"),
        )
        self._contexts[run.id] = (context, {})
        try:
            outcome = await perform(job, context, cancel_seconds=term.pace.cancel)
        finally:
            del self._contexts[run.id]
        return outcome, plain_stats(context.stats)

    def _following(self, job: Job[R], run: Run, outcome: Outcome) -> NextAttempt | None:
        if not outcome.failed or run.attempt >= job.max_attempts:
            return None
        pause = attempts.pause_before(
            run.attempt + 1, job.retry_base_seconds, self._term.pace.retry_ceiling, random.random()
        )
        return NextAttempt.after(run, self._term.wall() + pause)

    async def _record(
        self, run: Run, outcome: Outcome, stats: dict[str, Any], following: NextAttempt | None
    ) -> bool:
        """Close the run's row and plan the next attempt in one transaction; False when another closed it."""
        term = self._term

        async def close(connection: Connection, error: BaseException | str | None, kept: object) -> bool:
            async with connection.transaction():
                ours = await ledger.finish(
                    connection, run, outcome.status, now=term.wall(), error=error, stats=kept
                )
                if ours and following is not None:
                    await attempts.plan(connection, following)
                return ours

        try:
            ours = await term.write(lambda connection: close(connection, outcome.error, stats))
        except Exception as problem:
            # What the job said is made storable before; should PostgreSQL refuse it all the same, the end itself
            # is still recorded, because an unrecorded success would be called lost and run again.
            emit("run_end_refused", exc_info=problem)
            refused = None if outcome.error is None else "What the job said cannot be stored; see the log."
            ours = await term.write(lambda connection: close(connection, refused, {}), hopeless=True)
        said: dict[str, Any] = {
            "status": outcome.status,
            "attempt": run.attempt,
            "trigger": run.trigger,
            "run": run.id,
        }
        if outcome.status in ("success", "skipped"):
            emit("run_ended", **said)
        else:
            error = None if outcome.error is None else ledger.snippet(outcome.error)
            emit("run_failed", **said, error=error, next_attempt_at=following and str(following.due_at))
        return ours

    def changed_stats(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (run id, stats) of running jobs whose stats changed since the last call."""
        for run_id, (context, seen) in list(self._contexts.items()):
            stats = plain_stats(context.stats)
            if stats != seen:
                self._contexts[run_id] = (context, stats)
                yield run_id, stats

    # --- telling

    async def _tell(self, job: Job[R], run: Run, outcome: Outcome) -> None:
        if outcome.failed:
            assert outcome.error is not None
            await self.tell_failure(job, run, outcome.error)
        elif outcome.status == "success":
            await self._tell_success(job, run)

    async def tell_failure(self, job: Job[R], run: Run, error: BaseException) -> None:
        """Tell the operators that a tick has failed for good."""
        title = f"{job.name} failed (attempt {run.attempt} of {job.max_attempts})"
        detail = f"{ledger.snippet(error)}\nSee: python -m launcher jobs history {job.name}"
        await self._term.patiently(
            lambda: self._term.desk.trouble(
                f"job:{job.name}",
                title,
                detail,
                variety=ledger.error_class(error),
                correlation_id=run.correlation_id,
            )
        )

    async def tell_outage(self, seconds: float) -> None:
        """Tell that the database was away: only now, for an alert is a row in it. It is over at once."""
        desk = self._term.desk
        await desk.trouble(
            DATABASE_TROUBLE,
            f"The clock was without PostgreSQL for {seconds:.0f} s",
            "It is back. What was missed is caught up as each job says.\nSee: python -m launcher jobs list",
            "warning",
        )
        await desk.well(DATABASE_TROUBLE)

    async def _tell_success(self, job: Job[R], run: Run) -> None:
        desk, cause = self._term.desk, f"job:{job.name}"
        await self._term.patiently(lambda: desk.well(cause, correlation_id=run.correlation_id))
        if self._heartbeat_url:
            self._pings.start(self._ping(self._heartbeat_url), name="heartbeat")

    async def _ping(self, url: str) -> None:
        import httpx

        try:
            async with asyncio.timeout(HEARTBEAT_TIMEOUT_SECONDS), httpx.AsyncClient() as client:
                (await client.get(url)).raise_for_status()
        except (httpx.HTTPError, TimeoutError, httpx.InvalidURL) as problem:
            emit("heartbeat_failed", error=type(problem).__name__)

    # --- the end of a term

    async def drained(self, seconds: float) -> bool:
        """Wait up to `seconds` for what runs to end by itself."""
        return await self._tasks.drained(seconds)

    async def close(self) -> None:
        """Cancel what runs. Its rows stay `running`: the next leader calls them lost and runs them again."""
        await self._tasks.close(self._term.pace.cancel + 1)
        with suppress(asyncio.CancelledError):
            await self._pings.drained(1.0)
        await self._pings.close(1.0)
