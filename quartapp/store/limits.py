"""A member's limits. Every statement takes the member's id."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ops.database import raw
from quartapp.members.limits import NAMES, Held, Limits, Wish

if TYPE_CHECKING:
    from databases.core import Connection


async def lock_member(connection: Connection, user_id: UUID) -> bool:
    """Let other writes of this member wait until the transaction ends; False for an account that is gone."""
    row = await raw(connection).fetchval("SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
    return row is not None


async def read_limits(connection: Connection, user_id: UUID) -> Held:
    """Return a member's limits and the looser ones that wait. Parts that this version does not know are left out."""
    row = await raw(connection).fetchrow(
        "SELECT limits, pending FROM member_limits WHERE user_id = $1", user_id
    )
    if row is None:
        return Held(Limits(), {})
    return Held(
        Limits(**{name: row["limits"].get(name) for name in NAMES}),
        {name: _wish(row["pending"][name]) for name in NAMES if name in row["pending"]},
    )


async def write_limits(connection: Connection, user_id: UUID, held: Held, now: datetime) -> None:
    """Write a member's limits; of fields that another version keeps beside ours nothing is lost."""
    await raw(connection).execute(
        """
        INSERT INTO member_limits AS held (user_id, limits, pending, updated_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (user_id) DO UPDATE
           SET limits = held.limits || excluded.limits, pending = (held.pending - $5::text[]) || excluded.pending,
               updated_at = excluded.updated_at
        """,
        user_id,
        asdict(held.limits),
        {
            name: {"value": wish.value, "wished_at": wish.wished_at.isoformat()}
            for name, wish in held.pending.items()
        },
        now,
        list(NAMES),
    )


def _wish(kept: dict[str, Any]) -> Wish:
    return Wish(kept["value"], datetime.fromisoformat(kept["wished_at"]))
