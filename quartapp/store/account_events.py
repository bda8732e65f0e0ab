"""What every web process must know at once: sessions that ended, accounts that are excluded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection

CHANNEL = "account_events"


@dataclass(frozen=True, slots=True)
class Event:
    """A row of `account_events`. `until` of an exclusion: None is for good."""

    id: int
    kind: str
    user_id: UUID
    session_id: UUID | None
    until: datetime | None


async def exclude(connection: Connection, user_id: UUID, until: datetime | None) -> None:
    """Tell every web process that an account is excluded until then (None: for good), when this is committed."""
    await raw(connection).execute(
        "INSERT INTO account_events (kind, user_id, until) VALUES ('excluded', $1, $2)", user_id, until
    )
    await raw(connection).execute("SELECT pg_notify('account_events', '')")


async def current(connection: asyncpg.Connection[Any]) -> Sequence[Event]:
    """Return all that matters now: exclusions that last, and ends younger than an access token gets."""
    rows = await connection.fetch(
        """
        SELECT id, kind, user_id, session_id, until
          FROM account_events
         WHERE (kind = 'session_ended' AND at > clock_timestamp() - interval '30 minutes')
            OR (kind = 'excluded' AND coalesce(until, 'infinity') > clock_timestamp())
         ORDER BY id
        """
    )
    return [Event(*row) for row in rows]


async def since(connection: asyncpg.Connection[Any], last: int) -> Sequence[Event]:
    """Return what came after event `last`, and again that of the last minute.

    Because numbers are given before the commit: a lower number may become visible after a higher one.
    """
    rows = await connection.fetch(
        """
        SELECT id, kind, user_id, session_id, until
          FROM account_events
         WHERE id > $1 OR at > clock_timestamp() - interval '60 seconds'
         ORDER BY id
        """,
        last,
    )
    return [Event(*row) for row in rows]


async def standing(
    connection: Connection, user_id: UUID, session_id: UUID
) -> tuple[bool, bool, datetime | None]:
    """Return (the session is alive, the account is excluded, until when) as the database has it; None is for good."""
    row = await raw(connection).fetchrow(
        """
        SELECT EXISTS (SELECT FROM sessions
                        WHERE user_id = $1 AND id = $2 AND ended_at IS NULL AND expires_at > clock_timestamp()),
               count(*) > 0,
               CASE WHEN bool_or(until IS NULL) THEN NULL ELSE max(until) END
          FROM account_events
         WHERE user_id = $1 AND kind = 'excluded' AND coalesce(until, 'infinity') > clock_timestamp()
        """,
        user_id,
        session_id,
    )
    assert row is not None
    alive, excluded, until = row
    return alive, excluded, until


async def standing_of_all(
    connection: Connection, asked: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], tuple[bool, bool]]:
    """Return (the session is alive, the account is excluded) of each (member, session)."""
    rows = await raw(connection).fetch(
        """
        SELECT user_id, session_id,
               EXISTS (SELECT FROM sessions
                        WHERE sessions.user_id = asked.user_id AND sessions.id = asked.session_id
                          AND ended_at IS NULL AND expires_at > clock_timestamp()),
               EXISTS (SELECT FROM account_events
                        WHERE account_events.user_id = asked.user_id AND kind = 'excluded'
                          AND coalesce(until, 'infinity') > clock_timestamp())
          FROM unnest($1::uuid[], $2::uuid[]) AS asked (user_id, session_id)
        """,
        [user_id for user_id, _ in asked],
        [session_id for _, session_id in asked],
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


async def delete_before(connection: Connection, before: datetime, now: datetime, batch: int = 1000) -> int:
    """Delete what no process need know any more, at most `batch`; return how many.

    Exclusions stay as long as they hold.
    """
    rows = await raw(connection).fetch(
        """
        DELETE FROM account_events
         WHERE id IN (SELECT id FROM account_events
                       WHERE at < $1 AND (kind <> 'excluded' OR until <= $2)
                       ORDER BY at LIMIT $3)
        RETURNING id
        """,
        before,
        now,
        batch,
    )
    return len(rows)
