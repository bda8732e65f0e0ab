"""Members: their row, their recovery codes, operators' reset links, and the audit of all of it.

Every statement on a member's rows takes the member's id, but for the two that find a member: by address, and by a
reset link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection


@dataclass(frozen=True, slots=True)
class User:
    """A row of `users`. `password_hash` is Argon2's own text: parameters, salt and hash."""

    id: UUID
    email: str
    password_hash: str
    date_of_birth: date
    region: str
    created_at: datetime


_COLUMNS = "id, email, password_hash, date_of_birth, region, created_at"


async def add(connection: Connection, user: User) -> bool:
    """Write a new member. Return False when the address has one already."""
    row = await raw(connection).fetchrow(
        """
        INSERT INTO users (id, email, password_hash, date_of_birth, region, created_at, password_changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
            ON CONFLICT (email) DO NOTHING
        RETURNING id
        """,
        user.id,
        user.email,
        user.password_hash,
        user.date_of_birth,
        user.region,
        user.created_at,
    )
    return row is not None


async def find_by_email(connection: Connection, email: str) -> User | None:
    """Return the member with this normalised address."""
    row = await raw(connection).fetchrow(f"SELECT {_COLUMNS} FROM users WHERE email = $1", email)  # noqa: S608 - names
    return None if row is None else User(*row)


async def read(connection: Connection, user_id: UUID) -> User | None:
    """Return a member."""
    row = await raw(connection).fetchrow(f"SELECT {_COLUMNS} FROM users WHERE id = $1", user_id)  # noqa: S608 - names
    return None if row is None else User(*row)


async def set_password(
    connection: Connection, user_id: UUID, password_hash: str, now: datetime | None
) -> None:
    """Write a new hash. `now` is None where the password stays the same and only its parameters are new."""
    await raw(connection).execute(
        """
        UPDATE users
           SET password_hash = $2, password_changed_at = coalesce($3, password_changed_at)
         WHERE id = $1
        """,
        user_id,
        password_hash,
        now,
    )


async def delete(connection: Connection, user_id: UUID) -> None:
    """Delete a member and every row that refers to the member."""
    await raw(connection).execute("DELETE FROM users WHERE id = $1", user_id)


async def replace_codes(
    connection: Connection, user_id: UUID, code_hashes: Sequence[bytes], now: datetime
) -> None:
    """Forget a member's recovery codes and keep these."""
    await raw(connection).execute("DELETE FROM recovery_codes WHERE user_id = $1", user_id)
    await raw(connection).execute(
        "INSERT INTO recovery_codes (user_id, code_hash, made_at) SELECT $1, unnest($2::bytea[]), $3",
        user_id,
        list(code_hashes),
        now,
    )


async def use_code(connection: Connection, email: str, code_hash: bytes, now: datetime) -> UUID | None:
    """Spend a recovery code of the member with this address; return the member, or None.

    One statement for a known address and an unknown one, so that both take the same time.
    """
    used: UUID | None = await raw(connection).fetchval(
        """
        UPDATE recovery_codes AS code
           SET used_at = $3
          FROM users
         WHERE users.email = $1 AND code.user_id = users.id AND code.code_hash = $2 AND code.used_at IS NULL
        RETURNING code.user_id
        """,
        email,
        code_hash,
        now,
    )
    return used


async def add_reset(
    connection: Connection, user_id: UUID, token_hash: bytes, now: datetime, expires_at: datetime
) -> None:
    """Keep an operator's reset link; an older one of this member that nobody used ends."""
    await raw(connection).execute(
        "DELETE FROM account_resets WHERE user_id = $1 AND used_at IS NULL", user_id
    )
    await raw(connection).execute(
        "INSERT INTO account_resets (token_hash, user_id, made_at, expires_at) VALUES ($2, $1, $3, $4)",
        user_id,
        token_hash,
        now,
        expires_at,
    )


async def use_reset(connection: Connection, token_hash: bytes, now: datetime) -> UUID | None:
    """Spend a reset link; return its member, or None."""
    used: UUID | None = await raw(connection).fetchval(
        """
        UPDATE account_resets
           SET used_at = $2
         WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2
        RETURNING user_id
        """,
        token_hash,
        now,
    )
    return used


async def audit(
    connection: Connection,
    user_id: UUID,
    event: str,
    now: datetime,
    *,
    session_id: UUID | None = None,
    actor: str = "member",
) -> None:
    """Write down what happened to an account, and who did it."""
    await raw(connection).execute(
        "INSERT INTO account_audit (user_id, at, event, session_id, actor) VALUES ($1, $2, $3, $4, $5)",
        user_id,
        now,
        event,
        session_id,
        actor,
    )


async def delete_audit_before(connection: Connection, before: datetime, batch: int = 1000) -> int:
    """Delete old lines of the audit, at most `batch`; return how many."""
    rows = await raw(connection).fetch(
        """
        DELETE FROM account_audit
         WHERE id IN (SELECT id FROM account_audit WHERE at < $1 ORDER BY at LIMIT $2)
        RETURNING id
        """,
        before,
        batch,
    )
    return len(rows)


async def delete_resets_before(connection: Connection, before: datetime, batch: int = 1000) -> int:
    """Delete reset links that ended before, at most `batch`; return how many."""
    rows = await raw(connection).fetch(
        """
        DELETE FROM account_resets
         WHERE token_hash IN (SELECT token_hash FROM account_resets WHERE expires_at < $1 LIMIT $2)
        RETURNING token_hash
        """,
        before,
        batch,
    )
    return len(rows)
