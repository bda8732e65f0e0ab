"""Distributions of a game's score, and what they say of any line and of any set of legs of the game.

A distribution is evaluated as it is fitted: a grid of goals where few are scored, a margin and a total where
many are. Tilts scale either to the market's own margins: all cells are multiplied by e^(t·s), where s is +1
where the tilt's bet wins, -1 where it loses, halves between; with t solved in turn for each bet this is
iterative proportional fitting (Deming and Stephan 1940), and it takes quarter lines as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Protocol, TypeVar

from quartapp.odds.legs import (
    HALF_LOSS,
    HALF_WIN,
    LOSS,
    LOST,
    PUSH,
    WIN,
    WON,
    Chances,
    Selection,
    settle,
)

T = TypeVar("T")
Runs = Sequence[
    tuple[T, int, int]
]  # what holds from one place up to another: most neighbours are settled alike
Payout = tuple[float, float, float, float, float]  # what a stake of 1 returns, LOSS .. WIN
WINS: Payout = (0.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Tilt:
    """A factor e^(strength·s) on every cell; s is what the bet wins less what it loses there."""

    selection: Selection
    strength: float


class Scores(Protocol):
    """A distribution of the score of one game."""

    def chances(self, selection: Selection) -> Chances:
        """Return the chances of one bet."""
        ...

    def expect(self, legs: Sequence[tuple[Selection, Payout]]) -> float:
        """Return the mean of the product of what the legs return."""
        ...


def joint(scores: Scores, selections: Sequence[Selection]) -> float:
    """Return the probability that every one of these bets on one game wins."""
    return scores.expect([(selection, WINS) for selection in selections])


def payout(decimal: float) -> Payout:
    """Return what a stake of 1 returns at decimal odds, by result."""
    return (0.0, 0.5, 1.0, (1 + decimal) / 2, decimal)


@dataclass(frozen=True, slots=True)
class Shape:
    """Which final scores a grid has, in order of home's goals, then away's: 0 .. highest of each.

    With `overtime` a level score stands for two final ones, home or away a goal ahead, in this order.
    """

    home_highest: int
    away_highest: int
    overtime: bool = False


@lru_cache(maxsize=1024)
def settled(selection: Selection, shape: Shape) -> tuple[int, ...]:
    """Return how a bet is settled at each score of a grid."""
    found: list[int] = []
    for home in range(shape.home_highest + 1):
        for away in range(shape.away_highest + 1):
            margin, total = home - away, home + away
            if margin or not shape.overtime:
                found.append(settle(selection, margin, total))
            else:
                found += [settle(selection, ahead, total + 1, tied=True) for ahead in (1, -1)]
    return tuple(found)


def runs_of(results: Sequence[T]) -> list[tuple[T, int, int]]:
    """Return equal neighbours as one: (result, from, up to).

    >>> runs_of([0, 0, 4, 4, 4])
    [(0, 0, 2), (4, 2, 5)]
    """
    found: list[tuple[T, int, int]] = []
    at = 0
    for result, same in groupby(results):
        end = at + sum(1 for _ in same)
        found.append((result, at, end))
        at = end
    return found


@lru_cache(maxsize=1024)
def _grid_runs(selection: Selection, shape: Shape) -> Runs[int]:
    return runs_of(settled(selection, shape))


def _by_result(runs: Runs[int], probabilities: Sequence[float]) -> list[float]:
    """Return the mass of each result, LOSS .. WIN."""
    sums = [0.0] * 5
    for result, start, end in runs:
        sums[result] = sum(probabilities[start:end], sums[result])
    return sums


class Grid:
    """A distribution by score: what a Poisson grid becomes. `weights` are in the order of `shape`."""

    def __init__(self, shape: Shape, weights: Sequence[float], tilts: Sequence[Tilt] = ()) -> None:
        for tilt in tilts:
            factors = _factors(tilt.strength)
            at = settled(tilt.selection, shape)
            weights = [weight * factors[result] for weight, result in zip(weights, at, strict=True)]
        whole = math.fsum(weights)
        self.shape = shape
        self.probabilities = [weight / whole for weight in weights]

    def chances(self, selection: Selection) -> Chances:
        """Return the chances of one bet."""
        return _chances(_by_result(_grid_runs(selection, self.shape), self.probabilities))

    def expect(self, legs: Sequence[tuple[Selection, Payout]]) -> float:
        """Return the mean of the product of what the legs return."""
        products = self.probabilities
        for selection, pays in legs:
            at = settled(selection, self.shape)
            products = [product * pays[result] for product, result in zip(products, at, strict=True)]
        return math.fsum(products)

    def by_score(self) -> dict[tuple[int, int], float]:
        """Return the probability of each (home, away) score of a grid without overtime."""
        columns = self.shape.away_highest + 1
        return {divmod(n, columns): probability for n, probability in enumerate(self.probabilities)}


@lru_cache(maxsize=4096)
def settled_values(selection: Selection, first: int, last: int) -> tuple[int, ...]:
    """Return how a bet on the margin, or on the total, is settled at each value from first to last."""
    return tuple(settle(selection, value, value) for value in range(first, last + 1))


@lru_cache(maxsize=4096)
def value_runs(selection: Selection, first: int, last: int) -> Runs[int]:
    """Return the same, equal neighbours as one."""
    return runs_of(settled_values(selection, first, last))


@dataclass(frozen=True, slots=True)
class Values:
    """The probabilities of the whole numbers from `first` on."""

    first: int
    probabilities: Sequence[float]

    @property
    def last(self) -> int:
        """The highest number that has a probability."""
        return self.first + len(self.probabilities) - 1

    def settled(self, selection: Selection) -> tuple[int, ...]:
        """Return how a bet is settled at each number."""
        return settled_values(selection, self.first, self.last)

    def runs(self, selection: Selection) -> Runs[int]:
        """Return the same, equal neighbours as one."""
        return value_runs(selection, self.first, self.last)


class MarginAndTotal:
    """A margin and a total, each with its own distribution, loosely correlated.

    Their joint probability is p(m)·q(t)·(1 + r·z(m)·z(t)) with z the standardised values (Sarmanov 1966): the
    margins stay exact, the correlation is exactly r, and nothing is negative while |r·z·z| < 1.
    """

    def __init__(
        self,
        margins: Values,
        totals: Values | None,
        correlation: float = 0.0,
        tilts: Sequence[Tilt] = (),
    ) -> None:
        on_totals = [tilt for tilt in tilts if tilt.selection.market == "totals"]
        self.margins = _tilted(margins, [tilt for tilt in tilts if tilt not in on_totals])
        self.totals = None if totals is None else _tilted(totals, on_totals)
        self.correlation = 0.0
        self._margin_moments = self._total_moments = (0.0, 1.0)
        if self.totals is not None and correlation:
            self._margin_moments, self._total_moments = _moments(self.margins), _moments(self.totals)
            furthest = _furthest(self.margins, self._margin_moments) * _furthest(
                self.totals, self._total_moments
            )
            self.correlation = max(-1 / furthest, min(1 / furthest, correlation))

    def chances(self, selection: Selection) -> Chances:
        """Return the chances of one bet. Raises ValueError for a total where none is known."""
        values = self._values(selection.market == "totals")
        return _chances(_by_result(values.runs(selection), values.probabilities))

    def expect(self, legs: Sequence[tuple[Selection, Payout]]) -> float:
        """Return the mean of the product of what the legs return."""
        of_totals = [leg for leg in legs if leg[0].market == "totals"]
        margin_mean, margin_lean = self._mean([leg for leg in legs if leg not in of_totals], False)
        if not of_totals:
            return margin_mean
        total_mean, total_lean = self._mean(of_totals, True)
        # The sum of terms is never negative but for rounding.
        return max(0.0, margin_mean * total_mean + self.correlation * margin_lean * total_lean)

    def _values(self, on_totals: bool) -> Values:
        if not on_totals:
            return self.margins
        if self.totals is None:
            raise ValueError("the distribution of the total is not known")
        return self.totals

    def _mean(self, legs: Sequence[tuple[Selection, Payout]], on_totals: bool) -> tuple[float, float]:
        """Return the mean of the product, and of the product times z."""
        values = self._values(on_totals)
        products: Sequence[float] = values.probabilities
        for selection, pays in legs:
            at = values.settled(selection)
            products = [product * pays[result] for product, result in zip(products, at, strict=True)]
        if not self.correlation:
            return math.fsum(products), 0.0
        centre, spread = self._total_moments if on_totals else self._margin_moments
        lean = math.fsum(
            product * (value - centre) / spread for value, product in enumerate(products, values.first)
        )
        return math.fsum(products), lean


def _factors(strength: float) -> list[float]:
    return [math.exp(strength * (won - lost)) for won, lost in zip(WON, LOST, strict=True)]


def _tilted(values: Values, tilts: Sequence[Tilt]) -> Values:
    weights: Sequence[float] = values.probabilities
    for tilt in tilts:
        factors = _factors(tilt.strength)
        scaled: list[float] = []
        for result, start, end in values.runs(tilt.selection):
            factor = factors[result]
            scaled += [weight * factor for weight in weights[start:end]]
        weights = scaled
    whole = math.fsum(weights)
    if whole == 1.0 and not tilts:
        return values
    return Values(values.first, [weight / whole for weight in weights])


def _moments(values: Values) -> tuple[float, float]:
    pairs = list(enumerate(values.probabilities, values.first))
    mean = math.fsum(value * probability for value, probability in pairs)
    return mean, math.sqrt(math.fsum(probability * (value - mean) ** 2 for value, probability in pairs))


def _furthest(values: Values, moments: tuple[float, float]) -> float:
    return max(abs(values.first - moments[0]), abs(values.last - moments[0])) / moments[1]


def _chances(sums: Sequence[float]) -> Chances:
    whole = math.fsum(sums)
    return Chances(
        win=sums[WIN] / whole,
        push=sums[PUSH] / whole,
        half_win=sums[HALF_WIN] / whole,
        half_loss=sums[HALF_LOSS] / whole,
        loss=sums[LOSS] / whole,
    )
