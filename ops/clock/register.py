"""The jobs that the clock knows, kept in `scheduler_jobs`: schedules, pauses, and what last became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection


class UnknownJobError(LookupError):
    """No job has that name; the message lists those that there are."""


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job and its newest finished run; `status` is never for one that never ran."""

    job_name: str
    schedule: str
    timezone: str
    paused: bool
    next_run_at: datetime | None
    status: str
    last_run_at: datetime | None
    duration_ms: int | None
    error_snippet: str | None
    correlation_id: str | None
    last_success_at: datetime | None


@dataclass(frozen=True, slots=True)
class Registered:
    """What a clock needs to know of a job it registers."""

    job_name: str
    schedule: str
    timezone: str
    next_run_at: datetime | None


async def register(connection: Connection, jobs: Sequence[Registered], now: datetime) -> dict[str, datetime]:
    """Write the jobs, forget those that are gone; return since when each is known."""
    rows = await raw(connection).fetch(
        """
        INSERT INTO scheduler_jobs (job_name, schedule, timezone, next_run_at, known_since, updated_at)
        SELECT wanted.*, $5, $5 FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS wanted
            ON CONFLICT (job_name) DO UPDATE
           SET schedule = excluded.schedule, timezone = excluded.timezone,
               next_run_at = excluded.next_run_at, updated_at = excluded.updated_at
        RETURNING job_name, known_since
        """,
        [job.job_name for job in jobs],
        [job.schedule for job in jobs],
        [job.timezone for job in jobs],
        [job.next_run_at for job in jobs],
        now,
    )
    await raw(connection).execute(
        "DELETE FROM scheduler_jobs WHERE job_name <> ALL ($1::text[])", [job.job_name for job in jobs]
    )
    return {row["job_name"]: row["known_since"] for row in rows}


async def set_next_runs(connection: Connection, next_runs: Mapping[str, datetime]) -> None:
    """Write when jobs are due next, for those who watch."""
    await raw(connection).execute(
        """
        UPDATE scheduler_jobs AS job SET next_run_at = due.at
          FROM unnest($1::text[], $2::timestamptz[]) AS due (job_name, at)
         WHERE job.job_name = due.job_name
        """,
        list(next_runs),
        list(next_runs.values()),
    )


async def paused_jobs(connection: Connection) -> set[str]:
    """Return the names of paused jobs."""
    rows = await raw(connection).fetch("SELECT job_name FROM scheduler_jobs WHERE paused_at IS NOT NULL")
    return {row["job_name"] for row in rows}


async def pause(connection: Connection, job_name: str, now: datetime) -> None:
    """Stop scheduling a job until `resume`; it survives restarts. Raises UnknownJobError."""
    found = await raw(connection).fetchval(
        "UPDATE scheduler_jobs SET paused_at = $2 WHERE job_name = $1 RETURNING job_name", job_name, now
    )
    if found is None:
        raise await unknown_job(connection, job_name)


async def resume(connection: Connection, job_name: str, now: datetime) -> None:
    """Schedule a paused job again, from its next tick on: what it missed meanwhile was meant to be missed.

    Raises UnknownJobError.
    """
    found = await raw(connection).fetchval(
        """
        UPDATE scheduler_jobs
           SET known_since = CASE WHEN paused_at IS NULL THEN known_since ELSE $2 END, paused_at = NULL
         WHERE job_name = $1
        RETURNING job_name
        """,
        job_name,
        now,
    )
    if found is None:
        raise await unknown_job(connection, job_name)


async def summaries(connection: Connection) -> list[JobSummary]:
    """Return every known job with its newest finished run, by name."""
    rows = await raw(connection).fetch(
        """
        SELECT job.job_name, job.schedule, job.timezone, job.paused_at IS NOT NULL AS paused, job.next_run_at,
               coalesce(newest.status, 'never') AS status, newest.started_at AS last_run_at, newest.duration_ms,
               newest.error_snippet, newest.correlation_id, success.finished_at AS last_success_at
          FROM scheduler_jobs AS job
          LEFT JOIN LATERAL (SELECT status, started_at, duration_ms, error_snippet, correlation_id
                               FROM scheduler_job_runs WHERE job_name = job.job_name
                              ORDER BY scheduled_for DESC, attempt DESC LIMIT 1) AS newest ON true
          LEFT JOIN LATERAL (SELECT finished_at FROM scheduler_job_runs
                              WHERE job_name = job.job_name AND status = 'success'
                              ORDER BY finished_at DESC LIMIT 1) AS success ON true
         ORDER BY job.job_name
        """
    )
    return [JobSummary(**row) for row in rows]


async def check_known(connection: Connection, job_name: str) -> None:
    """Raise UnknownJobError unless there is a job of that name."""
    if not await raw(connection).fetchval("SELECT 1 FROM scheduler_jobs WHERE job_name = $1", job_name):
        raise await unknown_job(connection, job_name)


async def unknown_job(connection: Connection, job_name: str) -> UnknownJobError:
    """Return the error that names the jobs there are."""
    rows = await raw(connection).fetch("SELECT job_name FROM scheduler_jobs ORDER BY job_name")
    known = ", ".join(row["job_name"] for row in rows) or "none: no clock has started on this database yet"
    return UnknownJobError(f"There is no job {job_name!r}. Jobs: {known}.")
