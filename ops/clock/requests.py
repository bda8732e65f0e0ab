"""Requests to run a job now, kept in `job_requests`: any process asks, the leading clock looks and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ops.clock.register import unknown_job
from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection

Code = Literal["unknown", "too_late", "running", "busy"]

REFUSALS: Mapping[Code, str] = {
    "unknown": "this clock does not know the job",
    "too_late": "no clock was there to answer in time; ask again",
    "running": "it is running already",
    # `jobs run` of the version before compares this sentence: it stays as it is.
    "busy": "a job that may not run beside it is running",
}


@dataclass(frozen=True, slots=True)
class Request:
    """Someone wants a job to run now. Until `wait_until` the request waits for jobs that may not run beside it."""

    id: int
    job_name: str
    requested_by: str
    requested_at: datetime
    wait_until: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: `taken` when it is settled, else `code` says what it waits for."""

    taken: bool
    run_id: int | None
    code: str | None
    refusal: str | None


async def ask(
    connection: Connection,
    job_name: str,
    requested_by: str,
    now: datetime,
    *,
    wait_until: datetime | None = None,
) -> int:
    """Ask the leading clock to run a job now; return the request's id. Raises UnknownJobError."""
    request_id = await raw(connection).fetchval(
        """
        INSERT INTO job_requests (job_name, requested_at, requested_by, wait_until)
        SELECT job_name, $2, $3, $4 FROM scheduler_jobs WHERE job_name = $1
        RETURNING id
        """,
        job_name,
        now,
        requested_by,
        wait_until,
    )
    if request_id is None:
        raise await unknown_job(connection, job_name)
    return int(request_id)


async def waiting(connection: Connection) -> list[Request]:
    """Return the requests that no clock has answered, oldest first."""
    rows = await raw(connection).fetch(
        """
        SELECT id, job_name, requested_by, requested_at, wait_until
          FROM job_requests WHERE taken_at IS NULL ORDER BY id
        """
    )
    return [Request(**row) for row in rows]


async def hold(connection: Connection, request_id: int, code: Code) -> None:
    """Say what a request waits for."""
    await raw(connection).execute(
        "UPDATE job_requests SET code = $2 WHERE id = $1 AND taken_at IS NULL AND code IS DISTINCT FROM $2",
        request_id,
        code,
    )


async def answer(
    connection: Connection,
    request_id: int,
    now: datetime,
    *,
    run_id: int | None = None,
    code: Code | None = None,
) -> None:
    """Record which run answers a request, or why none does."""
    await raw(connection).execute(
        "UPDATE job_requests SET taken_at = $2, run_id = $3, code = $4, refusal = $5 WHERE id = $1",
        request_id,
        now,
        run_id,
        code,
        None if code is None else REFUSALS[code],
    )


async def withdraw(connection: Connection, request_id: int, now: datetime) -> None:
    """Take a request back that nobody has answered: who asked waits no more."""
    await raw(connection).execute(
        """
        UPDATE job_requests SET taken_at = $2, code = 'withdrawn', refusal = 'it was withdrawn'
         WHERE id = $1 AND taken_at IS NULL
        """,
        request_id,
        now,
    )


async def read_answer(connection: Connection, request_id: int) -> Answer:
    """Return what became of a request."""
    row = await raw(connection).fetchrow(
        "SELECT taken_at IS NOT NULL AS taken, run_id, code, refusal FROM job_requests WHERE id = $1",
        request_id,
    )
    return Answer(True, None, "gone", "the request is gone") if row is None else Answer(**row)


async def delete_before(connection: Connection, moment: datetime, batch: int = 5_000) -> int:
    """Delete up to `batch` requests made before `moment`; return how many."""
    result = await raw(connection).execute(
        "DELETE FROM job_requests WHERE id IN (SELECT id FROM job_requests WHERE requested_at < $1 LIMIT $2)",
        moment,
        batch,
    )
    return int(result.split()[-1])
