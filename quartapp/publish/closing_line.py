"""A game's closing line, made from its history: it may be captured long after the start and is the same then.

Only what was recorded up to the start counts, so a clock that was away when the game began loses nothing. Whose
prices count is the one rule of quartapp/odds/quotes.py, as it would have been at the start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from quartapp.odds.parameters import to_parameters
from quartapp.publish import shapes
from quartapp.publish.game import format_time
from quartapp.publish.markets import analyse_markets
from quartapp.store.closings import Captured, Closing, ClosingConsensus, ClosingPrice
from quartapp.store.games import Game
from quartapp.store.odds import Book, Change, Market, Price

Key = tuple[str, str, str, int]  # bookmaker, market, outcome, line


def closing_prices(game: Game, changes: Sequence[Change]) -> list[ClosingPrice]:
    """Return the last price up to the start of every book, market and outcome. `changes`: oldest first."""
    last: dict[Key, ClosingPrice] = {}
    for change in changes:
        if change.recorded_at > game.commence_time:
            break
        key = (change.bookmaker_key, change.market_key, change.outcome_name, change.line)
        if change.withdrawn:
            if key in last:
                last[key] = replace(last[key], withdrawn_at=change.recorded_at)
            continue
        last[key] = ClosingPrice(*key, change.price, change.price_format, change.point, change.recorded_at)
    return list(last.values())


def closing_line(game: Game, current: Sequence[Book], changes: Sequence[Change]) -> Closing | None:
    """Return a game's closing line; None where nothing was quoted before its start.

    `current`, the prices as they stand, tells when a book last confirmed a price that has not changed since.
    Raises ValueError, ArithmeticError or LookupError for prices that no distribution can be fitted to.
    """
    prices = closing_prices(game, changes)
    if not prices:
        return None
    analysed = analyse_markets(game, _books(game, prices, _confirmed(game, current)), changes)
    markets = analysed.markets
    return Closing(
        game.id,
        game.commence_time,
        prices,
        [
            ClosingConsensus(key, market["kind"], market["point"], market["consensus"], market["books"])
            for key, market in markets.items()
        ],
        {key: market["movement"] for key, market in markets.items() if market["movement"] is not None},
        None if analysed.model is None else to_parameters(analysed.model),
    )


def without_consensus(game: Game, changes: Sequence[Change]) -> Closing:
    """Return the prices alone, for a game whose consensus cannot be worked out."""
    return Closing(game.id, game.commence_time, closing_prices(game, changes), [], {}, None)


def of_begun(games: Sequence[Game], captured: Mapping[str, Captured]) -> dict[str, Captured]:
    """Return the closing lines to show: of games that have begun, captured for the start they have now."""
    return {
        game.id: captured[game.id]
        for game in games
        if game.status != "scheduled"
        and game.id in captured
        and captured[game.id].commence_time == game.commence_time
    }


def closing_shown(captured: Captured | None) -> shapes.ClosingLine | None:
    """Return a closing line for JSON."""
    if captured is None:
        return None
    return {
        "captured_at": format_time(captured.captured_at),
        "markets": {
            one.market: {
                "point": one.point,
                "probabilities": dict(one.probabilities),
                "books": one.books,
            }
            for one in captured.consensus
        },
    }


def books_at_close(game: Game, prices: Sequence[ClosingPrice]) -> list[Book]:
    """Return the books with their closing prices, each as of when it was last seen to change."""
    seen = {
        ((one.bookmaker, one.market, one.outcome, one.line), one.price, one.point): one.observed_at
        for one in prices
    }
    places = {game.home_team: 0, "Over": 0, game.away_team: 1, "Under": 1}
    in_order = sorted(
        prices, key=lambda one: (one.bookmaker, one.market, one.line, places.get(one.outcome, 2))
    )
    return _books(game, in_order, seen)


def _confirmed(game: Game, current: Sequence[Book]) -> dict[tuple[Key, Decimal, Decimal | None], datetime]:
    """Return when each current price was last confirmed, of those confirmed before the start."""
    found: dict[tuple[Key, Decimal, Decimal | None], datetime] = {}
    for book in current:
        for market in book.markets:
            updated = market.last_update or book.last_update
            if updated is None or updated > game.commence_time:
                continue
            lines: Counter[str] = Counter()
            for price in market.prices:
                key = (book.key, market.key, price.name, lines[price.name])
                found[key, price.price, price.point] = updated
                lines[price.name] += 1
    return found


def _books(
    game: Game,
    prices: Sequence[ClosingPrice],
    confirmed: Mapping[tuple[Key, Decimal, Decimal | None], datetime],
) -> list[Book]:
    """Return the books as they stood at the start.

    A market that was withdrawn whole counts as of then: most books close theirs just before the start.
    """
    books: dict[str, Book] = {}
    markets: dict[tuple[str, str], list[ClosingPrice]] = {}
    for price in prices:
        markets.setdefault((price.bookmaker, price.market), []).append(price)
    for (bookmaker, key), own in markets.items():
        standing = [price for price in own if price.withdrawn_at is None]
        if standing:
            updates = [
                at
                for price in standing
                if (
                    at := confirmed.get(
                        ((bookmaker, key, price.outcome, price.line), price.price, price.point)
                    )
                )
            ]
            updated = max(updates, default=None)
        else:
            last = max(price.withdrawn_at for price in own if price.withdrawn_at is not None)
            standing, updated = [price for price in own if price.withdrawn_at == last], last
        book = books.setdefault(bookmaker, Book(bookmaker, bookmaker, None, []))
        listed = [Price(price.outcome, price.price, price.price_format, price.point) for price in standing]
        book.markets.append(Market(key, updated, listed))
    return list(books.values())
