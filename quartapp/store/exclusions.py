"""Exclusions of members, and of the addresses of deleted accounts. A member's rows are asked for by the member's id."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ops.database import raw
from quartapp.members.exclusions import Exclusion

if TYPE_CHECKING:
    from databases.core import Connection


async def of(connection: Connection, user_id: UUID) -> list[Exclusion]:
    """Return every exclusion of a member, oldest first."""
    rows = await raw(connection).fetch(
        "SELECT began_at, until FROM exclusions WHERE user_id = $1 ORDER BY id", user_id
    )
    return [Exclusion(row["began_at"], row["until"]) for row in rows]


async def add(connection: Connection, user_id: UUID, exclusion: Exclusion) -> None:
    """Keep an exclusion."""
    await raw(connection).execute(
        "INSERT INTO exclusions (user_id, began_at, until) VALUES ($1, $2, $3)",
        user_id,
        exclusion.began_at,
        exclusion.until,
    )


async def exclude_address(connection: Connection, address_hash: bytes, until: datetime | None) -> None:
    """Keep a deleted account's exclusion under its address's hash; the longer of two holds."""
    await raw(connection).execute(
        """
        INSERT INTO excluded_addresses AS held (address_hash, until) VALUES ($1, $2)
            ON CONFLICT (address_hash) DO UPDATE
           SET until = CASE WHEN held.until IS NULL OR excluded.until IS NULL THEN NULL
                            ELSE greatest(held.until, excluded.until) END
        """,
        address_hash,
        until,
    )


async def address_excluded(connection: Connection, address_hash: bytes, now: datetime) -> Exclusion | None:
    """Return the exclusion that an earlier account of this address left."""
    row = await raw(connection).fetchrow(
        "SELECT until FROM excluded_addresses WHERE address_hash = $1 AND (until IS NULL OR until > $2)",
        address_hash,
        now,
    )
    return None if row is None else Exclusion(now, row["until"])


async def delete_ended_addresses(connection: Connection, now: datetime) -> int:
    """Delete addresses whose exclusion has ended; return how many."""
    result = await raw(connection).execute("DELETE FROM excluded_addresses WHERE until < $1", now)
    return int(result.split()[-1])
