"""The GAME shape: a game with every price in both formats. Times are RFC 3339 in UTC with Z."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from quartapp.odds.formats import PriceError, PriceFormat, both, to_decimal

if TYPE_CHECKING:
    from quartapp.publish import shapes
    from quartapp.store.games import Game
    from quartapp.store.odds import Book


@lru_cache(maxsize=8192)
def format_time(value: datetime) -> str:
    """Return RFC 3339 with Z, to the second."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(value: datetime | None) -> str | None:
    """Return the same of a time that may be missing."""
    return None if value is None else format_time(value)


@lru_cache(maxsize=65_536)
def prices(price: Decimal, form: PriceFormat) -> tuple[int | float | None, float | None]:
    """Return (American, decimal); what is no price in its format is shown in that format alone."""
    try:
        return both(price, form)
    except PriceError:
        return (float(price), None) if form == "american" else (None, float(price))


@lru_cache(maxsize=65_536)
def odds(price: Decimal, form: PriceFormat) -> float | None:
    """Return decimal odds as near as a float is, not as they are shown; None for what is no price in its format."""
    try:
        return float(to_decimal(price, form))
    except PriceError:
        return None


def exact(price: Decimal) -> str:
    """Return a price exactly as received, its last zeros too: equal prices may be spelt in two ways."""
    text = str(price)  # twice as fast as a format
    return format(price, "f") if "E" in text else text


def render(game: Game, books: list[Book]) -> shapes.Game:
    """Return a game as the contract's GAME."""
    return {
        "id": game.id,
        "sport_key": game.sport_key,
        "home_team": game.home_team,
        "away_team": game.away_team,
        "commence_time": format_time(game.commence_time),
        "status": game.status,
        "scores": _scores(game),
        "live": _live(game),
        "final_at": moment(game.final_at),
        "corrected_at": moment(game.corrected_at),
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


def _live(game: Game) -> shapes.Live | None:
    """Return how far a running game is; nulls where no source has told it."""
    if game.status != "live":
        return None
    return {
        "period": game.live_period,
        "clock": game.live_clock,
        "detail": game.live_detail,
        "updated_at": moment(game.live_at),
        "source": game.live_source,
    }


def _scores(game: Game) -> shapes.Scores | None:
    if game.home_score is None or game.away_score is None:
        return None
    return {"home": game.home_score, "away": game.away_score}


def _outcome(name: str, price: Decimal, form: PriceFormat, point: Decimal | None) -> shapes.Outcome:
    american, decimal = prices(price, form)
    return {
        "name": name,
        "price_american": american,
        "price_decimal": decimal,
        "price": exact(price),
        "price_format": form,
        "point": None if point is None else float(point),
    }
