"""The clock's engine while it leads: ticks become claimed rows of the ledger, rows become runs.

Knows nothing of sports and nothing of how leadership is won; `ops.clock.leadership` starts one `Scheduler` a
term and cancels it when the lease is lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic

from ops.clock import ledger, register
from ops.clock.due import Due, choose, jittered
from ops.clock.job import Job, R
from ops.clock.ledger import Claim, Run
from ops.clock.runner import Runner
from ops.clock.schedule import Schedule
from ops.database import session
from ops.stores import Unavailable
from ops.tasks import Tasks, waited
from ops.telemetry.logs import get_logger, redact

if TYPE_CHECKING:
    from databases import Database
    from databases.core import Connection

log = get_logger(__name__)

SWEEP_SECONDS = 30.0  # how often runs that nobody runs are looked for
REQUEST_LIFETIME = timedelta(minutes=1)  # who asked for a run has long given up by then
FREE_SECONDS = 0.1  # how often a retry looks whether the run before it is over
LOOK_SECONDS = 1.0  # how often requests, pauses and the wall clock are looked at
OUTAGE_SECONDS = 10.0  # a database away for longer is told, once it is back: alerts live in it
JUMP_SECONDS = 2.0  # a wall clock that moves this much against the monotonic one has jumped


class Scheduler(Generic[R]):
    """Evaluates schedules and runs jobs for one term of leadership."""

    def __init__(
        self,
        jobs: Sequence[Job[R]],
        schedules: dict[str, Schedule],
        runner: Runner[R],
        database: Database,
        *,
        holder: str,
        fencing_token: int,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._schedules = schedules
        self._runner = runner
        self._database = database
        self._holder = holder
        self._token = fencing_token
        self._wall = wall
        self._due: dict[str, Due[R]] = {}
        self._paused: set[str] = set()
        self._wake = asyncio.Event()
        self._swept = time.monotonic()
        self.runs = Tasks()
        self.ready = False  # the jobs are registered; ticks from here on are seen

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then return; running jobs stay in `runs` for the caller to drain."""
        self._runner.stopping = stop
        await self._begin(stop)
        self.ready = True
        offset = self._clock_offset()
        looked = 0.0
        reached = time.monotonic()  # when PostgreSQL last answered: an outage counts from there
        while not stop.is_set():
            try:
                if time.monotonic() - looked >= LOOK_SECONDS:
                    looked = time.monotonic()
                    await self._look()
                    offset = self._notice_jump(offset)
                await self._start_due()
                if time.monotonic() - reached > OUTAGE_SECONDS:
                    await self._runner.tell_outage(time.monotonic() - reached)
                reached = time.monotonic()
            except Unavailable as problem:
                # Ticks stay due; they are claimed when the database is back, as each job's catch_up says.
                log.warning("the clock waits for the database", error=redact(repr(problem)))
                await waited(stop, 0.5)
                continue
            await self._sleep(stop)

    # --- the start of a term

    async def _begin(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                # One transaction: lost runs that are marked and then forgotten would never run again.
                async with session(self._database) as connection, connection.transaction():
                    now = self._wall()
                    lost = await ledger.mark_lost(connection, self._token, now)
                    known_since = await self._register(connection, now)
                    last = await ledger.last_ticks(connection)
                    self._paused = await register.paused_jobs(connection)
                    fresh = {
                        name
                        for name, job in self._jobs.items()
                        if job.run_at_start and not await ledger.ever_succeeded(connection, name)
                    }
            except Unavailable as problem:
                log.warning("the clock waits for the database", error=redact(repr(problem)))
                await waited(stop, 0.5)
                continue
            break
        else:
            return
        self._runner.desk.forget()  # the leader before may have told what this one has to close
        for name, job in self._jobs.items():
            since = max(last.get(name, known_since[name]), known_since[name], now - job.catch_up_window)
            # Not after now: a tick recorded under a wall clock that was ahead must not silence the job.
            tick = self._schedules[name].next_after(min(since, now))
            self._due[name] = Due(job, self._schedules[name], tick, tick)
        for run in lost:
            log.warning("run lost with its holder", job=run.job_name, run=run.id, was=run.holder)
            job_of_run = self._jobs.get(run.job_name)
            if job_of_run is not None:
                self._start_retry(job_of_run, run)
        first = [name for name in self._jobs if name in fresh - {run.job_name for run in lost}]
        if first:
            self.runs.start(self._run_first(first, now), name="first runs")

    async def _run_first(self, names: list[str], now: datetime) -> None:
        """Run jobs that have never succeeded, in their order: the one before may bring what the next needs."""
        for name in names:
            if self._runner.stopping.is_set():
                return
            due = self._due[name]
            if not await self._free(due.job):
                return
            due.running += 1
            try:
                for run in await self._runner.claim([Claim(name, now, 1, "schedule")]):
                    await self._runner.run(due.job, run)
            finally:
                self._finished(due)

    async def _free(self, job: Job[R]) -> bool:
        """Wait until the job may run; False when the clock stops before."""
        while self._busy(job) and not self._runner.stopping.is_set():
            await waited(self._runner.stopping, FREE_SECONDS)
        return not self._runner.stopping.is_set()

    def _busy(self, job: Job[R]) -> bool:
        """Return whether the job, or one that shares its concurrency key, runs."""
        return self._due[job.name].running > 0 or job.concurrency_key in self._busy_keys()

    def _busy_keys(self) -> set[str | None]:
        return {due.job.concurrency_key for due in self._due.values() if due.running} - {None}

    async def _register(self, connection: Any, now: datetime) -> dict[str, datetime]:
        return await register.register(
            connection,
            [
                register.Registered(name, schedule.line, schedule.zone.key, schedule.next_after(now))
                for name, schedule in self._schedules.items()
            ],
            now,
        )

    # --- ticks

    async def _start_due(self) -> None:
        now = self._wall()
        claims: list[Claim] = []
        skipped: list[Claim] = []
        advanced: dict[str, tuple[datetime, datetime]] = {}
        busy_keys = self._busy_keys()
        for name, due in self._due.items():
            if due.start_at > now:
                continue
            following = due.schedule.next_after(now)
            if name in self._paused:
                advanced[name] = (following, jittered(due.job, following))
                due.held_up = False
                continue
            blocked = due.job.concurrency_key in busy_keys and not due.running
            if blocked or (due.running and due.job.overlap == "wait"):
                due.held_up = True
                continue  # the tick stays due; the end of the running one wakes this loop
            wanted = choose(due, now)
            advanced[name] = (following, jittered(due.job, following))
            if due.running:
                skipped += wanted[-1:]
                continue
            if due.job.concurrency_key is not None:
                busy_keys.add(due.job.concurrency_key)
            claims += wanted
        if claims:
            await self._claim_and_start(claims)
        if skipped:
            await self._record_skipped(skipped)
        for name, (tick, start_at) in advanced.items():
            due = self._due[name]
            due.tick, due.start_at, due.held_up = tick, start_at, False
        if advanced:
            async with session(self._database) as connection:
                await register.set_next_runs(connection, {name: at for name, (at, _) in advanced.items()})

    async def _claim_and_start(self, claims: list[Claim]) -> list[Run]:
        async with session(self._database) as connection:
            runs = await ledger.claim(
                connection, claims, holder=self._holder, fencing_token=self._token, now=self._wall()
            )
        self._runner.active.update(run.id for run in runs)
        by_job: dict[str, list[Run]] = {}
        for run in sorted(runs, key=lambda one: one.scheduled_for):
            by_job.setdefault(run.job_name, []).append(run)
        for name, in_order in by_job.items():
            self._spawn(name, in_order)
        return runs

    def _spawn(self, name: str, in_order: list[Run]) -> None:
        due = self._due[name]
        due.running += 1
        task = self.runs.start(self._run_all(due.job, in_order), name=f"job:{name}")
        task.add_done_callback(lambda _: self._finished(due))

    def _finished(self, due: Due[R]) -> None:
        due.running -= 1
        self._wake.set()

    async def _run_all(self, job: Job[R], in_order: list[Run]) -> None:
        try:
            for run in in_order:
                await self._runner.run(job, run)
        finally:
            self._runner.active.difference_update(run.id for run in in_order)

    def _start_retry(self, job: Job[R], lost: Run) -> None:
        self.runs.start(self._retry(self._due[job.name], lost), name=f"job:{job.name}")

    async def _retry(self, due: Due[R], lost: Run) -> None:
        # At once: a lost tick that only waited for its turn would be forgotten if this leader died too.
        due.running += 1
        try:
            following = await self._runner.claim_after(due.job, lost)
            if following is not None:
                await self._runner.run(due.job, following)
        finally:
            self._finished(due)

    async def _record_skipped(self, skipped: list[Claim]) -> None:
        async with session(self._database) as connection:
            now = self._wall()
            for run in await ledger.claim(
                connection, skipped, holder=self._holder, fencing_token=self._token, now=now
            ):
                await ledger.finish(
                    connection, run, "skipped", now=now, error="The run before it was still going."
                )

    # --- what others ask

    async def _look(self) -> None:
        async with session(self._database) as connection:
            self._paused = await register.paused_jobs(connection)
            requests = await register.waiting_requests(connection)
            for run_id, stats in self._runner.changed_stats():
                await ledger.save_stats(connection, run_id, stats)
            if time.monotonic() - self._swept > SWEEP_SECONDS:
                await self._sweep(connection)
        for request in requests:
            await self._answer(request)

    async def _sweep(self, connection: Connection) -> None:
        """Run again what this leader claimed but does not run: the answer to a claim can be lost on its way."""
        self._swept = time.monotonic()
        started_before = self._wall() - timedelta(seconds=SWEEP_SECONDS)
        for run in await ledger.mark_abandoned(
            connection, self._token, self._runner.active, started_before, self._wall()
        ):
            if run.job_name in self._jobs:
                self._start_retry(self._jobs[run.job_name], run)

    async def _answer(self, request: register.Request) -> None:
        due = self._due.get(request.job_name)
        run_id, refusal = None, None
        if due is None:
            refusal = "this clock does not know the job"
        elif self._wall() - request.requested_at > REQUEST_LIFETIME:
            refusal = "no clock was there to answer in time; ask again"
        elif due.running:
            refusal = "it is running already"
        elif self._busy(due.job):
            refusal = register.BUSY
        else:
            runs = await self._claim_and_start([Claim(request.job_name, self._wall(), 1, "manual")])
            if not runs:
                return  # another clock leads now, and answers
            run_id = runs[0].id
        async with session(self._database) as connection:
            await register.answer_request(
                connection, request.id, self._wall(), run_id=run_id, refusal=refusal
            )

    # --- time

    def _clock_offset(self) -> float:
        return self._wall().timestamp() - time.monotonic()

    def _notice_jump(self, before: float) -> float:
        offset = self._clock_offset()
        if abs(offset - before) > JUMP_SECONDS:
            log.warning("the wall clock jumped", seconds=round(offset - before, 1))
        if offset < before - JUMP_SECONDS:
            # Back: plan anew from here, or everything would wait until time has caught up. Ticks that ran
            # already are refused by the ledger.
            for due in self._due.values():
                due.tick = due.schedule.next_after(self._wall())
                due.start_at = jittered(due.job, due.tick)
        return offset

    async def _sleep(self, stop: asyncio.Event) -> None:
        now = self._wall()
        ahead = (due.start_at for due in self._due.values() if due.start_at > now)
        seconds = min((min(ahead, default=now + timedelta(days=1)) - now).total_seconds(), LOOK_SECONDS)
        stopping = asyncio.ensure_future(stop.wait())
        waking = asyncio.ensure_future(self._wake.wait())
        await asyncio.wait((stopping, waking), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for waiter in (stopping, waking):
            waiter.cancel()
        self._wake.clear()
