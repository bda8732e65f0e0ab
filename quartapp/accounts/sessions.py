"""Sessions: one begins at a login, gives one access token after another, and ends everywhere at once.

Modelled on supabase/auth: a session has a counter, and one refresh token of it is current. Presented, the current one
makes the next. The one before it may come again within REUSE_SECONDS (two tabs, a lost answer) and gets the current one.
Any older one is a copy in somebody's hands, so the session ends, for the thief and the owner alike (RFC 9700, 4.14.2).
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops.database import session as database_session
from ops.telemetry.events import emit
from quartapp.accounts import tokens
from quartapp.accounts.keys import Keys
from quartapp.accounts.tokens import Access, Refresh
from quartapp.store import members, sessions
from quartapp.store.sessions import Session

if TYPE_CHECKING:
    from uuid import UUID

    from databases import Database
    from databases.core import Connection

REUSE_SECONDS = 10.0
IDLE = timedelta(days=30)  # a session that nobody refreshes ends after this
LONGEST = timedelta(days=365)
MOST_SESSIONS = 100  # a member; the oldest end beyond it
USER_AGENT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Issued:
    """What a member is handed: an access token for the page, a refresh token for the cookie."""

    access_token: str
    refresh_token: str
    session_id: UUID


async def begin(
    connection: Connection,
    keys: Keys,
    user: members.User,
    user_agent: str,
    now: datetime,
    *,
    most: int = MOST_SESSIONS,
) -> Issued:
    """Write a new session and return its first tokens. Within the caller's transaction."""
    refresh = Refresh(user.id, uuid.uuid4(), 0)
    salt = secrets.token_bytes(16)
    token = tokens.make_refresh(keys.current, refresh, salt)
    agent = "".join(letter for letter in user_agent if letter.isprintable())[:USER_AGENT_CHARACTERS]
    row = Session(
        refresh.session_id, user.id, now, now, now + IDLE, 0, salt, tokens.digest(token), agent, None, user.region,
    )  # fmt: skip
    await sessions.add(connection, row)
    await sessions.end(connection, user.id, "too_many", now, beyond=most)
    return Issued(_access(keys, row), token, row.id)


async def refresh(
    database: Database, keys: Keys, token: str, now: datetime | None = None
) -> tuple[Issued | None, Sequence[UUID]]:
    """Return the tokens that come after a genuine one of a living session, and the sessions that this ended."""
    claimed = tokens.read_refresh(token)
    if claimed is None:
        return None, []
    async with database_session(database) as connection, connection.transaction():
        row = await sessions.lock(connection, claimed.user_id, claimed.session_id)
        now = now or datetime.now(UTC)  # after the lock: who waited for it came later
        if row is None or not _alive(row, now) or not tokens.is_genuine(keys, token, claimed, row.salt):
            return None, []
        if claimed.counter == row.counter:
            return await _advance(connection, keys, row, now), []
        is_parent = claimed.counter == row.counter - 1
        if is_parent and (now - row.refreshed_at).total_seconds() <= REUSE_SECONDS:
            current = Refresh(row.user_id, row.id, row.counter)
            again = tokens.current_refresh(keys, current, row.salt, row.refresh_hash)
            return (None if again is None else Issued(_access(keys, row), again, row.id)), []
        ended = await sessions.end(connection, row.user_id, "refresh_reused", now, only=row.id)
        await members.audit(connection, row.user_id, "refresh_reused", now, session_id=row.id)
    emit("refresh_token_reused", session=str(row.id))
    return None, ended


async def _advance(connection: Connection, keys: Keys, row: Session, now: datetime) -> Issued:
    following = Refresh(row.user_id, row.id, row.counter + 1)
    token = tokens.make_refresh(keys.current, following, row.salt)
    expires_at = min(now + IDLE, row.created_at + LONGEST)
    await sessions.advance(connection, row.user_id, row.id, tokens.digest(token), now, expires_at)
    return Issued(_access(keys, row), token, row.id)


async def owner(database: Database, keys: Keys, token: str) -> Session | None:
    """Return the living session of a refresh token that is the current one or the one before it."""
    claimed = tokens.read_refresh(token)
    if claimed is None:
        return None
    async with database_session(database) as connection, connection.transaction():
        row = await sessions.lock(connection, claimed.user_id, claimed.session_id)
    if (
        row is None
        or not _alive(row, datetime.now(UTC))
        or not tokens.is_genuine(keys, token, claimed, row.salt)
    ):
        return None
    return row if row.counter - 1 <= claimed.counter <= row.counter else None


def _alive(row: Session, now: datetime) -> bool:
    return row.ended_at is None and row.expires_at > now


def _access(keys: Keys, row: Session) -> str:
    return tokens.issue_access(keys, Access(row.user_id, row.id, row.region))
