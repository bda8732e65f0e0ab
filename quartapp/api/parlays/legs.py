"""Legs as they are asked for, found in the documents: which bet on which game, and its fair chances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from ops.web.problems import ProblemError, invalid
from quartapp.api.parlays.games import Games, GameView, MarketView, Quote
from quartapp.api.parlays.requests import LegRequest
from quartapp.api.parlays.written import before_age
from quartapp.odds.combined import ContradictionError, Fair, GameLegs, fair
from quartapp.odds.fit import scores
from quartapp.odds.freshness import usable
from quartapp.odds.legs import Chances, Selection
from quartapp.odds.market_keys import MarketKey
from quartapp.odds.parlay import Placed, place
from quartapp.publish import parlay_shapes
from quartapp.publish.game import moment

_NOBODY: Mapping[str, Quote] = {}
OVER = ("final", "cancelled", "unresolved", "withdrawn")  # states in which no bet on a game can be placed


class At(NamedTuple):
    """A leg at a bookmaker that counts: its price, and what that is worth as the bookmaker settles the bet.

    `written`: as an answer shows it, up to the price's age.
    """

    quote: Quote
    until: datetime
    placed: Placed
    written: bytes


@dataclass(frozen=True, eq=False)
class Leg:
    """A bet on a game. `chances`: by the published analysis, or at another line by the distribution of the score.

    Whatever does not change with the clock is made once. `written`: parts of answers, by what they say.
    """

    game: GameView
    market: MarketView
    outcome: str
    selection: Selection
    chances: Chances
    written: dict[tuple[str | None, bool], bytes] = field(default_factory=dict, init=False)
    _at: dict[str, At | None] = field(default_factory=dict, init=False)

    @cached_property
    def label(self) -> str:
        """What it is, in words."""
        point = self.selection.point
        line = (
            "" if point is None else f" {point:+g}" if self.selection.market == "spreads" else f" {point:g}"
        )
        return f"{self.outcome}{line} ({self.game.identity[2]} at {self.game.identity[1]})"

    @cached_property
    def quotes(self) -> Mapping[str, Quote]:
        """Return who quotes this very line."""
        return self.market.quoted.by_line.get((self.outcome, self.selection.point), _NOBODY)

    @cached_property
    def alone(self) -> GameLegs:
        """The leg as the only one of its game."""
        return GameLegs(None, (self.selection,), (self.chances,))

    def at(self, bookmaker: str, now: datetime) -> At | None:
        """Return what it is at a bookmaker; None where it cannot be placed now."""
        at = self._at_any_time(bookmaker)
        return at if at is not None and self._stands(at, now) else None

    def _stands(self, at: At, now: datetime) -> bool:
        starts = self.game.starts
        return now < at.until if now < starts else usable(at.quote.updated, starts, now)

    def _at_any_time(self, bookmaker: str) -> At | None:
        if bookmaker not in self._at and bookmaker in self.quotes:
            self._at[bookmaker] = self._read(bookmaker, self.quotes[bookmaker])
        return self._at.get(bookmaker)

    def _read(self, bookmaker: str, quote: Quote) -> At | None:
        if bookmaker in self.market.excluded or quote.until is None:
            return None
        chances = self.chances_at(quote)
        if chances is None:
            return None
        placed = place(quote.decimal, quote.odds, chances, quote.held(chances))
        return At(quote, quote.until, placed, before_age(quote_shown(quote)))

    @cached_property
    def counting(self) -> tuple[Mapping[str, At], datetime]:
        """Who counts, whatever the clock says; and until when all of their prices stand."""
        found = {book: at for book in self.quotes if (at := self._at_any_time(book)) is not None}
        return found, min((at.until for at in found.values()), default=self.game.starts)

    def placeable(self, now: datetime) -> Mapping[str, At]:
        """Return where it can be placed now."""
        counting, until = self.counting
        if now < until:
            return counting
        return {book: at for book, at in counting.items() if self._stands(at, now)}

    def lacking(self, bookmaker: str) -> str:
        """Return why it cannot be placed at a bookmaker that is not among `placeable`."""
        if bookmaker in self.market.excluded:
            return self.market.excluded[bookmaker]
        quote = self.quotes.get(bookmaker)
        if quote is None:
            return "other_line" if bookmaker in self.market.quoted.books else "not_quoted"
        return "stale" if self.chances_at(quote) is not None else "other_kind"

    def chances_at(self, quote: Quote) -> Chances | None:
        """Return the chances as the quoting book settles the bet; None where nobody knows them."""
        if self.selection.market != "h2h" or quote.kind == self.market.kind:
            return self.chances
        return self.game.chances_as(quote.kind, self.selection)


def quote_shown(quote: Quote) -> parlay_shapes.LegAtBookmaker:
    """Return a price for JSON, without its age."""
    return {
        "price_american": quote.price_american,
        "price_decimal": quote.price_decimal,
        "price": quote.price,
        "price_format": quote.price_format,
        "kind": quote.kind,
        "price_updated_at": moment(quote.updated),
        "odds_age_seconds": 0,
    }


def find(games: Games, complete: bool, wanted: LegRequest, place: str) -> Leg:
    """Return a leg. `complete`: whether a game that is not here does not exist.

    Raises ProblemError: 422 naming the field at `place`, 503 when nobody can know yet.
    """
    game = games.of(wanted.game_id)
    if game is None:
        if not complete:
            raise ProblemError(503)
        raise invalid(f"{place}.game_id", "is no game that we have")
    return leg_of(game, wanted.market, wanted.outcome, wanted.point, place, wanted.bookmaker)


def leg_of(
    game: GameView,
    key: MarketKey,
    outcome: str,
    point: float | None,
    place: str,
    bookmaker: str | None = None,
) -> Leg:
    """Return a leg of a game, at a bookmaker's market if one is named. Raises ProblemError (422) as `find` does."""
    kept: Leg | None = game.legs.get((key, outcome, point))
    if kept is not None and bookmaker is None:
        return kept
    if game.status in OVER:
        raise invalid(f"{place}.game_id", "is a game that is over")
    market = game.markets.get(key)
    if market is None:
        raise invalid(f"{place}.market", "is not quoted for this game")
    if outcome not in market.consensus:
        raise invalid(f"{place}.outcome", f"must be one of {', '.join(market.consensus)}")
    if bookmaker is not None and bookmaker not in market.quoted.books:
        raise invalid(f"{place}.bookmaker", "does not quote this market")
    if kept is not None:
        return kept
    leg = _at_line(game, market, key, outcome, point, place)
    # A line that nobody quotes is a visitor's own, and of those there is no end.
    if point is None or leg.quotes:
        leg = game.legs.setdefault((key, outcome, leg.selection.point), leg)
        game.legs[key, outcome, point] = leg
    return leg


def _at_line(
    game: GameView, market: MarketView, key: MarketKey, outcome: str, asked: float | None, place: str
) -> Leg:
    side = game.sides[outcome]
    main = market.point
    if main is not None and key == "spreads" and side == "away":
        main = 0.0 - main
    point = main if asked is None else asked
    if main is None and point is not None:
        raise invalid(f"{place}.point", "has no place here: this market has no line")
    if point is not None and (point * 4) % 1:
        raise invalid(f"{place}.point", "must be a multiple of a quarter")
    kind = market.kind if key == "h2h" else "two_way"
    selection = Selection(key, side, None if point is None else point + 0.0, kind)
    if point == main:
        chances = market.fair[outcome]
    elif game.model is None or not game.knows(selection):
        raise invalid(f"{place}.point", f"must be {main:g}: a fair chance is known for no other line")
    else:
        chances = scores(game.model).chances(selection).rounded()
    if chances.win <= 0:
        raise invalid(f"{place}.point", "is a line that cannot win")
    return Leg(game, market, outcome, selection, chances)


@dataclass(frozen=True, slots=True)
class Together:
    """Legs by game, and what they are worth together."""

    groups: tuple[GameLegs, ...]
    fair: Fair
    same_game: bool
    without_distribution: tuple[int, ...]  # legs that share a game whose scores nobody knows


def together(legs: Sequence[Leg], place: str = "legs") -> Together:
    """Return the legs together. Raises ProblemError (422) naming one that cannot win with those before it.

    `place` is what the request calls its list of legs.
    """
    by_game: dict[tuple[str, str, str, datetime], list[int]] = {}
    for number, leg in enumerate(legs):
        by_game.setdefault(leg.game.identity, []).append(number)
    unknown: list[int] = []
    groups: list[GameLegs] = []
    for numbers in by_game.values():
        if len(numbers) == 1:
            groups.append(legs[numbers[0]].alone)
            continue
        _refuse_repeated(legs, numbers, place)
        group = _group([legs[number] for number in numbers])
        if group.scores is None:
            _refuse_one_market(legs, numbers, place)
            unknown += numbers
        groups.append(group)
    try:
        worth = fair(groups)
    except ContradictionError:
        raise _contradiction(legs, list(by_game.values()), place) from None
    return Together(tuple(groups), worth, len(by_game) < len(legs), tuple(unknown))


def _group(legs: Sequence[Leg]) -> GameLegs:
    if len(legs) == 1:
        return legs[0].alone
    game = legs[0].game
    known = all(game.knows(leg.selection) for leg in legs)
    return GameLegs(
        scores(game.model) if known and game.model is not None else None,
        tuple(leg.selection for leg in legs),
        tuple(leg.chances for leg in legs),
    )


def _refuse_repeated(legs: Sequence[Leg], numbers: Sequence[int], place: str) -> None:
    seen: dict[Selection, int] = {}
    for number in numbers:
        first = seen.setdefault(legs[number].selection, number)
        if first != number:
            raise invalid(f"{place}[{number}].market", f"is the very bet that {place}[{first}] is")


def _refuse_one_market(legs: Sequence[Leg], numbers: Sequence[int], place: str) -> None:
    """Refuse two legs on one market of a game without a distribution: different outcomes cannot both win."""
    seen: dict[str, int] = {}
    for number in numbers:
        first = seen.setdefault(legs[number].selection.market, number)
        if first != number:
            raise invalid(f"{place}[{number}].market", f"cannot win together with {place}[{first}]")


def _contradiction(legs: Sequence[Leg], games: Sequence[Sequence[int]], place: str) -> ProblemError:
    for numbers in games:
        for end in range(2, len(numbers) + 1):
            try:
                fair([_group([legs[number] for number in numbers[:end]])])
            except ContradictionError:
                last, before = numbers[end - 1], numbers[: end - 1]
                others = ", ".join(f"{place}[{number}]" for number in before)
                markets = {legs[number].selection.market for number in before}
                field = "market" if legs[last].selection.market in markets else "outcome"
                return invalid(f"{place}[{last}].{field}", f"cannot win together with {others}")
    return invalid(place, "cannot all win")
