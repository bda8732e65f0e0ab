"""Parlays suggested by appetite for risk: legs of one bookmaker, so that the whole can be placed there."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from quartapp.odds.fit import Model, scores
from quartapp.odds.legs import Chances, Selection
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
# How old a price may be when it is suggested; bookmakers that are asked rarely are confirmed rarely.
AGE_NEAR, AGE_FAR, NEAR_START = timedelta(hours=2), timedelta(hours=12), timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A leg that may be suggested at one bookmaker. `game`: equal for one game, whatever its ids."""

    game: tuple[str, str, str, datetime]
    game_id: str
    label: str
    selection: Selection
    outcome: str
    price: str
    price_format: str
    decimal: float
    chances: Chances
    edge: float
    books: int
    booksum: float
    updated: datetime
    model: Model | None

    @property
    def starts(self) -> datetime:
        """When the game begins."""
        return self.game[3]

    def expires(self) -> datetime:
        """Return from when on it may not be suggested: its game has begun, or its price is too old."""
        near_from = self.starts - NEAR_START
        stale = min(self.updated + AGE_FAR, max(self.updated + AGE_NEAR, near_from))
        return min(self.starts, stale)


Ranked = tuple[float, str, str, Candidate]  # the best has the least


def ranked(candidates: Iterable[Candidate], risk: Risk) -> list[Ranked]:
    """Return those that suit the appetite, the best first: by edge less the distance from its middle."""
    low, high, middle = _APPETITE[risk]
    return sorted(
        (
            (_DISTANCE_COUNTS * abs(one.chances.win - middle) - one.edge, one.game_id, one.label, one)
            for one in candidates
            if low <= one.chances.win <= high
        ),
        key=lambda item: item[:3],
    )


def choose(
    by_sport: Sequence[Sequence[Ranked]], count: int, now: datetime, *, same_game: bool = False
) -> list[Ranked] | None:
    """Return the best `count` legs of one bookmaker that may be suggested now; None when there are not enough.

    At most one leg a game; with `same_game` several, each of another market, which can all win.
    """
    chosen: list[Ranked] = []
    by_game: dict[tuple[str, str, str, datetime], list[Candidate]] = {}
    for item in heapq.merge(*by_sport, key=lambda item: item[:3]):
        one = item[3]
        of_game = by_game.get(one.game, [])
        if one.expires() <= now or (of_game and not (same_game and _together(one, of_game))):
            continue
        chosen.append(item)
        by_game[one.game] = [*of_game, one]
        if len(chosen) == count:
            return chosen
    return None


def _together(one: Candidate, others: Sequence[Candidate]) -> bool:
    """Tell whether a leg is of another market than these of its game, and can win with all of them."""
    if one.selection.market in {other.selection.market for other in others} or one.model is None:
        return False
    return joint(scores(one.model), [one.selection, *(other.selection for other in others)]) > 1e-6


def reason(one: Candidate) -> str:
    """Return why a leg was chosen."""
    return (
        f"{one.label}: {one.chances.win:.0%} by {one.books} books, {one.edge:+.1%} by the other books' prices"
    )
