"""The ledger: every run of every job is a row in `scheduler_job_runs`, there before the run starts.

Its unique (job_name, scheduled_for, attempt) is what makes a tick run once: two leaders may both insert,
one row wins.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from ops.clock.plain import clean_text, plain_stats
from ops.database import raw

if TYPE_CHECKING:
    import asyncpg
    from databases.core import Connection

    from ops.clock.job import Trigger

Status = Literal["running", "success", "failure", "timeout", "lost", "skipped"]
SNIPPET_CHARACTERS = 500
MAX_DURATION_MS = 2**31 - 1  # the column's type ends there: 24 days, or a wall clock that leapt


@dataclass(frozen=True, slots=True)
class Claim:
    """A tick that a leader wants to run."""

    job_name: str
    scheduled_for: datetime
    attempt: int
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class Run:
    """A row of the ledger."""

    id: int
    job_name: str
    scheduled_for: datetime
    attempt: int
    trigger: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    duration_ms: int | None
    error_class: str | None
    error_snippet: str | None
    correlation_id: str
    holder: str
    fencing_token: int
    stats: dict[str, Any]


_COLUMNS = tuple(column.name for column in fields(Run))


def _run(row: asyncpg.Record) -> Run:
    """Read a row by name, because a newer version may have added columns while this one still runs."""
    return Run(**{name: row[name] for name in _COLUMNS})


def snippet(error: BaseException | str) -> str:
    """Return what the ledger keeps of an error: redacted, storable, at most 500 characters; never raises."""
    if isinstance(error, str):
        return clean_text(error, SNIPPET_CHARACTERS)
    return f"{error_class(error)}: {clean_text(error, SNIPPET_CHARACTERS)}"[:SNIPPET_CHARACTERS]


async def claim(
    connection: Connection, claims: Sequence[Claim], *, holder: str, fencing_token: int, now: datetime
) -> list[Run]:
    """Insert a running row for each claim that nobody has made yet; return those that are now ours."""
    rows = await raw(connection).fetch(
        """
        INSERT INTO scheduler_job_runs
               (job_name, scheduled_for, attempt, trigger, status, started_at, correlation_id, holder, fencing_token)
        SELECT job_name, scheduled_for, attempt, trigger, 'running', $6, correlation_id, $7, $8
          FROM unnest($1::text[], $2::timestamptz[], $3::int[], $4::text[], $5::text[])
               AS wanted (job_name, scheduled_for, attempt, trigger, correlation_id)
         WHERE EXISTS (SELECT 1 FROM scheduler_fences WHERE name = 'clock' AND token = $8)
            ON CONFLICT (job_name, scheduled_for, attempt) DO NOTHING
        RETURNING *
        """,
        [one.job_name for one in claims],
        [one.scheduled_for for one in claims],
        [one.attempt for one in claims],
        [one.trigger for one in claims],
        [uuid.uuid4().hex for _ in claims],
        now,
        holder,
        fencing_token,
    )
    return [_run(row) for row in rows]


async def idle(connection: Connection) -> dict[str, datetime]:
    """Return the jobs whose newest run with something due did nothing though it succeeded, and when it ended.

    A job says in its stats how much was `due` and how much it has `done`. A run with nothing due says nothing, and many
    may lie between: a partial index (scheduler_job_runs_busy) finds the newest that had something.
    """
    rows = await raw(connection).fetch(
        """
        SELECT job.job_name, busy.finished_at
          FROM scheduler_jobs AS job
         CROSS JOIN LATERAL (
               SELECT stats, finished_at FROM scheduler_job_runs
                WHERE job_name = job.job_name AND status = 'success'
                  AND jsonb_typeof(stats -> 'due') = 'number' AND stats -> 'due' > '0'::jsonb
                ORDER BY scheduled_for DESC, attempt DESC LIMIT 1) AS busy
         WHERE busy.stats -> 'done' = '0'::jsonb
        """
    )
    return {row["job_name"]: row["finished_at"] for row in rows}


async def newest_stats(connection: Connection, job_name: str) -> dict[str, Any]:
    """Return what a job's newest run that succeeded says of itself; nothing where none has."""
    stats = await raw(connection).fetchval(
        """
        SELECT stats FROM scheduler_job_runs WHERE job_name = $1 AND status = 'success'
         ORDER BY scheduled_for DESC, attempt DESC LIMIT 1
        """,
        job_name,
    )
    return stats if isinstance(stats, dict) else {}


async def finish(
    connection: Connection,
    run: Run,
    status: Status,
    *,
    now: datetime,
    error: BaseException | str | None = None,
    stats: object = None,
) -> bool:
    """Close a running row; False when another has closed it otherwise (a newer leader called it lost)."""
    closed = await raw(connection).fetchval(
        """
        UPDATE scheduler_job_runs
           SET status = $2, finished_at = $3, duration_ms = $4, error_class = $5, error_snippet = $6, stats = $7
         WHERE id = $1 AND status = 'running'
        RETURNING id
        """,
        run.id,
        status,
        now,
        min(MAX_DURATION_MS, max(0, round((now - run.started_at).total_seconds() * 1000))),
        None if error is None else error_class(error),
        None if error is None else snippet(error),
        plain_stats(stats),
    )
    if closed is not None:
        return True
    # The answer to this very write may have been lost on its way, and then it is made a second time.
    stands = await raw(connection).fetchval("SELECT status FROM scheduler_job_runs WHERE id = $1", run.id)
    return bool(stands == status and status != "lost")


def error_class(error: BaseException | str) -> str:
    """Return the short name that alerts are grouped by."""
    return "Error" if isinstance(error, str) else clean_text(type(error).__name__, 100)


async def save_stats(connection: Connection, run_id: int, stats: object) -> None:
    """Keep a running job's stats (its progress) for those who watch."""
    await raw(connection).execute(
        "UPDATE scheduler_job_runs SET stats = $2 WHERE id = $1 AND status = 'running'",
        run_id,
        plain_stats(stats),
    )


async def mark_lost(connection: Connection, fencing_token: int, now: datetime) -> list[Run]:
    """Close the runs that earlier leaders left running; return them."""
    rows = await raw(connection).fetch(
        """
        UPDATE scheduler_job_runs
           SET status = 'lost', finished_at = $2, error_class = 'HolderLost',
               error_snippet = 'The process that ran this is gone or was replaced as leader.',
               duration_ms = least(2147483647, greatest(0, extract(epoch FROM $2 - started_at) * 1000))::int
         WHERE status = 'running' AND fencing_token < $1
        RETURNING *
        """,
        fencing_token,
        now,
    )
    return [_run(row) for row in rows]


async def mark_abandoned(
    connection: Connection,
    fencing_token: int,
    active: Collection[int],
    started_before: datetime,
    now: datetime,
) -> list[Run]:
    """Close as lost what a leader claimed but does not run (none of `active`); return them."""
    rows = await raw(connection).fetch(
        """
        UPDATE scheduler_job_runs
           SET status = 'lost', finished_at = $4, error_class = 'HolderLost',
               error_snippet = 'The clock claimed this run but never ran it.',
               duration_ms = least(2147483647, greatest(0, extract(epoch FROM $4 - started_at) * 1000))::int
         WHERE status = 'running' AND fencing_token = $1 AND id <> ALL ($2::bigint[]) AND started_at < $3
        RETURNING *
        """,
        fencing_token,
        list(active),
        started_before,
        now,
    )
    return [_run(row) for row in rows]


async def last_ticks(connection: Connection) -> dict[str, datetime]:
    """Return each job's newest scheduled tick in the ledger; manual runs do not count."""
    rows = await raw(connection).fetch(
        """
        SELECT job.job_name, newest.scheduled_for
          FROM scheduler_jobs AS job
          JOIN LATERAL (SELECT scheduled_for FROM scheduler_job_runs
                         WHERE job_name = job.job_name AND trigger IN ('schedule', 'catch_up')
                         ORDER BY scheduled_for DESC LIMIT 1) AS newest ON true
        """
    )
    return {row["job_name"]: row["scheduled_for"] for row in rows}


async def ever_succeeded(connection: Connection, job_name: str) -> bool:
    """Return whether the job has a successful run."""
    return bool(
        await connection.fetch_val(
            "SELECT EXISTS (SELECT 1 FROM scheduler_job_runs WHERE job_name = :name AND status = 'success')",
            {"name": job_name},
        )
    )


async def history(connection: Connection, job_name: str, limit: int = 20) -> list[Run]:
    """Return a job's newest runs, newest first."""
    rows = await raw(connection).fetch(
        "SELECT * FROM scheduler_job_runs WHERE job_name = $1 ORDER BY started_at DESC, id DESC LIMIT $2",
        job_name,
        limit,
    )
    return [_run(row) for row in rows]


async def get(connection: Connection, run_id: int) -> Run | None:
    """Return one run."""
    row = await raw(connection).fetchrow("SELECT * FROM scheduler_job_runs WHERE id = $1", run_id)
    return None if row is None else _run(row)


async def delete_before(connection: Connection, moment: datetime, batch: int = 5_000) -> int:
    """Delete up to `batch` runs that started before `moment`; return how many."""
    result = await raw(connection).execute(
        """
        DELETE FROM scheduler_job_runs
         WHERE id IN (SELECT id FROM scheduler_job_runs
                       WHERE started_at < $1 AND status <> 'running' ORDER BY started_at LIMIT $2)
        """,
        moment,
        batch,
    )
    return int(result.split()[-1])
