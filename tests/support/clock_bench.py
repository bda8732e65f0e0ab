"""A term of leadership on real stores, with a wall clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.alerts.desk import Desk
from ops.clock import ledger
from ops.clock.due import plan_jobs
from ops.clock.fence import next_token
from ops.clock.job import Job
from ops.clock.ledger import Claim, Run
from ops.clock.runner import Runner
from ops.clock.scheduler import Scheduler
from ops.clock.term import Pace, Term
from ops.database import session
from ops.stores import Stores
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


@dataclass
class Leading:
    """A term under way."""

    term: Term
    runner: Runner[Any]
    scheduler: Scheduler[Any]
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def claim(self, *claims: Claim) -> list[Run]:
        """Claim ticks in this term's name, without running them."""
        async with session(self.term.stores.database) as connection:
            return await ledger.claim(
                connection,
                claims,
                holder=self.term.holder,
                fencing_token=self.term.token,
                now=self.term.wall(),
            )

    async def looked(self, times: int = 3) -> None:
        """Wait until the scheduler has gone round a few times: what it was to do, it has done by then."""
        enough = self.scheduler.looks + times
        await eventually(lambda: self.scheduler.looks >= enough)


class Bench:
    """Starts terms, and reads what they left in the ledger."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self.database = database
        self.redis = redis
        self.wall = Wall()
        self.pace = Pace(look=0.02, cancel=0.5)  # the sweep and the rest as in production

    @asynccontextmanager
    async def term(self, *jobs: Job[Any], heartbeat_url: str | None = None) -> AsyncIterator[Leading]:
        """Lead with `jobs` until the block ends; what still runs is cancelled then, as by a lost lease."""
        async with session(self.database) as connection:
            token = await next_token(connection, "bench", self.wall())
        desk = Desk(self.database, "bench", wall=self.wall)
        stores = Stores(self.database, self.redis)
        term = Term(stores, token, "bench", desk, wall=self.wall, pace=self.pace)
        runner: Runner[Any] = Runner(term, None, heartbeat_url=heartbeat_url)
        scheduler = Scheduler(jobs, plan_jobs(jobs, {}, "UTC"), runner, term)
        leading = Leading(term, runner, scheduler)
        running = asyncio.create_task(scheduler.run(leading.stop))
        # Registered is ready: from then on a move of the wall clock is seen by this term.
        await eventually(lambda: running.done() or scheduler.ready)
        try:
            yield leading
        finally:
            leading.stop.set()
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
    return Job(name=name, run=run, schedule=schedule, **{"retry_base_seconds": 0.0, **options})
