"""What is too late, too often, or too long side by side: each defined here and nowhere else. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from ops.instances import Instance

OVERDUE_GRACE = timedelta(minutes=5)
BUSY_FACTOR = 4  # while a job runs, others may wait for it: they share a key or must not overlap
CRASH_LOOP_STARTS = 5  # of one role on one host within `ops.instances.STARTS_SECONDS`, beyond those that live
MIXED_GRACE = timedelta(minutes=15)  # longer than a deploy runs both versions
SERVER_ERRORS = 25  # within `ops.server_errors.WINDOW`


class JobState(Protocol):
    """What the verdict needs to know of a job; `ops.clock.register.JobSummary` is one."""

    @property
    def job_name(self) -> str:
        """Its name."""

    @property
    def paused(self) -> bool:
        """Whether an operator stopped its schedule."""

    @property
    def status(self) -> str:
        """What became of its newest run."""

    @property
    def next_run_at(self) -> datetime | None:
        """When it is due."""


def overdue(jobs: Sequence[JobState], now: datetime, grace: timedelta = OVERDUE_GRACE) -> list[str]:
    """Return the names of jobs that were due long ago and do not run."""
    busy = any(job.status == "running" for job in jobs)
    late = now - grace * (BUSY_FACTOR if busy else 1)
    return [
        job.job_name
        for job in jobs
        if not job.paused
        and job.status != "running"
        and job.next_run_at is not None
        and job.next_run_at < late
    ]


def crash_loops(starts: Mapping[tuple[str, str], int], living: Collection[Instance]) -> list[str]:
    """Return the roles that start again and again: (role, host) with many more starts than living processes."""
    alive: dict[tuple[str, str], int] = {}
    for instance in living:
        if instance.silent:
            continue
        place = instance.role, instance.holder.split(":", 1)[0]
        alive[place] = alive.get(place, 0) + 1
    return sorted(
        {
            role
            for (role, host), count in starts.items()
            if count - alive.get((role, host), 0) >= CRASH_LOOP_STARTS
        }
    )


def versions_mixed(living: Collection[Instance], now: datetime) -> list[str]:
    """Return the versions that run beside each other for longer than a deploy takes; empty when all is one."""
    versions = {instance.git_sha for instance in living}
    if len(versions) < 2:
        return []
    newest = max(datetime.fromisoformat(instance.started_at) for instance in living)
    return sorted(versions) if now - newest > MIXED_GRACE else []
