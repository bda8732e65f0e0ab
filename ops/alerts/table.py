"""Alerts: a row in `alerts` first, then a Telegram message, once.

Raising is a database write, so an alert survives a Telegram outage and a restart. Sending claims rows
under a lock that any number of processes may race for. One failing cause is one message per ten minutes:
repeats become `suppressed` rows, and the next message says how many.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops.database import raw
from ops.telemetry.logs import redact

if TYPE_CHECKING:
    from databases.core import Connection

DEDUPE_WINDOW = timedelta(minutes=10)
MESSAGE_CHARACTERS = 4096


async def raise_alert(
    connection: Connection,
    *,
    cause: str,
    variety: str = "",
    title: str,
    detail: str,
    correlation_id: str,
    now: datetime,
    enabled: bool = True,
) -> int:
    """Record a failure; return the alert's id. A repeat within ten minutes is recorded as suppressed.

    A trouble that comes back after its recovery was told, but within the ten minutes, is told when they
    are over, unless it has gone again by then: it may be long until it fails the next time.

    Args:
        connection: inside or outside a transaction.
        cause: what a recovery closes.
        variety: with the cause it makes the fingerprint; equal ones are one trouble.
        title: the first line.
        detail: what happened and what to do; redacted here.
        correlation_id: the run or request to look up in the logs.
        now: aware UTC.
        enabled: False records the row as disabled; nothing is sent.
    """
    body = compose(title, detail, correlation_id, now)
    mark = fingerprint(cause, variety)
    # The row lock on the fingerprint's newest alert is not enough when there is none yet: an advisory
    # lock on the fingerprint makes two processes that see one trouble at one moment raise one message.
    async with connection.transaction():
        await raw(connection).execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 41))", mark)
        await _lock_cause(connection, cause)
        alert_id = await raw(connection).fetchval(
            """
            WITH told AS (
                SELECT max(id) AS id, max(due_at) + $6::interval AS again_at
                  FROM alerts
                 WHERE fingerprint = $1 AND kind = 'failure' AND status IN ('pending', 'sent')
                   AND due_at > $4::timestamptz - $6::interval
            ), closed AS (
                SELECT EXISTS (SELECT 1 FROM alerts
                                WHERE fingerprint = $1 AND kind = 'recovery' AND status IN ('pending', 'sent')
                                  AND id > told.id) AS since
                  FROM told
            ), due AS (
                SELECT CASE WHEN closed.since THEN told.again_at ELSE $4 END AS at FROM told, closed
            )
            INSERT INTO alerts
                   (fingerprint, kind, body, correlation_id, status, due_at, next_attempt_at, created_at)
            SELECT $1, 'failure', $2, $3,
                   CASE WHEN NOT $5 THEN 'disabled'
                        WHEN told.id IS NOT NULL AND NOT closed.since THEN 'suppressed'
                        ELSE 'pending' END,
                   due.at, due.at, $4
              FROM told, closed, due
            RETURNING id
            """,
            mark,
            body,
            correlation_id,
            now,
            enabled,
            DEDUPE_WINDOW,
        )
    return int(alert_id)


async def raise_recovery(
    connection: Connection,
    *,
    cause: str,
    correlation_id: str,
    now: datetime,
    enabled: bool = True,
) -> bool:
    """Close every open trouble of `cause`, its varieties too, with one message; return whether there was any."""
    async with connection.transaction():
        await _lock_cause(connection, cause)
        # What was to be told later has gone before it was told.
        await raw(connection).execute(
            """
            UPDATE alerts SET status = 'suppressed'
             WHERE kind = 'failure' AND status = 'pending' AND due_at > $2
               AND (fingerprint = $1 OR starts_with(fingerprint, $1 || ':'))
            """,
            cause,
            now,
        )
        rows = await raw(connection).fetch(
            """
            SELECT fingerprint, count(*) AS raised, bool_or(status IN ('pending', 'sent')) AS told,
                   (array_agg(split_part(body, E'\n', 1) ORDER BY id DESC))[1] AS title
              FROM alerts AS failure
             WHERE kind = 'failure' AND (fingerprint = $1 OR starts_with(fingerprint, $1 || ':'))
               AND id > coalesce((SELECT max(id) FROM alerts
                                   WHERE kind = 'recovery' AND fingerprint = failure.fingerprint), 0)
             GROUP BY fingerprint ORDER BY fingerprint
            """,
            cause,
        )
        for number, row in enumerate(rows):
            total = sum(one["raised"] for one in rows)
            detail = f"It failed {total} time{'s' if total > 1 else ''} before."
            # One message for all of them, and none where the operators were not told of the failure: a
            # trouble that comes and goes within ten minutes is one message too.
            first_told = next((n for n, one in enumerate(rows) if one["told"]), None)
            status = "disabled" if not enabled else "pending" if number == first_told else "suppressed"
            await raw(connection).execute(
                """
                INSERT INTO alerts
                       (fingerprint, kind, body, correlation_id, status, due_at, next_attempt_at, created_at)
                VALUES ($1, 'recovery', $2, $3, $4, $5, $5, $5)
                """,
                row["fingerprint"],
                compose(_closing_title(row["title"]), detail, correlation_id, now),
                correlation_id,
                status,
                now,
            )
    return bool(rows)


async def open_troubles(connection: Connection) -> dict[str, datetime]:
    """Return the troubles that have failed since their newest recovery, by fingerprint, and since when."""
    rows = await raw(connection).fetch(
        """
        SELECT fingerprint, min(created_at) AS since FROM alerts AS failure
         WHERE kind = 'failure'
           AND NOT EXISTS (SELECT 1 FROM alerts AS recovery
                            WHERE recovery.fingerprint = failure.fingerprint
                              AND recovery.kind = 'recovery' AND recovery.id > failure.id)
         GROUP BY fingerprint
        """
    )
    return {row["fingerprint"]: row["since"] for row in rows}


def fingerprint(cause: str, variety: str = "") -> str:
    """Return what names a trouble in the table.

    >>> fingerprint("job:results", "FeedError")
    'job:results:FeedError'
    """
    return f"{cause}:{variety}" if variety else cause


def belongs(mark: str, cause: str) -> bool:
    """Return whether the trouble with this fingerprint is one of `cause`.

    >>> belongs("job:results:FeedError", "job:results"), belongs("job:results_archive:FeedError", "job:results")
    (True, False)
    """
    return mark == cause or mark.startswith(f"{cause}:")


def _closing_title(title: str) -> str:
    return "🟢 Over: " + title.lstrip("🔴🟠🟡 ")


async def _lock_cause(connection: Connection, cause: str) -> None:
    # A failure and the recovery of one cause are put in order by one lock: without it a recovery could miss the
    # failure that another process is just recording, and leave it open.
    await raw(connection).execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 42))", cause)


def compose(title: str, detail: str, correlation_id: str, now: datetime) -> str:
    """Return a message's plain text: redacted, without control characters, with room for a last line."""
    tail = f"\n{now:%Y-%m-%d %H:%M:%S} UTC\ncorrelation id: {correlation_id}"
    head = "".join(
        letter for letter in redact(f"{title}\n{detail}") if letter == "\n" or (letter.isprintable())
    )
    room = MESSAGE_CHARACTERS - 100 - len(tail)
    return (head if len(head) <= room else head[: room - 1] + "…") + tail


async def delete_before(connection: Connection, moment: datetime, batch: int = 5_000) -> int:
    """Delete up to `batch` settled alerts older than `moment`; return how many."""
    result = await raw(connection).execute(
        """
        DELETE FROM alerts
         WHERE id IN (SELECT id FROM alerts WHERE created_at < $1 AND status <> 'pending' LIMIT $2)
        """,
        moment,
        batch,
    )
    return int(result.split()[-1])
