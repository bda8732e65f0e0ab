"""Games that are over, read for good: those that have ended longer ago than documents are published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ops.database import raw
from quartapp.store import closings
from quartapp.store.closings import Captured, ClosingPrice
from quartapp.store.games import Game

if TYPE_CHECKING:
    from databases.core import Connection

_COLUMNS = "id, sport_key, home_team, away_team, commence_time, status, home_score, away_score, final_at, corrected_at"


@dataclass(frozen=True, slots=True)
class Archived:
    """A game that is over, where and when it was last listed, and its closing line if one was captured for its start."""

    game: Game
    source: str
    last_seen_at: datetime
    captured: Captured | None
    prices: list[ClosingPrice]


async def of_id(connection: Connection, game_id: str) -> Archived | None:
    """Return a game that is over; None for one that is not, and for one that nobody knows."""
    row = await raw(connection).fetchrow(
        f"""
        SELECT {_COLUMNS}, source, last_seen_at FROM games
         WHERE id = $1 AND status IN ('final', 'cancelled', 'unresolved', 'withdrawn')
        """,  # noqa: S608 - a constant list of columns
        game_id,
    )
    if row is None:
        return None
    values = dict(row)
    seen = values.pop("last_seen_at")
    game, source = _game(values)
    captured = (await closings.of_games(connection, [game_id])).get(game_id)
    if captured is None or captured.commence_time != game.commence_time:
        return Archived(game, source, seen, None, [])
    return Archived(game, source, seen, captured, await closings.prices_of(connection, game_id))


async def finished(
    connection: Connection,
    *,
    sport: str | None,
    after: tuple[datetime, str] | None,
    starts_from: datetime | None,
    starts_to: datetime | None,
    limit: int,
) -> list[tuple[Game, str]]:
    """Return finished games with their sources, in order of start and id; both ends of the time are included.

    Found by an index, so that a page costs the same however many games there are.
    """
    by_sport = "" if sport is None else "AND sport_key = $6"
    rows = await raw(connection).fetch(
        f"""
        SELECT {_COLUMNS}, source FROM games
         WHERE status = 'final' AND home_score IS NOT NULL AND away_score IS NOT NULL
           AND (commence_time, id) > (coalesce($1::timestamptz, '-infinity'), coalesce($2::text, ''))
           AND commence_time >= coalesce($3::timestamptz, '-infinity')
           AND commence_time <= coalesce($4::timestamptz, 'infinity') {by_sport}
         ORDER BY commence_time, id LIMIT $5
        """,  # noqa: S608 - constant texts
        *(after or (None, None)),
        starts_from,
        starts_to,
        limit,
        *(() if sport is None else (sport,)),
    )
    return [_game(dict(row)) for row in rows]


def _game(values: dict[str, object]) -> tuple[Game, str]:
    source = str(values.pop("source"))
    return Game(**values), source  # type: ignore[arg-type]  # the columns are its fields
