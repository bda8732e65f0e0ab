"""What is due: a job's next tick, and the runs to make of the ticks that have come. Pure: time comes in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic

from ops.clock.job import Job, R
from ops.clock.ledger import Claim
from ops.clock.schedule import Schedule
from ops.telemetry.events import emit


@dataclass(slots=True)
class Due(Generic[R]):
    """A job and its next tick. `start_at` is the tick plus its jitter; `held_up` when it waits for a run."""

    job: Job[R]
    schedule: Schedule
    tick: datetime
    start_at: datetime
    running: int = 0
    held_up: bool = False


def plan_jobs(jobs: Sequence[Job[R]], lines: dict[str, str], timezone: str) -> dict[str, Schedule]:
    """Return each job's schedule. Raises ScheduleError for the first that cannot be used."""
    unknown = set(lines) - {job.name for job in jobs}
    if unknown:
        names = ", ".join(f"SCHEDULE_{name.upper()}" for name in sorted(unknown))
        emit("schedule_unknown", variables=names)
    return {
        job.name: Schedule.parse(
            f"SCHEDULE_{job.name.upper()}" if job.name in lines else job.name,
            lines.get(job.name, job.schedule),
            job.timezone or timezone,
        )
        for job in jobs
    }


def choose(due: Due[R], now: datetime) -> list[Claim]:
    """Return the runs for one job's due ticks: usually one; more when ticks were missed."""
    job = due.job
    # Never further back than the window: a wall clock that leaps a year is not a year of ticks.
    since = max(due.tick - timedelta(microseconds=1), now - job.catch_up_window)
    newest = due.schedule.last_between(since, now)
    if newest is None:
        return []
    on_time = due.held_up or newest > now - timedelta(seconds=job.jitter_seconds + 1.0)
    if job.catch_up == "all":
        ticks = due.schedule.ticks_between(since, now)
        return [
            Claim(job.name, tick, 1, "schedule" if on_time and tick == newest else "catch_up")
            for tick in ticks
        ]
    if not on_time and job.catch_up == "skip":
        return []
    return [Claim(job.name, newest, 1, "schedule" if on_time else "catch_up")]


def jittered(job: Job[R], tick: datetime) -> datetime:
    """Return when the run of `tick` starts."""
    return tick + timedelta(seconds=random.uniform(0, job.jitter_seconds)) if job.jitter_seconds else tick
