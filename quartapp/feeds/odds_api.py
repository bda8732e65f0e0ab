"""The Odds API v4: sports, odds, scores. Prices are kept exactly as received.

Documentation: the-odds-api.com/liveapi/guides/v4. An event that is not in the documented shape refuses
the whole answer: half a slate is worse than the one held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import httpx

from quartapp.feeds.errors import FeedRefusedError, FeedShapeError, OutOfCreditsError
from quartapp.feeds.http import JsonFetcher

NAME = "The Odds API"
PriceFormat = Literal["american", "decimal"]

_NORTH_AMERICAN = (
    "americanfootball_",
    "basketball_nba",
    "basketball_wnba",
    "basketball_ncaab",
    "baseball_",
    "icehockey_nhl",
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
    """A game and the books that quote it."""

    id: str
    sport_key: str
    sport_title: str
    commence_time: datetime
    home_team: str
    away_team: str
    bookmakers: tuple[Bookmaker, ...]


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


class OddsApiClient:
    """Asks The Odds API. Every method also returns the credits that the answer's headers tell."""

    def __init__(self, client: httpx.AsyncClient, base_url: str, key: str, **fetching: Any) -> None:
        self._fetch = JsonFetcher(client, NAME, **fetching)
        self._base_url = base_url.rstrip("/")
        self._key = key

    async def sports(self) -> tuple[tuple[SportInfo, ...], Credits]:
        """Return the sports, in season or not. Costs nothing. Raises FeedError."""
        body, cost = await self._get("/v4/sports", {"all": "true"})
        return parse_sports(body), cost

    async def odds(
        self, sport_key: str, markets: tuple[str, ...] = ("h2h", "spreads", "totals"), regions: str = "us"
    ) -> tuple[tuple[Event, ...], Credits]:
        """Return a sport's upcoming and running games with odds. Costs markets x regions. Raises FeedError."""
        wanted = {
            "regions": regions,
            "markets": ",".join(markets),
            "oddsFormat": price_format(sport_key),
            "dateFormat": "iso",
        }
        body, cost = await self._get(f"/v4/sports/{sport_key}/odds", wanted)
        return parse_events(body), cost

    async def scores(self, sport_key: str, days_from: int = 3) -> tuple[tuple[Score, ...], Credits]:
        """Return results of the last `days_from` days and running scores. Costs 2. Raises FeedError."""
        body, cost = await self._get(f"/v4/sports/{sport_key}/scores", {"daysFrom": str(days_from)})
        return parse_scores(body), cost

    async def _get(self, path: str, params: Mapping[str, str]) -> tuple[Any, Credits]:
        try:
            body, headers = await self._fetch.get(self._base_url + path, {**params, "apiKey": self._key})
        except FeedRefusedError as problem:
            if "OUT_OF_USAGE_CREDITS" in str(problem):
                raise OutOfCreditsError(f"{NAME}: no credits left this month") from None
            raise
        return body, parse_credits(headers)


def parse_credits(headers: Mapping[str, str]) -> Credits:
    """Return the credits in an answer's headers."""

    def number(name: str) -> int | None:
        try:
            return int(float(headers[name]))
        except (KeyError, ValueError):
            return None

    return Credits(number("x-requests-remaining"), number("x-requests-used"), number("x-requests-last"))


def parse_sports(body: Any) -> tuple[SportInfo, ...]:
    """Return the sports of an answer. Raises FeedShapeError."""
    return _each(
        body,
        lambda one: SportInfo(
            _text(one["key"]),
            _text(one["title"]),
            _text(one["group"]),
            bool(one["active"]),
            bool(one.get("has_outrights")),
        ),
    )


def parse_events(body: Any) -> tuple[Event, ...]:
    """Return the events of an answer. Raises FeedShapeError."""
    return _each(body, _event)


def parse_scores(body: Any) -> tuple[Score, ...]:
    """Return the scores of an answer. Raises FeedShapeError."""
    return _each(body, _score)


def _each(body: Any, parse: Any) -> tuple[Any, ...]:
    if not isinstance(body, list):
        raise FeedShapeError(f"{NAME} sent {type(body).__name__} where a list belongs")
    parsed = []
    for number, one in enumerate(body):
        try:
            parsed.append(parse(one))
        except KeyError as problem:
            raise FeedShapeError(f"{NAME}: item {number} has no {problem}") from None
        except (TypeError, ValueError, ArithmeticError, AttributeError) as problem:
            raise FeedShapeError(f"{NAME}: item {number} has a changed shape ({problem})") from None
    return tuple(parsed)


def _event(one: dict[str, Any]) -> Event:
    return Event(
        _text(one["id"]),
        _text(one["sport_key"]),
        _text(one["sport_title"]),
        _time(one["commence_time"]),
        _text(one["home_team"]),
        _text(one["away_team"]),
        tuple([_bookmaker(book) for book in one.get("bookmakers") or ()]),
    )


def _bookmaker(one: dict[str, Any]) -> Bookmaker:
    updated = one.get("last_update")
    return Bookmaker(
        _text(one["key"]),
        _text(one["title"]),
        None if updated is None else _time(updated),
        tuple([_market(market) for market in one.get("markets") or ()]),
    )


def _market(one: dict[str, Any]) -> Market:
    updated = one.get("last_update")
    outcomes = tuple([_outcome(outcome) for outcome in one["outcomes"]])
    return Market(_text(one["key"]), None if updated is None else _time(updated), outcomes)


def _outcome(one: dict[str, Any]) -> Outcome:
    point = one.get("point")
    return Outcome(_text(one["name"]), _number(one["price"]), None if point is None else _number(point))


def _score(one: dict[str, Any]) -> Score:
    home, away = _text(one["home_team"]), _text(one["away_team"])
    points = {_text(score["name"]): int(score["score"]) for score in one.get("scores") or ()}
    return Score(
        _text(one["id"]),
        _text(one["sport_key"]),
        _time(one["commence_time"]),
        home,
        away,
        bool(one["completed"]),
        points.get(home),
        points.get(away),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r:.40} where text belongs")
    return value


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{value!r:.40} where a number belongs")
    return Decimal(repr(value))  # repr of a float is its shortest spelling: what was sent


def _time(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"time {value!r:.40} without a zone")
    return moment.astimezone(UTC)
