"""Games as parlays read them, made once a version of their documents: fair chances, and who quotes what."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from sys import intern
from typing import Any, NamedTuple

import orjson

from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.odds.fit import Model, scores
from quartapp.odds.formats import PriceError, PriceFormat, to_decimal
from quartapp.odds.freshness import usable_until
from quartapp.odds.legs import Chances, Kind, Selection, Side
from quartapp.odds.parameters import from_parameters
from quartapp.odds.vig import hold
from quartapp.publish import addresses

# Games of which what is made of their documents is remembered: with ten books 7 kB, and 18 for each market asked for.
READ_GAMES = 2_048
Line = tuple[str, float | None]  # an outcome's name, and its point from its own side


class Quote(NamedTuple):
    """A price as its book gave it. `whole`: the book's odds on every side of the line; None where it quotes one alone.

    `until`: from when on it may not be acted on, if the game has not begun.
    """

    kind: Kind
    decimal: Fraction
    odds: float
    price_american: float | None
    price_decimal: float | None
    price: str
    price_format: str
    updated: datetime | None
    until: datetime | None
    whole: tuple[float, ...] | None

    def held(self, chances: Chances) -> float | None:
        """Return the book's hold on this line with these chances of a push: what is returned is not held."""
        if self.whole is None:
            return None
        return _hold(self.whole) * (1 if len(self.whole) > 2 else chances.decided)


class Quoted(NamedTuple):
    """Every quote of a market by line and book, and who quotes the market at all."""

    by_line: Mapping[Line, Mapping[str, Quote]]
    books: frozenset[str]


@dataclass(frozen=True, eq=False)
class MarketView:
    """A market: its consensus at the main point, who does not count and why. `read` reads its quotes, when asked for."""

    kind: Kind
    point: float | None
    consensus: Mapping[str, float]
    fair: Mapping[str, Chances]
    excluded: Mapping[str, str]
    read: Callable[[], Quoted]

    @cached_property
    def quoted(self) -> Quoted:
        """Who quotes what."""
        return self.read()


@dataclass(frozen=True, eq=False)
class GameView:
    """A game. `identity`: equal for one game, whatever its ids.

    `legs`: those on lines that somebody quotes, by market, outcome and point; `legs.py` makes each once.
    """

    identity: tuple[str, str, str, datetime]
    game_id: str
    status: str
    markets: Mapping[str, MarketView]
    titles: Mapping[str, str]
    model: Model | None
    legs: dict[tuple[str, str, float | None], Any] = field(default_factory=dict, init=False)

    @cached_property
    def starts(self) -> datetime:
        """When it begins."""
        return self.identity[3]

    @cached_property
    def sides(self) -> Mapping[str, Side]:
        """What each outcome's name means."""
        return {
            self.identity[1]: "home", self.identity[2]: "away", "Draw": "draw", "Over": "over", "Under": "under",
        }  # fmt: skip

    def knows(self, selection: Selection) -> bool:
        """Tell whether the distribution of the score says what this bet's chances are."""
        if self.model is None:
            return False
        if selection.market == "totals":
            return self.model.second is not None
        return not (selection.kind == "three_way" and self.model.sport.never_level)

    def chances_as(self, kind: Kind, selection: Selection) -> Chances | None:
        """Return a winner's chances as a book of another kind settles the bet; None where nobody knows them."""
        market = self.markets["h2h"]
        if kind == "draw_void" and market.kind == "three_way" and selection.side != "draw":
            by_side = {self.sides[name]: chances.win for name, chances in market.fair.items()}
            if by_side.keys() == {"home", "away", "draw"}:
                other: Side = "away" if selection.side == "home" else "home"
                return Chances(by_side[selection.side], push=by_side["draw"], loss=by_side[other]).rounded()
        if selection.side == "draw":
            return None
        asked = Selection("h2h", selection.side, None, kind)
        if self.model is None or not self.knows(asked):
            return None
        return scores(self.model).chances(asked).rounded()


class Games:
    """Every game that is published."""

    def __init__(self, documents: HeldDocuments) -> None:
        self._prepared = Prepared(documents, read_game, READ_GAMES)

    def of(self, game_id: str) -> GameView | None:
        """Return a game; None if it is not published, or not analysed."""
        return self._prepared.of(addresses.game(game_id), addresses.analysis(game_id))


def read_game(game_body: bytes, analysis_body: bytes) -> GameView:
    """Return what parlays need of a game's two documents; a market's quotes are read when somebody asks for them."""
    game = orjson.loads(game_body)["game"]
    analysis = orjson.loads(analysis_body)["analysis"]
    starts = datetime.fromisoformat(game["commence_time"])
    model = from_parameters(analysis["model"]["parameters"]) if analysis.get("model") else None
    return GameView(
        (game["sport_key"], game["home_team"], game["away_team"], starts),
        game["id"],
        game["status"],
        {
            key: MarketView(
                market.get("kind", "two_way"),
                market["point"],
                market["consensus"],
                {name: _fair(market, name) for name in market["consensus"]},
                {one["bookmaker"]: one["reason"] for one in market.get("excluded", [])},
                partial(_read_quotes, game_body, key, market.get("kind", "two_way"), starts),
            )
            for key, market in analysis["markets"].items()
        },
        {intern(book["key"]): intern(book["title"]) for book in game["bookmakers"]},
        model,
    )


def _fair(market: Mapping[str, Any], name: str) -> Chances:
    """Return an outcome's published chances, which sum to 1 in documents of this version."""
    if name not in market.get("fair", {}):
        return Chances.of(market["consensus"][name]).rounded()
    shown = market["fair"][name]
    chances = Chances(**{part: shown[part] for part in ("win", "push", "half_win", "half_loss", "loss")})
    whole = chances.win + chances.push + chances.half_win + chances.half_loss + chances.loss
    if math.isclose(whole, 1, abs_tol=1e-9):
        return chances
    return Chances(*[part / whole for part in (
        chances.win, chances.push, chances.half_win, chances.half_loss, chances.loss
    )]).rounded()  # fmt: skip


def _read_quotes(game_body: bytes, key: str, main: Kind, starts: datetime) -> Quoted:
    found: dict[Line, dict[str, Quote]] = {}
    books: set[str] = set()
    for book in orjson.loads(game_body)["game"]["bookmakers"]:
        for market in book["markets"]:
            if market["key"] == key:
                books.add(intern(book["key"]))
                _read_book(found, book, market, main, starts)
    return Quoted(found, frozenset(books))


def _read_book(
    found: dict[Line, dict[str, Quote]],
    book: Mapping[str, Any],
    market: Mapping[str, Any],
    main: Kind,
    starts: datetime,
) -> None:
    key, bookmaker = market["key"], intern(book["key"])
    at = market["last_update"] or book["last_update"]
    updated = read_time(at) if at else None
    until = usable_until(updated, starts) if updated else None
    outcomes: dict[Line, Mapping[str, Any]] = {}
    for outcome in market["outcomes"]:
        outcomes.setdefault((outcome["name"], None if key == "h2h" else outcome["point"]), outcome)
    decimals = {line: exact(outcome) for line, outcome in outcomes.items()}
    odds = {line: None if decimal is None else decimal[1] for line, decimal in decimals.items()}
    kind: Kind = "two_way"
    if key == "h2h":
        kind = "three_way" if ("Draw", None) in decimals else "two_way" if main == "two_way" else "draw_void"
    every_way = _all_of(odds.values()) if key == "h2h" else None
    for line, outcome in outcomes.items():
        decimal = decimals[line]
        if decimal is None:
            continue
        whole = every_way if key == "h2h" else _all_of(_facing(odds, key, line))
        found.setdefault(line, {})[bookmaker] = Quote(
            kind, *decimal, outcome["price_american"], outcome["price_decimal"],
            intern(outcome.get("price") or str(outcome["price_decimal"])),
            intern(outcome.get("price_format", "decimal")),
            updated, until, whole,
        )  # fmt: skip


@lru_cache(maxsize=4_096)  # books of a feed are confirmed at the same few seconds
def read_time(text: str) -> datetime:
    """Return a document's time."""
    return datetime.fromisoformat(text)


@lru_cache(maxsize=16_384)
def _hold(odds: tuple[float, ...]) -> float:
    return hold(odds)


def _facing(odds: Mapping[Line, float | None], key: str, at: Line) -> list[float | None]:
    """Return the odds on a line of a spread or total, and on the sides that face it."""
    name, point = at
    facing = None if point is None else (0.0 - point if key == "spreads" else point)
    return [odds[at], *[d for (n, p), d in odds.items() if n != name and p == facing]]


def _all_of(odds: Collection[float | None]) -> tuple[float, ...] | None:
    priced = tuple([one for one in odds if one is not None])
    return priced if 2 <= len(priced) == len(odds) else None


def exact(outcome: Mapping[str, Any]) -> tuple[Fraction, float] | None:
    """Return decimal odds of a rendered outcome, exact and not; None for what is no price."""
    if "price" in outcome:
        return exact_decimal(outcome["price"], outcome["price_format"])
    shown = outcome["price_decimal"]  # a document of an earlier version
    return None if shown is None else exact_decimal(str(shown), "decimal")


@lru_cache(maxsize=16_384)  # a slate quotes few different prices, and fractions are slow to make
def exact_decimal(price: str, form: PriceFormat) -> tuple[Fraction, float] | None:
    """Return decimal odds of a price as received, exact and not; None for what is no price."""
    try:
        decimal = to_decimal(Decimal(price), form)
    except (PriceError, InvalidOperation):
        return None
    return decimal, float(decimal)
