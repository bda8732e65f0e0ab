"""Odds: the current prices as received, and a history with one row a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.database import raw
from quartapp.odds.market_keys import MARKETS

if TYPE_CHECKING:
    from databases.core import Connection

    from quartapp.records import Event, PriceFormat


async def upsert(connection: Connection, events: Sequence[Event], form: PriceFormat, now: datetime) -> int:
    """Make the current odds of `events` exactly these; return how many prices or points changed.

    One statement writes the prices and the history of what changed. Books, markets and outcomes that the
    answer lacks are gone, and the history says since when. A book whose clock is ahead of ours counts as of now:
    else it would make every other look old, and never grow old itself.
    """
    await _write_bookmakers(connection, events, now)
    columns = _columns(events, now)
    changed = await raw(connection).fetchval(
        """
        WITH new AS (
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::numeric[],
                                 $7::numeric[], $8::timestamptz[], $9::smallint[])
                AS new (game_id, bookmaker_key, market_key, outcome_name, line, price, point, market_updated, position)
        ), held AS MATERIALIZED (  -- once and by the index: the whole table is a season of them
            SELECT ctid AS place, * FROM odds WHERE game_id = ANY ($12::text[])
        ), gone AS MATERIALIZED (
            SELECT * FROM held
             WHERE NOT EXISTS (SELECT 1 FROM new
                                WHERE (new.game_id, new.bookmaker_key, new.market_key, new.outcome_name, new.line)
                                    = (held.game_id, held.bookmaker_key, held.market_key, held.outcome_name,
                                       held.line))
        ), deleted AS (
            DELETE FROM odds WHERE ctid = ANY (ARRAY(SELECT place FROM gone))
        ), withdrawn AS (
            INSERT INTO odds_history (game_id, bookmaker_key, market_key, outcome_name, line, price, price_format,
                                      point, recorded_at, withdrawn)
            SELECT game_id, bookmaker_key, market_key, outcome_name, line, price, price_format, point, $11, true
              FROM gone
        ), moved AS (
            SELECT new.* FROM new
              LEFT JOIN held USING (game_id, bookmaker_key, market_key, outcome_name, line)
             WHERE held.game_id IS NULL
                OR (held.price, held.point, held.price_format) IS DISTINCT FROM (new.price, new.point, $10)
        ), history AS (
            INSERT INTO odds_history (game_id, bookmaker_key, market_key, outcome_name, line, price, price_format,
                                      point, recorded_at)
            SELECT game_id, bookmaker_key, market_key, outcome_name, line, price, $10, point, $11 FROM moved
            RETURNING 1
        ), written AS (
            INSERT INTO odds AS held (game_id, bookmaker_key, market_key, outcome_name, line, price, price_format,
                                      point, market_updated, position, changed_at)
            SELECT game_id, bookmaker_key, market_key, outcome_name, line, price, $10, point, market_updated,
                   position, $11
              FROM new
                ON CONFLICT (game_id, bookmaker_key, market_key, outcome_name, line) DO UPDATE
               SET price = excluded.price, price_format = excluded.price_format, point = excluded.point,
                   market_updated = excluded.market_updated, position = excluded.position,
                   changed_at = CASE WHEN (held.price, held.point) IS DISTINCT FROM (excluded.price, excluded.point)
                                     THEN excluded.changed_at ELSE held.changed_at END
             WHERE (held.price, held.point, held.price_format, held.market_updated, held.position)
                   IS DISTINCT FROM (excluded.price, excluded.point, excluded.price_format, excluded.market_updated,
                                     excluded.position)
        )
        SELECT count(*) FROM history
        """,
        *columns,
        form,
        now,
        [event.id for event in events],
    )
    await _delete_absent_bookmakers(connection, events)
    return int(changed)


def _past(moment: datetime | None, now: datetime) -> datetime | None:
    return None if moment is None else min(moment, now)


def _columns(events: Sequence[Event], now: datetime) -> tuple[list[Any], ...]:
    columns: tuple[list[Any], ...] = tuple([] for _ in range(9))
    games, books, markets, names, lines, prices, points, updates, positions = columns
    for event in events:
        for book in event.bookmakers:
            position = 0
            for market in book.markets:
                seen: Counter[str] = Counter()
                for outcome in market.outcomes:
                    games.append(event.id)
                    books.append(book.key)
                    markets.append(market.key)
                    names.append(outcome.name)
                    lines.append(seen[outcome.name])
                    prices.append(outcome.price)
                    points.append(outcome.point)
                    updates.append(_past(market.last_update, now))
                    positions.append(position)
                    seen[outcome.name] += 1
                    position += 1
    return columns


async def _write_bookmakers(connection: Connection, events: Sequence[Event], now: datetime) -> None:
    listed = [
        (event.id, book.key, book.title, _past(book.last_update, now), position)
        for event in events
        for position, book in enumerate(event.bookmakers)
    ]
    columns = [list(column) for column in zip(*listed, strict=True)] if listed else [[] for _ in range(5)]
    await raw(connection).execute(
        """
        INSERT INTO game_bookmakers AS held (game_id, bookmaker_key, title, last_update, position)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::smallint[])
            ON CONFLICT (game_id, bookmaker_key) DO UPDATE
           SET title = excluded.title, last_update = excluded.last_update, position = excluded.position
         WHERE (held.title, held.last_update, held.position)
               IS DISTINCT FROM (excluded.title, excluded.last_update, excluded.position)
        """,
        *columns,
    )


async def _delete_absent_bookmakers(connection: Connection, events: Sequence[Event]) -> None:
    pairs = [(event.id, book.key) for event in events for book in event.bookmakers]
    await raw(connection).execute(
        """
        DELETE FROM game_bookmakers AS held USING unnest($1::text[]) AS listed (game_id)
         WHERE held.game_id = listed.game_id
           AND NOT EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS kept (game_id, bookmaker_key)
                            WHERE (kept.game_id, kept.bookmaker_key) = (held.game_id, held.bookmaker_key))
        """,
        [event.id for event in events],
        [game_id for game_id, _ in pairs],
        [key for _, key in pairs],
    )


class Price(NamedTuple):  # and no dataclass: a pass makes 100,000 of them, in a third of the time
    """One current price, exactly as received."""

    name: str
    price: Decimal
    price_format: PriceFormat
    point: Decimal | None


@dataclass(slots=True)
class Market:
    """A book's market as it stands."""

    key: str
    last_update: datetime | None
    prices: list[Price]


@dataclass(slots=True)
class Book:
    """A book's markets on one game; there may be none."""

    key: str
    title: str
    last_update: datetime | None
    markets: list[Market]


async def current(connection: Connection, game_ids: Sequence[str]) -> dict[str, list[Book]]:
    """Return the current odds by game, books and outcomes in upstream's order."""
    books: dict[str, list[Book]] = {}
    by_key: dict[tuple[str, str], Book] = {}
    for row in await raw(connection).fetch(
        """
        SELECT game_id, bookmaker_key, title, last_update FROM game_bookmakers
         WHERE game_id = ANY ($1::text[]) ORDER BY game_id, position
        """,
        list(game_ids),
    ):
        book = Book(row["bookmaker_key"], row["title"], row["last_update"], [])
        books.setdefault(row["game_id"], []).append(book)
        by_key[row["game_id"], book.key] = book
    for game_id, key, market_key, name, price, form, point, updated in await raw(connection).fetch(
        """
        SELECT game_id, bookmaker_key, market_key, outcome_name, price, price_format, point, market_updated
          FROM odds WHERE game_id = ANY ($1::text[]) ORDER BY game_id, bookmaker_key, position
        """,
        list(game_ids),
    ):
        markets = by_key[game_id, key].markets
        if not markets or markets[-1].key != market_key:
            markets.append(Market(market_key, updated, []))
        markets[-1].prices.append(Price(name, price, form, point))
    return books


class Change(NamedTuple):
    """One row of the history."""

    bookmaker_key: str
    market_key: str
    outcome_name: str
    price: Decimal
    price_format: PriceFormat
    point: Decimal | None
    recorded_at: datetime
    line: int = 0
    withdrawn: bool = False


async def history(
    connection: Connection, game_ids: Sequence[str], *, every_market: bool = False
) -> dict[str, list[Change]]:
    """Return the changes before each game's start, oldest first: of the markets that are published, or of every one."""
    found: dict[str, list[Change]] = {}
    for row in await raw(connection).fetch(
        """
        SELECT game_id, bookmaker_key, market_key, outcome_name, price, price_format, point, recorded_at, line,
               withdrawn
          FROM odds_history JOIN games ON games.id = game_id
         WHERE game_id = ANY ($1::text[]) AND recorded_at <= commence_time
           AND ($2 OR market_key = ANY ($3::text[]))
         ORDER BY game_id, recorded_at
        """,
        list(game_ids),
        every_market,
        list(MARKETS),
    ):
        found.setdefault(row[0], []).append(Change(*row[1:]))
    return found


async def changed_at(connection: Connection, game_ids: Sequence[str]) -> dict[str, datetime]:
    """Return when a price or point of each game last changed."""
    rows = await raw(connection).fetch(
        "SELECT game_id, max(changed_at) FROM odds WHERE game_id = ANY ($1::text[]) GROUP BY game_id",
        list(game_ids),
    )
    return {row[0]: row[1] for row in rows}


async def changed_at_by_sport(connection: Connection) -> dict[str, datetime]:
    """Return when a price or point of an unfinished game last changed, by sport."""
    rows = await raw(connection).fetch(
        """
        SELECT sport_key, max(changed_at)
          FROM games JOIN odds ON odds.game_id = games.id
         WHERE status IN ('scheduled', 'live', 'postponed', 'unresolved')
         GROUP BY sport_key
        """
    )
    return {row[0]: row[1] for row in rows}


async def delete_ended(connection: Connection, before: datetime, batch: int = 500) -> int:
    """Delete the current odds of games that ended before a moment; return how many books' odds."""
    result = await raw(connection).execute(
        """
        DELETE FROM game_bookmakers
         WHERE ctid IN (SELECT game_bookmakers.ctid FROM game_bookmakers JOIN games ON games.id = game_id
                         WHERE games.status IN ('final', 'withdrawn', 'cancelled', 'unresolved')
                           AND games.commence_time < $1 LIMIT $2)
        """,
        before,
        batch,
    )
    return int(result.split()[-1])


async def delete_history(connection: Connection, before: datetime, batch: int = 20_000) -> int:
    """Delete the history of games that ended before a moment; return how many rows.

    Never of a game that has begun and whose closing line is not captured: it is made from the history.
    """
    result = await raw(connection).execute(
        """
        DELETE FROM odds_history
         WHERE ctid IN (SELECT odds_history.ctid FROM odds_history JOIN games ON games.id = game_id
                         WHERE games.commence_time < $1
                           AND (games.status IN ('withdrawn', 'cancelled')
                                OR (games.status IN ('final', 'unresolved') AND closing_for = commence_time))
                         LIMIT $2)
        """,
        before,
        batch,
    )
    return int(result.split()[-1])


async def roll_up_history(connection: Connection, before: datetime, batch: int = 20_000) -> int:
    """Delete history that a captured closing line stands for; return how many rows.

    Of final games: what was recorded while they ran, which no figure is made from, and all of it once they began
    before a moment. A final game keeps its start, so its closing line is never made anew.
    """
    result = await raw(connection).execute(
        """
        DELETE FROM odds_history
         WHERE ctid IN (SELECT odds_history.ctid FROM odds_history JOIN games ON games.id = game_id
                         WHERE games.status = 'final' AND closing_for = commence_time
                           AND (games.commence_time < $1 OR recorded_at > games.commence_time)
                         LIMIT $2)
        """,
        before,
        batch,
    )
    return int(result.split()[-1])
