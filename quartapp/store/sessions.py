"""Sessions: each has one current refresh token, known by a counter and a hash. Every statement takes the member's id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection


@dataclass(frozen=True, slots=True)
class Session:
    """A row of `sessions`, with its member's region."""

    id: UUID
    user_id: UUID
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    counter: int
    salt: bytes
    refresh_hash: bytes
    user_agent: str
    ended_at: datetime | None
    region: str


_COLUMNS = (
    "session.id, session.user_id, session.created_at, session.refreshed_at, session.expires_at, session.counter, "
    "session.salt, session.refresh_hash, session.user_agent, session.ended_at, users.region"
)


async def add(connection: Connection, session: Session) -> None:
    """Write a new session."""
    await raw(connection).execute(
        """
        INSERT INTO sessions
               (id, user_id, created_at, refreshed_at, expires_at, counter, salt, refresh_hash, user_agent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        session.id,
        session.user_id,
        session.created_at,
        session.refreshed_at,
        session.expires_at,
        session.counter,
        session.salt,
        session.refresh_hash,
        session.user_agent,
    )


async def lock(connection: Connection, user_id: UUID, session_id: UUID) -> Session | None:
    """Return a session, locked until the transaction ends: whoever else refreshes it waits."""
    row = await raw(connection).fetchrow(
        f"""
        SELECT {_COLUMNS}
          FROM sessions AS session JOIN users ON users.id = session.user_id
         WHERE session.user_id = $1 AND session.id = $2
           FOR UPDATE OF session
        """,  # noqa: S608 - names
        user_id,
        session_id,
    )
    return None if row is None else Session(*row)


async def advance(
    connection: Connection,
    user_id: UUID,
    session_id: UUID,
    refresh_hash: bytes,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Make the next refresh token the current one."""
    await raw(connection).execute(
        """
        UPDATE sessions
           SET counter = counter + 1, refresh_hash = $3, refreshed_at = $4, expires_at = $5
         WHERE user_id = $1 AND id = $2
        """,
        user_id,
        session_id,
        refresh_hash,
        now,
        expires_at,
    )


async def living(connection: Connection, user_id: UUID, now: datetime) -> list[Session]:
    """Return a member's sessions that have not ended, the newest first."""
    rows = await raw(connection).fetch(
        f"""
        SELECT {_COLUMNS}
          FROM sessions AS session JOIN users ON users.id = session.user_id
         WHERE session.user_id = $1 AND session.ended_at IS NULL AND session.expires_at > $2
         ORDER BY session.created_at DESC, session.id
        """,  # noqa: S608 - names
        user_id,
        now,
    )
    return [Session(*row) for row in rows]


async def end(
    connection: Connection,
    user_id: UUID,
    reason: str,
    now: datetime,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
    beyond: int = 0,
) -> Sequence[UUID]:
    """End a member's sessions and tell every process; return which.

    All of them, or `only` one, or all `but` one. The newest `beyond` stay.
    """
    rows = await raw(connection).fetch(
        """
        WITH chosen AS (
            SELECT id FROM sessions
             WHERE user_id = $1 AND ended_at IS NULL AND ($4::uuid IS NULL OR id = $4) AND ($5::uuid IS NULL OR id <> $5)
             ORDER BY created_at DESC, id OFFSET $6
        ), ended AS (
            UPDATE sessions SET ended_at = $3, end_reason = $2
             WHERE user_id = $1 AND id IN (SELECT id FROM chosen)
            RETURNING id
        )
        INSERT INTO account_events (kind, user_id, session_id)
        SELECT 'session_ended', $1, id FROM ended
        RETURNING session_id
        """,
        user_id,
        reason,
        now,
        only,
        but,
        beyond,
    )
    if rows:
        await raw(connection).execute("SELECT pg_notify('account_events', '')")
    return [row[0] for row in rows]


async def delete_before(connection: Connection, before: datetime, batch: int = 1000) -> int:
    """Delete sessions that ended or expired before, at most `batch`; return how many."""
    rows = await raw(connection).fetch(
        """
        DELETE FROM sessions
         WHERE id IN (SELECT id FROM sessions WHERE least(ended_at, expires_at) < $1 LIMIT $2)
        RETURNING id
        """,
        before,
        batch,
    )
    return len(rows)
