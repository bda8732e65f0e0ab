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
from typing import Protocol

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
class Cell:
    """One final score's margin, total and probability; `tied`: level after regulation."""

    margin: int
    total: int
    tied: bool
    probability: float


class Grid:
    """A distribution by cells of (margin, total): what a Poisson grid becomes."""

    def __init__(self, cells: Sequence[Cell], tilts: Sequence[Tilt] = ()) -> None:
        weights = [cell.probability for cell in cells]
        for tilt in tilts:
            factors = _factors(tilt.strength)
            weights = [
                weight * factors[settle(tilt.selection, cell.margin, cell.total, tied=cell.tied)]
                for weight, cell in zip(weights, cells, strict=True)
            ]
        whole = math.fsum(weights)
        self.cells = [
            Cell(cell.margin, cell.total, cell.tied, weight / whole)
            for cell, weight in zip(cells, weights, strict=True)
        ]

    def chances(self, selection: Selection) -> Chances:
        """Return the chances of one bet."""
        sums = [0.0] * 5
        for cell in self.cells:
            sums[settle(selection, cell.margin, cell.total, tied=cell.tied)] += cell.probability
        return _chances(sums)

    def expect(self, legs: Sequence[tuple[Selection, Payout]]) -> float:
        """Return the mean of the product of what the legs return."""
        mean = 0.0
        for cell in self.cells:
            product = cell.probability
            for selection, pays in legs:
                product *= pays[settle(selection, cell.margin, cell.total, tied=cell.tied)]
                if not product:
                    break
            mean += product
        return mean


class MarginAndTotal:
    """A margin and a total, each with its own distribution, loosely correlated.

    Their joint probability is p(m)·q(t)·(1 + r·z(m)·z(t)) with z the standardised values (Sarmanov 1966): the
    margins stay exact, the correlation is exactly r, and nothing is negative while |r·z·z| < 1.
    """

    def __init__(
        self,
        margins: Sequence[tuple[int, float]],
        totals: Sequence[tuple[int, float]] | None,
        correlation: float = 0.0,
        tilts: Sequence[Tilt] = (),
    ) -> None:
        on_totals = [tilt for tilt in tilts if tilt.selection.market == "totals"]
        self.margins = _tilted(margins, [tilt for tilt in tilts if tilt not in on_totals], as_total=False)
        self.totals = None if totals is None else _tilted(totals, on_totals, as_total=True)
        self.correlation = 0.0
        self._margin_moments = self._total_moments = (0.0, 1.0)
        if self.totals is not None:
            self._margin_moments, self._total_moments = _moments(self.margins), _moments(self.totals)
            furthest = _furthest(self.margins, self._margin_moments) * _furthest(
                self.totals, self._total_moments
            )
            self.correlation = max(-1 / furthest, min(1 / furthest, correlation))

    def chances(self, selection: Selection) -> Chances:
        """Return the chances of one bet. Raises ValueError for a total where none is known."""
        on_totals = selection.market == "totals"
        sums = [0.0] * 5
        for value, probability in self._values(on_totals):
            sums[settle(selection, value, value)] += probability
        return _chances(sums)

    def expect(self, legs: Sequence[tuple[Selection, Payout]]) -> float:
        """Return the mean of the product of what the legs return."""
        of_totals = [leg for leg in legs if leg[0].market == "totals"]
        margin_mean, margin_lean = self._mean([leg for leg in legs if leg not in of_totals], False)
        if not of_totals:
            return margin_mean
        total_mean, total_lean = self._mean(of_totals, True)
        # The sum of terms is never negative but for rounding.
        return max(0.0, margin_mean * total_mean + self.correlation * margin_lean * total_lean)

    def _values(self, on_totals: bool) -> Sequence[tuple[int, float]]:
        if not on_totals:
            return self.margins
        if self.totals is None:
            raise ValueError("the distribution of the total is not known")
        return self.totals

    def _mean(self, legs: Sequence[tuple[Selection, Payout]], on_totals: bool) -> tuple[float, float]:
        """Return the mean of the product, and of the product times z."""
        centre, spread = self._total_moments if on_totals else self._margin_moments
        mean = lean = 0.0
        for value, probability in self._values(on_totals):
            product = probability
            for selection, pays in legs:
                product *= pays[settle(selection, value, value)]
                if not product:
                    break
            mean += product
            lean += product * (value - centre) / spread
        return mean, lean


def _factors(strength: float) -> list[float]:
    return [math.exp(strength * (won - lost)) for won, lost in zip(WON, LOST, strict=True)]


def _tilted(
    values: Sequence[tuple[int, float]], tilts: Sequence[Tilt], *, as_total: bool
) -> list[tuple[int, float]]:
    weights = [probability for _, probability in values]
    for tilt in tilts:
        factors = _factors(tilt.strength)
        weights = [
            weight * factors[settle(tilt.selection, value, value)]
            for weight, (value, _) in zip(weights, values, strict=True)
        ]
    whole = math.fsum(weights)
    return [(value, weight / whole) for weight, (value, _) in zip(weights, values, strict=True)]


def _moments(values: Sequence[tuple[int, float]]) -> tuple[float, float]:
    mean = math.fsum(value * probability for value, probability in values)
    return mean, math.sqrt(math.fsum(probability * (value - mean) ** 2 for value, probability in values))


def _furthest(values: Sequence[tuple[int, float]], moments: tuple[float, float]) -> float:
    return max(abs(values[0][0] - moments[0]), abs(values[-1][0] - moments[0])) / moments[1]


def _chances(sums: Sequence[float]) -> Chances:
    whole = math.fsum(sums)
    return Chances(
        win=sums[WIN] / whole,
        push=sums[PUSH] / whole,
        half_win=sums[HALF_WIN] / whole,
        half_loss=sums[HALF_LOSS] / whole,
        loss=sums[LOSS] / whole,
    )
