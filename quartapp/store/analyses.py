"""What analyses last said of each game's chances, for whoever asks the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection


@dataclass(frozen=True, slots=True)
class Analysis:
    """A row of `analyses`. `markets`: point, kind, consensus, fair chances and number of books, without prices."""

    game_id: str
    method: str
    markets: Mapping[str, Any]
    summary: str


async def upsert(connection: Connection, analyses: Sequence[Analysis], now: datetime) -> None:
    """Write analyses; an unchanged one keeps its time."""
    await raw(connection).execute(
        """
        INSERT INTO analyses AS held (game_id, method, markets, summary, updated_at)
        SELECT new.*, $5 FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::text[]) AS new
            ON CONFLICT (game_id) DO UPDATE
           SET method = excluded.method, markets = excluded.markets, summary = excluded.summary,
               updated_at = excluded.updated_at
         WHERE (held.method, held.markets, held.summary)
               IS DISTINCT FROM (excluded.method, excluded.markets, excluded.summary)
        """,
        [one.game_id for one in analyses],
        [one.method for one in analyses],
        [dict(one.markets) for one in analyses],
        [one.summary for one in analyses],
        now,
    )


async def sports_ahead(connection: Connection, first: datetime, last: datetime) -> dict[str, datetime | None]:
    """Return the sports of games that begin between two moments, and when each one's odds were last asked for."""
    rows = await raw(connection).fetch(
        """
        SELECT key, odds_updated_at FROM sports
         WHERE EXISTS (SELECT 1 FROM games WHERE sport_key = key AND status = 'scheduled'
                                             AND commence_time > $1 AND commence_time <= $2)
         ORDER BY key
        """,
        first,
        last,
    )
    return {row["key"]: row["odds_updated_at"] for row in rows}
