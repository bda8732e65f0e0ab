"""A member's limits, what they have staked, and their exclusions. Every statement takes the member's id."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ops.database import raw
from quartapp.members.exclusions import Exclusion
from quartapp.members.limits import DAY, NAMES, WEEK, Held, Limits, Spent, Wish

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


async def spent(connection: Connection, user_id: UUID, session_id: UUID, now: datetime) -> Spent:
    """Return what a member has staked, how many parlays they saved, and since when the session is.

    A deleted parlay counts on, and cents of every currency count alike: a limit that deleting and saving again, or
    another currency, would pass holds nobody.
    """
    row = await raw(connection).fetchrow(
        """
        SELECT coalesce(sum(stake_cents) FILTER (WHERE saved_at > $3), 0)::bigint AS day_cents,
               coalesce(sum(stake_cents), 0)::bigint AS week_cents,
               count(*) FILTER (WHERE saved_at > $3) AS day_parlays
          FROM stakes WHERE user_id = $1 AND saved_at > $2
        """,
        user_id,
        now - WEEK,
        now - DAY,
    )
    began = await raw(connection).fetchval(
        "SELECT created_at FROM sessions WHERE user_id = $1 AND id = $2", user_id, session_id
    )
    assert row is not None, "an aggregate has always a row"
    return Spent(
        row["day_cents"], row["week_cents"], row["day_parlays"], now - began if began else timedelta()
    )


async def record_stake(connection: Connection, user_id: UUID, stake_cents: int, now: datetime) -> None:
    """Count a stake towards the member's limits."""
    await raw(connection).execute(
        "INSERT INTO stakes (user_id, stake_cents, saved_at) VALUES ($1, $2, $3)", user_id, stake_cents, now
    )


async def exclusions(connection: Connection, user_id: UUID) -> list[Exclusion]:
    """Return every exclusion of a member, oldest first."""
    rows = await raw(connection).fetch(
        "SELECT began_at, until FROM exclusions WHERE user_id = $1 ORDER BY id", user_id
    )
    return [Exclusion(row["began_at"], row["until"]) for row in rows]


async def add_exclusion(connection: Connection, user_id: UUID, exclusion: Exclusion) -> None:
    """Keep an exclusion."""
    await raw(connection).execute(
        "INSERT INTO exclusions (user_id, began_at, until) VALUES ($1, $2, $3)",
        user_id,
        exclusion.began_at,
        exclusion.until,
    )


def _wish(kept: dict[str, Any]) -> Wish:
    return Wish(kept["value"], datetime.fromisoformat(kept["wished_at"]))


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


async def delete_old(connection: Connection, now: datetime) -> int:
    """Delete stakes that count no more and addresses whose exclusion has ended; return how many rows."""
    stakes = await raw(connection).execute(
        "DELETE FROM stakes WHERE ctid IN (SELECT ctid FROM stakes WHERE saved_at < $1 LIMIT 5000)",
        now - WEEK,
    )
    addresses = await raw(connection).execute("DELETE FROM excluded_addresses WHERE until < $1", now)
    return int(stakes.split()[-1]) + int(addresses.split()[-1])
