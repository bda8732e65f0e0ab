"""What members have staked lately, for their limits. Every statement on a member's rows takes the member's id."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from ops.database import raw
from quartapp.members.spending import DAY, WEEK, Spent

if TYPE_CHECKING:
    from databases.core import Connection


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


async def record(connection: Connection, user_id: UUID, stake_cents: int, now: datetime) -> None:
    """Count a stake towards the member's limits."""
    await raw(connection).execute(
        "INSERT INTO stakes (user_id, stake_cents, saved_at) VALUES ($1, $2, $3)", user_id, stake_cents, now
    )


async def delete_old(connection: Connection, now: datetime) -> int:
    """Delete stakes that count no more, at most 5,000; return how many."""
    result = await raw(connection).execute(
        "DELETE FROM stakes WHERE ctid IN (SELECT ctid FROM stakes WHERE saved_at < $1 LIMIT 5000)",
        now - WEEK,
    )
    return int(result.split()[-1])
