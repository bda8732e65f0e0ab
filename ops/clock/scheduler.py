"""Owns when: ticks, next attempts, first runs and requests become claimed rows of the ledger.

Knows nothing of sports, of how a run is performed (`ops.clock.runner`) or of how leadership is won
(`ops.clock.leadership` starts one `Scheduler` a term and cancels it when the lease is lost).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic

from ops.clock import attempts, ledger, register, requests
from ops.clock.due import Due, choose, jittered
from ops.clock.job import Job, R
from ops.clock.ledger import Claim, Run
from ops.clock.requests import Code, Request
from ops.clock.retries import Retries
from ops.clock.runner import RunLostError, Runner
from ops.clock.schedule import Schedule
from ops.clock.term import Term
from ops.database import session
from ops.stores import Unavailable
from ops.tasks import waited
from ops.telemetry.events import emit
from ops.telemetry.logs import redact

if TYPE_CHECKING:
    from databases.core import Connection


REQUEST_LIFETIME = timedelta(minutes=1)  # who asked for a run has long given up by then
JUMP_SECONDS = 2.0  # a wall clock that moves this much against the monotonic one has jumped


class Scheduler(Generic[R]):
    """Evaluates schedules for one term of leadership, and hands what it has claimed to the runner."""

    def __init__(
        self, jobs: Sequence[Job[R]], schedules: dict[str, Schedule], runner: Runner[R], term: Term
    ) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._schedules = schedules
        self._runner = runner
        self._term = term
        self._due: dict[str, Due[R]] = {}
        self._retries = Retries(self._jobs, term)
        self._first: list[str] = []  # jobs that have never succeeded, in the order of their first runs
        self._opened: str | None = None  # of those, the one whose first run was started
        self._paused: set[str] = set()
        self._wake = asyncio.Event()
        self._swept = time.monotonic()
        self.looks = 0  # how often the loop has gone round
        self.ready = False  # the jobs are registered; ticks from here on are seen

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then return; what runs is the runner's to drain."""
        await self._begin(stop)
        self.ready = True
        offset = self._clock_offset()
        looked = 0.0
        reached = time.monotonic()  # when PostgreSQL last answered: an outage counts from there
        while not stop.is_set():
            try:
                if time.monotonic() - looked >= self._term.pace.look:
                    looked = time.monotonic()
                    await self._look()
                    offset = self._notice_jump(offset)
                await self._start_first()
                await self._start_retries()
                await self._start_ticks()
                if time.monotonic() - reached > self._term.pace.outage:
                    await self._runner.tell_outage(time.monotonic() - reached)
                reached = time.monotonic()
            except Unavailable as problem:
                # Ticks stay due; they are claimed when the database is back, as each job's catch_up says.
                emit("store_unavailable", store="database", waiting="scheduler", error=redact(repr(problem)))
                await waited(stop, 0.5)
                continue
            self.looks += 1
            await self._sleep(stop)

    # --- the start of a term

    async def _begin(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._take_over()
            except Unavailable as problem:
                emit("store_unavailable", store="database", waiting="scheduler", error=redact(repr(problem)))
                await waited(stop, 0.5)
                continue
            return

    async def _take_over(self) -> None:
        # One transaction: lost runs that are marked but whose next attempt is not planned would never run again.
        async with session(self._term.stores.database) as connection, connection.transaction():
            now = self._term.wall()
            lost = await ledger.mark_lost(connection, self._term.token, now)
            known_since = await register.register(connection, self._registered(now), now)
            last = await ledger.last_ticks(connection)
            self._paused = await register.paused_jobs(connection)
            given_up = [run for run in lost if await self._retries.plan(connection, run, now) is None]
            planned = await attempts.waiting(connection)
            fresh = [
                name
                for name, job in self._jobs.items()
                if job.run_at_start and not await ledger.ever_succeeded(connection, name)
            ]
        self._term.desk.forget()  # the leader before may have told what this one has to close
        self._first = fresh
        for following in planned:
            self._retries.expect(following)
        for name, job in self._jobs.items():
            since = max(last.get(name, known_since[name]), known_since[name], now - job.catch_up_window)
            # Not after now: a tick recorded under a wall clock that was ahead must not silence the job.
            tick = self._schedules[name].next_after(min(since, now))
            self._due[name] = Due(job, self._schedules[name], tick, tick)
        for run in lost:
            emit("run_lost", job=run.job_name, run=run.id, was=run.holder)
        await self._give_up(given_up)

    def _registered(self, now: datetime) -> list[register.Registered]:
        return [
            register.Registered(name, schedule.line, schedule.zone.key, schedule.next_after(now))
            for name, schedule in self._schedules.items()
        ]

    async def _give_up(self, lost: Iterable[Run]) -> None:
        for run in lost:
            if (job := self._jobs.get(run.job_name)) is not None:
                reason = RunLostError("Each attempt's process died or was replaced.")
                await self._runner.tell_failure(job, run, reason)

    # --- what may start

    def _busy(self, job: Job[R]) -> bool:
        """Return whether the job, or one that shares its concurrency key, runs."""
        return self._runner.runs(job.name) or job.concurrency_key in self._busy_keys()

    def _busy_keys(self) -> set[str | None]:
        return {job.concurrency_key for job in self._jobs.values() if self._runner.runs(job.name)} - {None}

    def _unfinished(self, name: str) -> bool:
        """Return whether a tick of the job runs or waits for its next attempt."""
        return self._runner.runs(name) or self._retries.of(name)

    def _start(self, runs: Iterable[Run]) -> None:
        by_job: dict[str, list[Run]] = {}
        for run in sorted(runs, key=lambda run: run.scheduled_for):
            by_job.setdefault(run.job_name, []).append(run)
        for name, in_order in by_job.items():
            task = self._runner.start(self._jobs[name], in_order, self._retries.expect)
            task.add_done_callback(lambda _: self._wake.set())

    async def _claim_and_start(self, claims: list[Claim]) -> list[Run]:
        term = self._term
        async with session(term.stores.database) as connection:
            runs = await ledger.claim(
                connection, claims, holder=term.holder, fencing_token=term.token, now=term.wall()
            )
        self._start(runs)
        return runs

    # --- first runs

    async def _start_first(self) -> None:
        """Run jobs that have never succeeded, in their order: the one before may bring what the next needs."""
        while self._first:
            name = self._first[0]
            if self._unfinished(name) or self._busy(self._jobs[name]):
                return
            if name not in (self._opened, *self._paused) and not await self._succeeded(name):
                await self._claim_and_start([Claim(name, self._term.wall(), 1, "schedule")])
                self._opened = name
                return
            self._first.pop(0)

    async def _succeeded(self, name: str) -> bool:
        """Return whether the job has run well: a tick of its own, or an attempt, may have come first."""
        async with session(self._term.stores.database) as connection:
            return await ledger.ever_succeeded(connection, name)

    async def _start_retries(self) -> None:
        now = self._term.wall()
        for following in self._retries.due(now):
            name = following.job_name
            if not self._busy(self._jobs[name]):
                run = await self._retries.take(following, now, paused=name in self._paused)
                self._start([] if run is None else [run])

    # --- ticks

    async def _start_ticks(self) -> None:
        now = self._term.wall()
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
            unfinished = self._unfinished(name)
            blocked = due.job.concurrency_key in busy_keys and not unfinished
            if blocked or (unfinished and due.job.overlap == "wait"):
                due.held_up = True
                continue  # the tick stays due; the end of what runs wakes this loop
            wanted = choose(due, now)
            advanced[name] = (following, jittered(due.job, following))
            if unfinished:
                skipped += wanted[-1:]
                continue
            if due.job.concurrency_key is not None:
                busy_keys.add(due.job.concurrency_key)
            claims += wanted
        # First the claims, then the next ticks: with the database away in between, a tick stays due.
        if claims:
            await self._claim_and_start(claims)
        if skipped:
            await self._record_skipped(skipped)
        for name, (tick, start_at) in advanced.items():
            due = self._due[name]
            due.tick, due.start_at, due.held_up = tick, start_at, False
        if advanced:
            async with session(self._term.stores.database) as connection:
                await register.set_next_runs(connection, {name: at for name, (at, _) in advanced.items()})

    async def _record_skipped(self, skipped: list[Claim]) -> None:
        term = self._term
        async with session(term.stores.database) as connection:
            now = term.wall()
            for run in await ledger.claim(
                connection, skipped, holder=term.holder, fencing_token=term.token, now=now
            ):
                await ledger.finish(
                    connection, run, "skipped", now=now, error="The run before it was still going."
                )

    # --- what others ask

    async def _look(self) -> None:
        async with session(self._term.stores.database) as connection:
            self._paused = await register.paused_jobs(connection)
            asked = await requests.waiting(connection)
            for run_id, stats in self._runner.changed_stats():
                await ledger.save_stats(connection, run_id, stats)
            abandoned = []
            if time.monotonic() - self._swept > self._term.pace.sweep:
                abandoned = await self._sweep(connection)
        await self._give_up(abandoned)
        for request in asked:
            await self._answer(request)

    async def _sweep(self, connection: Connection) -> list[Run]:
        """Run again what this leader claimed but does not run: the answer to a claim can be lost on its way.

        Returns the runs that were lost too often to be run again.
        """
        self._swept = time.monotonic()
        now = self._term.wall()
        started_before = now - timedelta(seconds=self._term.pace.sweep)
        async with connection.transaction():
            abandoned = await ledger.mark_abandoned(
                connection, self._term.token, self._runner.active, started_before, now
            )
            planned = [(run, await self._retries.plan(connection, run, now)) for run in abandoned]
        for _, following in planned:
            if following is not None:
                self._retries.expect(following)
        return [run for run, following in planned if following is None]

    async def _answer(self, request: Request) -> None:
        job = self._jobs.get(request.job_name)
        now = self._term.wall()
        run_id: int | None = None
        code: Code | None = None
        if job is None:
            code = "unknown"
        elif now > max(request.requested_at + REQUEST_LIFETIME, request.wait_until or request.requested_at):
            code = "too_late"
        elif self._runner.runs(job.name):
            code = "running"
        elif self._busy(job):
            code = "busy"
        else:
            runs = await self._claim_and_start([Claim(request.job_name, now, 1, "manual")])
            if not runs:
                return  # another clock leads now, and answers
            run_id = runs[0].id
        async with session(self._term.stores.database) as connection:
            if code == "busy" and request.wait_until is not None:
                await requests.hold(connection, request.id, code)
            else:
                await requests.answer(connection, request.id, now, run_id=run_id, code=code)

    # --- time

    def _clock_offset(self) -> float:
        return self._term.wall().timestamp() - time.monotonic()

    def _notice_jump(self, before: float) -> float:
        offset = self._clock_offset()
        if abs(offset - before) > JUMP_SECONDS:
            emit("wall_clock_jumped", seconds=round(offset - before, 1))
        if offset < before - JUMP_SECONDS:
            # Back: plan anew from here, or everything would wait until time has caught up. Ticks that ran
            # already are refused by the ledger.
            for due in self._due.values():
                due.tick = due.schedule.next_after(self._term.wall())
                due.start_at = jittered(due.job, due.tick)
        return offset

    async def _sleep(self, stop: asyncio.Event) -> None:
        now = self._term.wall()
        moments = [due.start_at for due in self._due.values()] + self._retries.moments()
        nearest = min((moment for moment in moments if moment > now), default=now + timedelta(days=1))
        seconds = min((nearest - now).total_seconds(), self._term.pace.look)
        stopping = asyncio.ensure_future(stop.wait())
        waking = asyncio.ensure_future(self._wake.wait())
        await asyncio.wait((stopping, waking), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for waiter in (stopping, waking):
            waiter.cancel()
        self._wake.clear()
