"""A clock with test jobs, as a process of its own: ``python -m tests.chaos.clock_process KIND``."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from launcher.roles.clock import serve_clock
from ops.clock.job import Job, JobContext
from ops.telemetry.logs import configure_logging
from quartapp.jobs import settle as settling
from quartapp.jobs.odds_refresh import ODDS_REFRESH
from quartapp.settings import Settings, load_settings
from quartapp.upstreams import open_upstreams
from tests.support.waiting import eventually, for_ever, time_passes


@asynccontextmanager
async def no_resources(_: Settings) -> AsyncIterator[None]:
    yield None


async def tick(context: JobContext[None]) -> dict[str, object]:
    """Write one row, under the fencing check."""
    async with context.transaction() as connection:
        await connection.execute(
            "INSERT INTO ticks (job_name, scheduled_for, token) VALUES (:job, :at, :token)",
            {"job": context.job_name, "at": context.scheduled_for, "token": context.fencing_token},
        )
    return {"wrote": 1}


async def slow(context: JobContext[None]) -> dict[str, object]:
    """Begin, wait until a test lets it go on (a row in `gates`), then write its value."""
    async with context.transaction() as connection:
        await connection.execute(
            "INSERT INTO begun (token) VALUES (:token)", {"token": context.fencing_token}
        )

    async def open_gate() -> bool:
        async with context.transaction() as connection:
            return bool(await connection.fetch_val("SELECT EXISTS (SELECT 1 FROM gates)"))

    await eventually(open_gate, timeout=600, pause=0.05)
    async with context.transaction() as connection:
        await connection.execute("UPDATE answer SET token = :token", {"token": context.fencing_token})
    return {}


async def blind_write(context: JobContext[None]) -> dict[str, object]:
    """Read, then stand still inside the job without the database, then write: what a paused leader does."""
    async with context.transaction() as connection:
        await connection.execute(
            "INSERT INTO begun (token) VALUES (:token)", {"token": context.fencing_token}
        )
    await time_passes(1.5)
    async with context.transaction() as connection:
        await connection.execute("UPDATE answer SET token = :token", {"token": context.fencing_token})
    return {}


async def deaf(context: JobContext[None]) -> None:
    """Begin, and swallow every cancellation."""
    async with context.transaction() as connection:
        await connection.execute(
            "INSERT INTO begun (token) VALUES (:token)", {"token": context.fencing_token}
        )
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await for_ever()


async def fails_once(context: JobContext[None]) -> dict[str, object]:
    """Fail at the first attempt."""
    if context.attempt == 1:
        raise RuntimeError("the source is down")
    return await tick(context)


async def settle(context: JobContext[Any]) -> Mapping[str, object]:
    """The product's own job, in small batches."""
    settling.BATCH = 20
    return await settling.settle(context)


EVERY_SECOND = "* * * * * *"
KINDS: dict[str, list[Job[Any]]] = {
    "tick": [
        Job(
            name="tick",
            run=tick,
            schedule=EVERY_SECOND,
            catch_up="all",
            overlap="wait",
            # No limit of its own is met on a machine that is slow, or whose leaders are killed ten times.
            catch_up_window=timedelta(hours=1),
            max_attempts=50,
            retry_base_seconds=0.2,
        )
    ],
    "slow": [Job(name="slow", run=slow, schedule="0 0 1 1 *", run_at_start=True, retry_base_seconds=0.1)],
    "blind": [
        Job(name="blind", run=blind_write, schedule="0 0 1 1 *", run_at_start=True, retry_base_seconds=0.1)
    ],
    "fifty": [Job(name=f"job{n:02d}", run=tick, schedule=EVERY_SECOND) for n in range(50)],
    "deaf": [Job(name="deaf", run=deaf, schedule="0 0 1 1 *", run_at_start=True)],
    "fails_once": [
        Job(name="once", run=fails_once, schedule="0 0 1 1 *", run_at_start=True, retry_base_seconds=3)
    ],
    "settle": [
        Job(name="settle", run=settle, schedule=EVERY_SECOND, max_attempts=50, retry_base_seconds=0.1)
    ],
    "odds": [replace(ODDS_REFRESH, schedule=EVERY_SECOND, retry_base_seconds=0.1)],
    "idle": [Job(name="idle", run=tick, schedule="0 0 1 1 *")],
}


async def main(kind: str) -> None:
    settings = load_settings()
    configure_logging(settings.log_level, "json", settings.secrets)
    resources: Callable[[Settings], AbstractAsyncContextManager[Any]] = no_resources
    if kind == "odds":
        resources = open_upstreams
    await serve_clock(settings, jobs=KINDS[kind], open_upstreams=resources)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
