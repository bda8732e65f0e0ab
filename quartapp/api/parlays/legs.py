"""Legs as they are asked for, found in the documents: which bet on which game, and its fair chances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ops.web.problems import ProblemError, invalid
from quartapp.api.parlays.games import Games, GameView, MarketView, Quote
from quartapp.api.parlays.requests import LegRequest
from quartapp.odds.combined import ContradictionError, Fair, GameLegs, fair
from quartapp.odds.fit import scores
from quartapp.odds.freshness import usable
from quartapp.odds.legs import Chances, Selection

_NOBODY: Mapping[str, Quote] = {}
OVER = ("final", "cancelled", "unresolved", "withdrawn")  # states in which no bet on a game can be placed


@dataclass(frozen=True, slots=True)
class Leg:
    """A bet on a game. `chances`: by the published analysis, or at another line by the distribution of the score."""

    game: GameView
    market: MarketView
    outcome: str
    selection: Selection
    chances: Chances

    @property
    def label(self) -> str:
        """What it is, in words."""
        point = self.selection.point
        line = (
            "" if point is None else f" {point:+g}" if self.selection.market == "spreads" else f" {point:g}"
        )
        return f"{self.outcome}{line} ({self.game.identity[2]} at {self.game.identity[1]})"

    @property
    def quotes(self) -> Mapping[str, Quote]:
        """Return who quotes this very line."""
        return self.market.quotes.get((self.outcome, self.selection.point), _NOBODY)

    def placeable(self, now: datetime) -> dict[str, tuple[Quote, Chances]]:
        """Return where it can be placed: the price, and the chances as that book settles the bet."""
        excluded, running = self.market.excluded, self.game.starts <= now
        found: dict[str, tuple[Quote, Chances]] = {}
        for bookmaker, quote in self.quotes.items():
            if bookmaker in excluded or quote.until is None:
                continue
            if usable(quote.updated, self.game.starts, now) if running else now < quote.until:
                chances = self.chances_at(quote)
                if chances is not None:
                    found[bookmaker] = quote, chances
        return found

    def lacking(self, bookmaker: str) -> str:
        """Return why it cannot be placed at a bookmaker that is not among `placeable`."""
        if bookmaker in self.market.excluded:
            return self.market.excluded[bookmaker]
        quote = self.quotes.get(bookmaker)
        if quote is None:
            return "other_line" if bookmaker in self.market.quoting else "not_quoted"
        return "stale" if self.chances_at(quote) is not None else "other_kind"

    def chances_at(self, quote: Quote) -> Chances | None:
        """Return the chances as the quoting book settles the bet; None where nobody knows them."""
        if self.selection.market != "h2h" or quote.kind == self.market.kind:
            return self.chances
        return self.game.chances_as(quote.kind, self.selection)


def find(games: Games, complete: bool, wanted: LegRequest, place: str) -> Leg:
    """Return a leg. `complete`: whether a game that is not here does not exist.

    Raises ProblemError: 422 naming the field at `place`, 503 when nobody can know yet.
    """
    game = games.of(wanted.game_id)
    if game is None:
        if not complete:
            raise ProblemError(503)
        raise invalid(f"{place}.game_id", "is no game that we have")
    if game.status in OVER:
        raise invalid(f"{place}.game_id", "is a game that is over")
    market = game.markets.get(wanted.market)
    if market is None:
        raise invalid(f"{place}.market", "is not quoted for this game")
    if wanted.outcome not in market.consensus:
        raise invalid(f"{place}.outcome", f"must be one of {', '.join(market.consensus)}")
    if wanted.bookmaker is not None and wanted.bookmaker not in market.quoting:
        raise invalid(f"{place}.bookmaker", "does not quote this market")
    return _at_line(game, market, wanted, place)


def _at_line(game: GameView, market: MarketView, wanted: LegRequest, place: str) -> Leg:
    side = game.sides[wanted.outcome]
    main = market.point
    if main is not None and wanted.market == "spreads" and side == "away":
        main = 0.0 - main
    point = main if wanted.point is None else wanted.point
    if main is None and point is not None:
        raise invalid(f"{place}.point", "has no place here: this market has no line")
    if point is not None and (point * 4) % 1:
        raise invalid(f"{place}.point", "must be a multiple of a quarter")
    kind = market.kind if wanted.market == "h2h" else "two_way"
    selection = Selection(wanted.market, side, None if point is None else point + 0.0, kind)
    if point == main:
        chances = market.fair[wanted.outcome]
    elif game.model is None or not game.knows(selection):
        raise invalid(f"{place}.point", f"must be {main:g}: a fair chance is known for no other line")
    else:
        chances = scores(game.model).chances(selection).rounded()
    if chances.win <= 0:
        raise invalid(f"{place}.point", "is a line that cannot win")
    return Leg(game, market, wanted.outcome, selection, chances)


@dataclass(frozen=True, slots=True)
class Together:
    """Legs by game, and what they are worth together."""

    groups: tuple[GameLegs, ...]
    fair: Fair
    same_game: bool
    without_distribution: tuple[int, ...]  # legs that share a game whose scores nobody knows


def together(legs: Sequence[Leg]) -> Together:
    """Return the legs together. Raises ProblemError (422) naming one that cannot win with those before it."""
    by_game: dict[tuple[str, str, str, datetime], list[int]] = {}
    for number, leg in enumerate(legs):
        by_game.setdefault(leg.game.identity, []).append(number)
    unknown: list[int] = []
    groups: list[GameLegs] = []
    for numbers in by_game.values():
        _refuse_repeated(legs, numbers)
        group = _group([legs[number] for number in numbers])
        if len(numbers) > 1 and group.scores is None:
            _refuse_one_market(legs, numbers)
            unknown += numbers
        groups.append(group)
    try:
        worth = fair(groups)
    except ContradictionError:
        raise _contradiction(legs, list(by_game.values())) from None
    return Together(tuple(groups), worth, len(by_game) < len(legs), tuple(unknown))


def _group(legs: Sequence[Leg]) -> GameLegs:
    game = legs[0].game
    known = len(legs) > 1 and all(game.knows(leg.selection) for leg in legs)
    return GameLegs(
        scores(game.model) if known and game.model is not None else None,
        tuple(leg.selection for leg in legs),
        tuple(leg.chances for leg in legs),
    )


def _refuse_repeated(legs: Sequence[Leg], numbers: Sequence[int]) -> None:
    seen: dict[Selection, int] = {}
    for number in numbers:
        first = seen.setdefault(legs[number].selection, number)
        if first != number:
            raise invalid(f"legs[{number}].market", f"is the very bet that legs[{first}] is")


def _refuse_one_market(legs: Sequence[Leg], numbers: Sequence[int]) -> None:
    """Refuse two legs on one market of a game without a distribution: different outcomes cannot both win."""
    seen: dict[str, int] = {}
    for number in numbers:
        first = seen.setdefault(legs[number].selection.market, number)
        if first != number:
            raise invalid(f"legs[{number}].market", f"cannot win together with legs[{first}]")


def _contradiction(legs: Sequence[Leg], games: Sequence[Sequence[int]]) -> ProblemError:
    for numbers in games:
        for end in range(2, len(numbers) + 1):
            try:
                fair([_group([legs[number] for number in numbers[:end]])])
            except ContradictionError:
                last, before = numbers[end - 1], numbers[: end - 1]
                others = ", ".join(f"legs[{number}]" for number in before)
                markets = {legs[number].selection.market for number in before}
                field = "market" if legs[last].selection.market in markets else "outcome"
                return invalid(f"legs[{last}].{field}", f"cannot win together with {others}")
    return invalid("legs", "cannot all win")
