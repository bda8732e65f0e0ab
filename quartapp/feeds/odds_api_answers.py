"""What The Odds API v4 answers: its shapes, read strictly, prices kept exactly as received.

An event that is not in the documented shape refuses the whole answer: half a slate is worse than the
one held. What the documentation leaves open is tolerated: books without markets, markets without
`last_update`, an exchange's `h2h_lay`, fields we do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from quartapp.feeds.shape import (
    MisshapenError,
    distinct,
    each,
    flag,
    kind,
    moment,
    optional_moment,
    reading,
    text,
)

NAME = "The Odds API"
PriceFormat = Literal["american", "decimal"]

_NORTH_AMERICAN = (
    "americanfootball_",
    "basketball_nba",
    "basketball_ncaab",
    "basketball_wncaab",
    "basketball_wnba",
    "baseball_mlb",
    "baseball_milb",
    "baseball_ncaa",
    "icehockey_nhl",
    "icehockey_ahl",
    "soccer_usa_",
)


def price_format(sport_key: str) -> PriceFormat:
    """Return the format to ask for: the one the books of a sport quote in, for upstream rounds when it converts."""
    return "american" if sport_key.startswith(_NORTH_AMERICAN) else "decimal"


@dataclass(frozen=True, slots=True)
class Credits:
    """What the account has left this month, from an answer's headers; None where it did not say."""

    remaining: int | None
    used: int | None
    last_cost: int | None


@dataclass(frozen=True, slots=True)
class SportInfo:
    """A sport or league that the API lists."""

    key: str
    title: str
    group: str
    active: bool
    has_outrights: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """One price. `price` is exact; `point` is the spread or total it is for."""

    name: str
    price: Decimal
    point: Decimal | None


@dataclass(frozen=True, slots=True)
class Market:
    """One market of one book: h2h, spreads, totals, or an exchange's h2h_lay."""

    key: str
    last_update: datetime | None
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Bookmaker:
    """A book's markets on an event; there may be none."""

    key: str
    title: str
    last_update: datetime | None
    markets: tuple[Market, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A game and the books that quote it, their prices in `price_format`."""

    id: str
    sport_key: str
    sport_title: str
    commence_time: datetime
    home_team: str
    away_team: str
    bookmakers: tuple[Bookmaker, ...]
    price_format: PriceFormat


@dataclass(frozen=True, slots=True)
class Score:
    """A game's result, or its state while it runs; scores are None before it begins."""

    id: str
    sport_key: str
    commence_time: datetime
    home_team: str
    away_team: str
    completed: bool
    home_score: int | None
    away_score: int | None
    last_update: datetime | None = None


def parse_credits(headers: Mapping[str, str]) -> Credits:
    """Return the credits in an answer's headers."""

    def number(name: str) -> int | None:
        try:
            return int(float(headers[name]))
        except (KeyError, ValueError, OverflowError):
            return None

    return Credits(number("x-requests-remaining"), number("x-requests-used"), number("x-requests-last"))


def parse_sports(body: Any) -> tuple[SportInfo, ...]:
    """Return the sports of an answer. Raises FeedShapeError."""
    with reading(NAME, "sports"):
        return distinct(each(body, _sport), "key")


def parse_events(body: Any) -> tuple[Event, ...]:
    """Return the events of an answer, with odds or without. Raises FeedShapeError."""
    with reading(NAME, "odds"):
        return distinct(each(body, _event), "id")


def parse_scores(body: Any) -> tuple[Score, ...]:
    """Return the scores of an answer. Raises FeedShapeError."""
    with reading(NAME, "scores"):
        return distinct(each(body, _score), "id")


def _sport(one: Any) -> SportInfo:
    return SportInfo(
        text(one, "key"),
        text(one, "title"),
        text(one, "group"),
        flag(one, "active"),
        bool(one.get("has_outrights")),
    )


def _event(one: Any) -> Event:
    sport_key = text(one, "sport_key")
    books = distinct(each(one.get("bookmakers") or [], _bookmaker, ".bookmakers"), "key", ".bookmakers")
    return Event(
        text(one, "id"),
        sport_key,
        text(one, "sport_title"),
        moment(one, "commence_time"),
        text(one, "home_team"),
        text(one, "away_team"),
        books,
        _format_of(books) or price_format(sport_key),
    )


def _bookmaker(one: Any) -> Bookmaker:
    markets = each(one.get("markets") or [], _market, ".markets")
    return Bookmaker(
        text(one, "key"),
        text(one, "title"),
        optional_moment(one, "last_update"),
        distinct([market for market in markets if _is_open(market)], "key", ".markets"),
    )


def _market(one: Any) -> Market:
    outcomes = tuple(each(one["outcomes"], _outcome, ".outcomes"))
    return Market(text(one, "key"), optional_moment(one, "last_update"), outcomes)


def _outcome(one: Any) -> Outcome:
    point = None if one.get("point") is None else _number(one, "point")
    return Outcome(text(one, "name"), _number(one, "price"), point)


def _is_open(market: Market) -> bool:
    """Tell whether there is something to bet on: a price of 0 or 1 pays nothing and marks a closed market."""
    return bool(market.outcomes) and all(abs(outcome.price) > 1 for outcome in market.outcomes)


def _format_of(books: tuple[Bookmaker, ...]) -> PriceFormat | None:
    """Read the format off the prices, so that an answer (or a recording) in another than asked is not misread.

    An American price is at least 100 or at most -100. Decimal prices of one event cannot all be: they
    would add up to next to no probability.
    """
    prices = [outcome.price for book in books for market in book.markets for outcome in market.outcomes]
    if not prices:
        return None
    if all(abs(price) >= 100 for price in prices):
        return "american"
    if min(prices) < 0:
        raise MisshapenError("mixes American and decimal prices", ".bookmakers")
    return "decimal"


def _score(one: Any) -> Score:
    home, away = text(one, "home_team"), text(one, "away_team")
    points = dict(each(one.get("scores") or [], _points, ".scores"))
    return Score(
        text(one, "id"),
        text(one, "sport_key"),
        moment(one, "commence_time"),
        home,
        away,
        flag(one, "completed"),
        points.get(home),
        points.get(away),
        optional_moment(one, "last_update"),
    )


def _points(one: Any) -> tuple[str, int | None]:
    """Return a team and its points; a score that is not one number (cricket's 161/4) is not kept."""
    points = str(one["score"])
    return text(one, "name"), int(points) if points.isascii() and points.isdigit() else None


def _number(one: Any, key: str) -> Decimal:
    value = one[key]
    if type(value) is int or type(value) is float:
        return Decimal(repr(value))  # repr of a float is its shortest spelling: what was sent
    raise MisshapenError(f"is {kind(value)} where a number belongs", f".{key}")
