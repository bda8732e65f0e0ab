"""Published picks: rows that are inserted and never changed; the table itself refuses anything else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ops.database import raw
from quartapp.records import PriceFormat

if TYPE_CHECKING:
    from databases.core import Connection


@dataclass(frozen=True, slots=True)
class Pick:
    """A row of `picks`: all that was known when it was published. `consensus` is every book's, this one included."""

    id: str
    day: date
    place: int
    game_id: str
    sport_key: str
    home_team: str
    away_team: str
    commence_time: datetime
    market_key: str
    kind: str
    outcome_name: str
    point: Decimal | None
    bookmaker_key: str
    price: Decimal
    price_format: PriceFormat
    price_decimal: Decimal
    win: float
    push: float
    edge: float
    books: int
    odds_age_seconds: int
    consensus: Mapping[str, float]
    published_at: datetime
    reason: str
    source: str


_COLUMNS = [field.name for field in fields(Pick)]


async def of_day(connection: Connection, day: date) -> list[Pick]:
    """Return a day's picks in order of publication."""
    rows = await raw(connection).fetch(
        f"SELECT {', '.join(_COLUMNS)} FROM picks WHERE day = $1 ORDER BY place",  # noqa: S608 - a dataclass's names
        day,
    )
    return [Pick(**row) for row in rows]


async def picked_games(
    connection: Connection, after: datetime, game_ids: Collection[str]
) -> set[tuple[str, str, str, datetime] | str]:
    """Return the games that have had a pick, of those that begin after a moment and of `game_ids`.

    Each as (sport, home, away, start) and as its id: a start may have moved since.
    """
    rows = await raw(connection).fetch(
        """
        SELECT game_id, sport_key, home_team, away_team, commence_time FROM picks
         WHERE commence_time > $1 OR game_id = ANY ($2::text[])
        """,
        after,
        list(game_ids),
    )
    return {row[0] for row in rows} | {(row[1], row[2], row[3], row[4]) for row in rows}


async def insert(connection: Connection, picks: Sequence[Pick]) -> None:
    """Publish picks."""
    values = ", ".join(f"${number}" for number in range(1, len(_COLUMNS) + 1))
    await raw(connection).executemany(
        f"INSERT INTO picks ({', '.join(_COLUMNS)}) VALUES ({values})",  # noqa: S608 - a dataclass's names
        [astuple(pick) for pick in picks],
    )
