"""Closing lines: what every book last quoted before a game began, and what they said together. Kept for good.

A game's closing line is due when it has begun and `games.closing_for` is not its start: it was never captured, or
the start has moved since. The history that it is made from stays until then (store/odds.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ops.database import raw
from quartapp.records import PriceFormat
from quartapp.store.games import Game

if TYPE_CHECKING:
    from databases.core import Connection


@dataclass(frozen=True, slots=True)
class ClosingPrice:
    """The last price of an outcome at a book. `withdrawn_at`: the book took it back before the start."""

    bookmaker: str
    market: str
    outcome: str
    line: int
    price: Decimal
    price_format: PriceFormat
    point: Decimal | None
    observed_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClosingConsensus:
    """What the books that count said together about a market at the start, at its main point."""

    market: str
    kind: str
    point: float | None
    probabilities: Mapping[str, float]
    books: int


@dataclass(frozen=True, slots=True)
class Closing:
    """A game's closing line; `movement` by market is what its history is rolled up to, `model` its distribution."""

    game_id: str
    commence_time: datetime
    prices: Sequence[ClosingPrice]
    consensus: Sequence[ClosingConsensus]
    movement: Mapping[str, Any]
    model: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Captured:
    """The closing consensus and the movement up to the start as stored, and the start that they are for."""

    commence_time: datetime
    captured_at: datetime
    movement: Mapping[str, Any]
    consensus: Sequence[ClosingConsensus]


async def due(connection: Connection, *, sport_key: str | None = None, limit: int = 200) -> list[Game]:
    """Lock and return games whose closing line is to be captured, the latest first.

    Games that another transaction holds are left for the next time: their history stays.
    """
    rows = await raw(connection).fetch(
        """
        SELECT id, sport_key, home_team, away_team, commence_time, status, home_score, away_score, final_at,
               corrected_at
          FROM games
         WHERE status IN ('live', 'final', 'unresolved') AND closing_for IS DISTINCT FROM commence_time
           AND ($1::text IS NULL OR sport_key = $1)
         ORDER BY commence_time DESC, id LIMIT $2
           FOR NO KEY UPDATE SKIP LOCKED
        """,
        sport_key,
        limit,
    )
    return [Game(**row) for row in rows]


async def write(
    connection: Connection, games: Sequence[Game], closings: Sequence[Closing], now: datetime
) -> None:
    """Write closing lines in the place of earlier ones; all of `games` are captured then, priced or not."""
    await raw(connection).execute(
        "DELETE FROM closing_consensus WHERE game_id = ANY ($1::text[])", [one.game_id for one in closings]
    )
    for one in closings:
        await _write_prices(connection, one, now)
        await _write_consensus(connection, one, now)
    await raw(connection).execute(
        """
        UPDATE games SET closing_for = captured.start
          FROM unnest($1::text[], $2::timestamptz[]) AS captured (id, start)
         WHERE games.id = captured.id
        """,
        [game.id for game in games],
        [game.commence_time for game in games],
    )


async def _write_prices(connection: Connection, one: Closing, now: datetime) -> None:
    await raw(connection).execute(
        """
        INSERT INTO closings (game_id, commence_time, captured_at, model, movement, bookmakers, markets, outcomes,
                              lines, prices, price_formats, points, observed_at, withdrawn_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT (game_id) DO UPDATE
           SET commence_time = excluded.commence_time, captured_at = excluded.captured_at, model = excluded.model,
               movement = excluded.movement, bookmakers = excluded.bookmakers, markets = excluded.markets,
               outcomes = excluded.outcomes, lines = excluded.lines, prices = excluded.prices,
               price_formats = excluded.price_formats, points = excluded.points,
               observed_at = excluded.observed_at, withdrawn_at = excluded.withdrawn_at
        """,
        one.game_id,
        one.commence_time,
        now,
        None if one.model is None else dict(one.model),
        dict(one.movement),
        [price.bookmaker for price in one.prices],
        [price.market for price in one.prices],
        [price.outcome for price in one.prices],
        [price.line for price in one.prices],
        [price.price for price in one.prices],
        [price.price_format for price in one.prices],
        [price.point for price in one.prices],
        [price.observed_at for price in one.prices],
        [price.withdrawn_at for price in one.prices],
    )


async def _write_consensus(connection: Connection, one: Closing, now: datetime) -> None:
    for market in one.consensus:
        await raw(connection).execute(
            """
            INSERT INTO closing_consensus (game_id, market_key, kind, point, probabilities, books, captured_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            one.game_id,
            market.market,
            market.kind,
            None if market.point is None else Decimal(str(market.point)),
            dict(market.probabilities),
            market.books,
            now,
        )


async def of_games(connection: Connection, game_ids: Sequence[str]) -> dict[str, Captured]:
    """Return the closing consensus of the games that have one."""
    found: dict[str, list[ClosingConsensus]] = {}
    for row in await raw(connection).fetch(
        """
        SELECT game_id, market_key, kind, point, probabilities, books
          FROM closing_consensus WHERE game_id = ANY ($1::text[]) ORDER BY game_id, market_key
        """,
        list(game_ids),
    ):
        game_id, market, kind, point, probabilities, books = row
        own = None if point is None else float(point)
        found.setdefault(game_id, []).append(ClosingConsensus(market, kind, own, probabilities, books))
    rows = await raw(connection).fetch(
        "SELECT game_id, commence_time, captured_at, movement FROM closings WHERE game_id = ANY ($1::text[])",
        list(game_ids),
    )
    return {row[0]: Captured(row[1], row[2], row[3], found.get(row[0], [])) for row in rows}


async def prices_of(connection: Connection, game_id: str) -> list[ClosingPrice]:
    """Return the closing prices of a game."""
    rows = await raw(connection).fetch(
        """
        SELECT price.* FROM closings,
               unnest(bookmakers, markets, outcomes, lines, prices, price_formats, points, observed_at, withdrawn_at)
               AS price
         WHERE game_id = $1
        """,
        game_id,
    )
    return [ClosingPrice(*row) for row in rows]
