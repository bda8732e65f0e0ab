"""Parlays suggested by appetite for risk: legs of one bookmaker, so that the whole can be placed there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from quartapp.odds.fit import Model, scores
from quartapp.odds.freshness import usable_until
from quartapp.odds.legs import Selection
from quartapp.odds.scores import joint

Risk = Literal["conservative", "balanced", "degen"]
RISKS: tuple[Risk, ...] = ("conservative", "balanced", "degen")
# The chance of winning that a leg should have, and the one it is best near to.
_APPETITE: Mapping[Risk, tuple[float, float, float]] = {
    "conservative": (0.60, 0.90, 0.72),
    "balanced": (0.42, 0.68, 0.54),
    "degen": (0.12, 0.48, 0.33),
}
_DISTANCE_COUNTS = 0.35  # how much nearness to the appetite counts against an edge


class Bet(NamedTuple):
    """A bet, whoever takes it. `game`: equal for one game, whatever its ids."""

    game: tuple[str, str, str, datetime]
    game_id: str
    label: str
    selection: Selection
    outcome: str
    win: float
    books: int
    model: Model | None


class Candidate(NamedTuple):
    """A bet at one bookmaker: its edge by the other books' prices, and when the price was confirmed."""

    bet: Bet
    edge: float
    updated: datetime

    def expires(self) -> datetime:
        """Return from when on it may not be suggested: its game has begun, or its price is too old."""
        return usable_until(self.updated, self.bet.game[3])


Ranked = tuple[float, str, str, Candidate]  # the best has the least


def ranked(candidates: Iterable[Candidate], risk: Risk) -> list[Ranked]:
    """Return those that suit the appetite, the best first: by edge less the distance from its middle."""
    low, high, middle = _APPETITE[risk]
    found = [
        (_DISTANCE_COUNTS * abs(one.bet.win - middle) - one.edge, one.bet.game_id, one.bet.label, one)
        for one in candidates
        if low <= one.bet.win <= high
    ]
    found.sort(key=_place)
    return found


def merged(lists: Iterable[Iterable[Ranked]]) -> list[Ranked]:
    """Return ranked lists as one."""
    return sorted((item for one in lists for item in one), key=_place)


def _place(item: Ranked) -> tuple[float, str, str]:
    return item[:3]


def choose(
    items: Iterable[Ranked], count: int, now: datetime, *, same_game: bool = False
) -> list[Ranked] | None:
    """Return the best `count` legs of one bookmaker that may be suggested now; None when there are not enough.

    At most one leg a game; with `same_game` several, each of another market, which can all win.
    """
    chosen: list[Ranked] = []
    by_game: dict[tuple[str, str, str, datetime], list[Bet]] = {}
    for item in items:
        one = item[3]
        of_game = by_game.get(one.bet.game, [])
        if one.expires() <= now or (of_game and not (same_game and _together(one.bet, of_game))):
            continue
        chosen.append(item)
        by_game[one.bet.game] = [*of_game, one.bet]
        if len(chosen) == count:
            return chosen
    return None


def _together(one: Bet, others: list[Bet]) -> bool:
    """Tell whether a leg is of another market than these of its game, and can win with all of them."""
    if one.selection.market in {other.selection.market for other in others} or one.model is None:
        return False
    return joint(scores(one.model), [one.selection, *(other.selection for other in others)]) > 1e-6


def reason(one: Candidate) -> str:
    """Return why a leg was chosen."""
    bet = one.bet
    return f"{bet.label}: {bet.win:.0%} by {bet.books} books, {one.edge:+.1%} by the other books' prices"
