"""A term of leadership on real stores, with a wall clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.alerts.desk import Desk
from ops.clock import ledger
from ops.clock.due import plan_jobs
from ops.clock.fence import next_token
from ops.clock.job import Job
from ops.clock.ledger import Run
from ops.clock.runner import Runner
from ops.clock.scheduler import Scheduler
from ops.database import session
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis

NOON = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)  # half past a minute: no tick is due at the start


class Wall:
    """A wall clock that stands still until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


class Bench:
    """Starts terms, and reads what they left in the ledger."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self.database = database
        self.redis = redis
        self.wall = Wall()

    @asynccontextmanager
    async def term(self, *jobs: Job[Any], **runner_options: Any) -> AsyncIterator[Runner[Any]]:
        """Lead with `jobs` until the block ends; what still runs is cancelled then, as by a lost lease."""
        async with session(self.database) as connection:
            token = await next_token(connection, "bench", self.wall())
        runner: Runner[Any] = Runner(
            self.database,
            self.redis,
            None,
            holder="bench",
            fencing_token=token,
            desk=Desk(self.database, "bench", wall=self.wall),
            wall=self.wall,
            **runner_options,
        )
        schedules = plan_jobs(jobs, {}, "UTC")
        scheduler = Scheduler(
            jobs, schedules, runner, self.database, holder="bench", fencing_token=token, wall=self.wall
        )
        stop = asyncio.Event()
        running = asyncio.create_task(scheduler.run(stop))
        # Registered is ready: from then on a move of the wall clock is seen by this term.
        await eventually(lambda: running.done() or scheduler.ready)
        try:
            yield runner
        finally:
            stop.set()
            await scheduler.runs.close()
            await runner.close()
            await running

    async def runs(self, *, job: str | None = None) -> list[Run]:
        """The ledger, in the order of ticks and attempts."""
        async with session(self.database) as connection:
            rows = await connection.fetch_all("SELECT DISTINCT job_name FROM scheduler_job_runs")
            names = [job] if job else [row["job_name"] for row in rows]
            found = [run for name in names for run in await ledger.history(connection, name, 1000)]
        return sorted(found, key=lambda run: (run.scheduled_for, run.job_name, run.attempt))

    async def settled(self, count: int, timeout: float = 10) -> list[Run]:
        """Wait until the ledger has `count` runs and none is running; return them."""

        async def enough() -> tuple[list[Run]] | None:
            found = await self.runs()
            done = len(found) >= count and all(run.status != "running" for run in found)
            return (found,) if done else None

        found: list[Run] = (await eventually(enough, timeout=timeout))[0]
        assert len(found) == count, [(run.job_name, run.scheduled_for, run.status) for run in found]
        return found

    async def alerts(self) -> list[tuple[str, str, str]]:
        """(fingerprint, kind, status) of every alert, oldest first."""
        async with session(self.database) as connection:
            rows = await connection.fetch_all("SELECT fingerprint, kind, status FROM alerts ORDER BY id")
        return [(row["fingerprint"], row["kind"], row["status"]) for row in rows]


def minute(number: int) -> datetime:
    """The moment `number` minutes after noon."""
    return datetime(2026, 6, 1, 12, tzinfo=UTC) + timedelta(minutes=number)


def outline(runs: Sequence[Run]) -> list[tuple[int, int, str, str]]:
    """(minute after noon, attempt, trigger, status) of each run."""
    return [
        (round((run.scheduled_for - minute(0)).total_seconds() / 60), run.attempt, run.trigger, run.status)
        for run in runs
    ]


def job(run: Callable[..., Any], name: str = "job", schedule: str = "* * * * *", **options: Any) -> Job[Any]:
    """A job that fails fast and retries at once, unless told otherwise."""
    return Job(name=name, run=run, schedule=schedule, **{"retry_base_seconds": 0.01, **options})
