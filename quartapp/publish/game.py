"""The GAME shape: a game with every price in both formats. Times are RFC 3339 in UTC with Z."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from quartapp.odds.formats import PriceError, PriceFormat, both
from quartapp.store.games import Game
from quartapp.store.odds import Book


@lru_cache(maxsize=8192)
def moment(value: datetime | None) -> str | None:
    """Return RFC 3339 with Z, to the second."""
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=65_536)
def prices(price: Decimal, form: PriceFormat) -> tuple[int | float | None, float | None]:
    """Return (American, decimal); what is no price in its format is shown in that format alone."""
    try:
        return both(price, form)
    except PriceError:
        return (float(price), None) if form == "american" else (None, float(price))


def render(game: Game, books: list[Book]) -> dict[str, Any]:
    """Return a game as the contract's GAME."""
    return {
        "id": game.id,
        "sport_key": game.sport_key,
        "home_team": game.home_team,
        "away_team": game.away_team,
        "commence_time": moment(game.commence_time),
        "status": game.status,
        "scores": None if game.home_score is None else {"home": game.home_score, "away": game.away_score},
        "bookmakers": [
            {
                "key": book.key,
                "title": book.title,
                "last_update": moment(book.last_update),
                "markets": [
                    {
                        "key": market.key,
                        "last_update": moment(market.last_update),
                        "outcomes": [
                            _outcome(p.name, p.price, p.price_format, p.point) for p in market.prices
                        ],
                    }
                    for market in book.markets
                ],
            }
            for book in books
        ],
    }


def _outcome(name: str, price: Decimal, form: PriceFormat, point: Decimal | None) -> dict[str, Any]:
    american, decimal = prices(price, form)
    return {
        "name": name,
        "price_american": american,
        "price_decimal": decimal,
        "point": None if point is None else float(point),
    }
