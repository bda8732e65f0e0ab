"""The next attempts of runs that failed or were lost: each is a row with its time in `scheduler_next_attempts`.

A pause between attempts that lived in a process's memory would end with the process, and the tick would be
forgotten. The row is written in the transaction that closes the attempt before, and any later leader takes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops.clock import ledger
from ops.clock.ledger import Claim, Run
from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection


@dataclass(frozen=True, slots=True)
class NextAttempt:
    """An attempt that waits for its time."""

    job_name: str
    scheduled_for: datetime
    attempt: int
    due_at: datetime

    @classmethod
    def after(cls, run: Run, due_at: datetime) -> NextAttempt:
        """Return the attempt that follows `run`."""
        return cls(run.job_name, run.scheduled_for, run.attempt + 1, due_at)


async def plan(connection: Connection, following: NextAttempt) -> None:
    """Write an attempt down; of two plans for one tick the later attempt stays."""
    await raw(connection).execute(
        """
        INSERT INTO scheduler_next_attempts AS planned (job_name, scheduled_for, attempt, due_at)
        VALUES ($1, $2, $3, $4)
            ON CONFLICT (job_name, scheduled_for) DO UPDATE
           SET attempt = excluded.attempt, due_at = excluded.due_at
         WHERE planned.attempt < excluded.attempt
        """,
        following.job_name,
        following.scheduled_for,
        following.attempt,
        following.due_at,
    )


async def waiting(connection: Connection) -> list[NextAttempt]:
    """Return every attempt that waits, soonest first."""
    rows = await raw(connection).fetch(
        "SELECT job_name, scheduled_for, attempt, due_at FROM scheduler_next_attempts ORDER BY due_at"
    )
    return [NextAttempt(**row) for row in rows]


async def take(
    connection: Connection, following: NextAttempt, *, holder: str, fencing_token: int, now: datetime
) -> Run | None:
    """Claim an attempt and strike its row out in one transaction; None when another leader has it."""
    async with connection.transaction():
        wanted = Claim(following.job_name, following.scheduled_for, following.attempt, "retry")
        runs = await ledger.claim(connection, [wanted], holder=holder, fencing_token=fencing_token, now=now)
        # Only what is in the ledger is struck out: a replaced leader claims nothing and must delete nothing.
        await raw(connection).execute(
            """
            DELETE FROM scheduler_next_attempts AS planned
             WHERE job_name = $1 AND scheduled_for = $2 AND attempt <= $3
               AND EXISTS (SELECT 1 FROM scheduler_job_runs AS run
                            WHERE run.job_name = $1 AND run.scheduled_for = $2 AND run.attempt = $3)
            """,
            following.job_name,
            following.scheduled_for,
            following.attempt,
        )
    return runs[0] if runs else None


async def drop(connection: Connection, following: NextAttempt, fencing_token: int) -> None:
    """Strike out an attempt that is not needed any more, unless a newer leader has taken over."""
    await raw(connection).execute(
        """
        DELETE FROM scheduler_next_attempts
         WHERE job_name = $1 AND scheduled_for = $2 AND attempt = $3
           AND EXISTS (SELECT 1 FROM scheduler_fences WHERE name = 'clock' AND token = $4)
        """,
        following.job_name,
        following.scheduled_for,
        following.attempt,
        fencing_token,
    )


async def superseded(connection: Connection, following: NextAttempt) -> bool:
    """Return whether a later tick or request of the job has succeeded meanwhile."""
    return bool(
        await raw(connection).fetchval(
            """
            SELECT EXISTS (SELECT 1 FROM scheduler_job_runs
                            WHERE job_name = $1 AND status = 'success' AND scheduled_for > $2)
            """,
            following.job_name,
            following.scheduled_for,
        )
    )


async def delete_before(connection: Connection, moment: datetime, batch: int = 5_000) -> int:
    """Delete attempts that were due before `moment` (of jobs that no clock knows any more); return how many."""
    result = await raw(connection).execute(
        """
        DELETE FROM scheduler_next_attempts
         WHERE ctid IN (SELECT ctid FROM scheduler_next_attempts WHERE due_at < $1 LIMIT $2)
        """,
        moment,
        batch,
    )
    return int(result.split()[-1])


def pause_before(attempt: int, base_seconds: float, ceiling_seconds: float, jitter: float) -> timedelta:
    """Return how long attempt number `attempt` (2 is the first repetition) waits; `jitter` is from 0 to 1.

    >>> [pause_before(n, 2, 60, 0).total_seconds() for n in (2, 3, 4, 8)]
    [2.0, 4.0, 8.0, 60.0]
    """
    doubled = base_seconds * 2.0 ** min(attempt - 2, 30)
    return timedelta(seconds=min(ceiling_seconds, doubled + jitter * base_seconds))
