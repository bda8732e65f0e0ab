"""Scales a distribution of scores to a set of probabilities: iterative proportional fitting, one bet in turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from quartapp.odds.legs import HALF_LOSS, HALF_WIN, LOSS, PUSH, WIN, Selection
from quartapp.odds.scores import (
    Grid,
    MarginAndTotal,
    Runs,
    Scores,
    Shape,
    Tilt,
    runs_of,
    settled,
    settled_values,
)

# Further than this no market is from a distribution that fits it: two markets of a game contradict each other.
STRONGEST_TILT = 1.5
MOST_ROUNDS = 400
# Targets that contradict each other drift apart by as much in each round: whose steps have not halved by then, do.
CHECKED_EVERY = 20
# A tilt whose steps shrink by a steady ratio goes where they end, and on from there: a tenth of the rounds.
ROUNDS_A_LEAP, MOST_RATIO = 4, 0.999


@dataclass(frozen=True, slots=True)
class Target:
    """A bet and its no-vig probability, pushes left out."""

    selection: Selection
    probability: float


def tilts_to(base: Scores, targets: Sequence[Target], *, most_rounds: int = MOST_ROUNDS) -> tuple[Tilt, ...]:
    """Return the tilts that scale a distribution to all targets: each in turn, until none moves by 1e-9.

    Targets that contradict each other are not met: the last of them nearly. Where markets pull apart the steps shrink
    slowly, each by the same ratio: every few rounds all to come are taken at once.
    """
    by_results = _masses(base, tuple(target.selection for target in targets))
    masses = list(by_results.values())
    aims = [
        _Aim(own, target.probability)
        for own, target in zip(zip(*by_results, strict=True), targets, strict=True)
    ]
    for aim in aims:
        aim.moves = [other for other in aims if not aim.places.isdisjoint(other.places)]
    before = math.inf
    for number in range(1, most_rounds + 1):
        furthest = 0.0
        for aim in aims:
            aim.steps = (aim.steps[1], 0.0)
            if aim.still:
                continue
            step = aim.step(masses)
            if abs(step) < 1e-12:
                aim.still = True
                continue
            aim.steps = (aim.steps[0], step)
            aim.take(masses, step)
            furthest = max(furthest, abs(step))
        if furthest < 1e-9:
            break
        if number % CHECKED_EVERY == 0:
            if furthest > before / 2:
                break
            before = furthest
        if not number % ROUNDS_A_LEAP:
            for aim in aims:
                aim.take(masses, aim.leap())
    return tuple(
        Tilt(target.selection, aim.strength)
        for target, aim in zip(targets, aims, strict=True)
        if aim.strength
    )


class _Aim:
    """A target of the scaling: where in the masses each result of its bet stands, and how strong its tilt is.

    `still`: its masses are as they were when it had no step to take. What is pushed moves nothing and stays.
    """

    def __init__(self, results: Sequence[int], probability: float) -> None:
        self.odds = probability / (1 - probability)
        self.lost, self.half_lost, _, self.half_won, self.won = (
            [place for place, own in enumerate(results) if own == result] for result in range(5)
        )
        self.halves = bool(self.half_lost or self.half_won)
        self.places = {place for place, own in enumerate(results) if own != PUSH}
        self.strength = 0.0
        self.still = False
        self.steps = (0.0, 0.0)  # of the last two rounds
        self.moves: list[_Aim] = []

    def step(self, masses: Sequence[float]) -> float:
        """Return by how much the tilt is to be stronger, within what any tilt may be."""
        won = lost = 0.0
        for place in self.won:
            won += masses[place]
        for place in self.lost:
            lost += masses[place]
        if self.halves:
            half_won = sum(masses[place] for place in self.half_won)
            half_lost = sum(masses[place] for place in self.half_lost)
            step = _tilt((lost, half_lost, 0.0, half_won, won), self.odds)
        elif won <= 0 or lost <= 0:
            step = 0.0
        else:
            step = math.log(self.odds * lost / won) / 2
        return self._within(step)

    def leap(self) -> float:
        """Return all the steps to come at once, where each is shorter than the last by the same ratio."""
        before, last = self.steps
        ratio = last / before if before else 0.0
        return self._within(last * ratio / (1 - ratio)) if 0 < ratio < MOST_RATIO else 0.0

    def _within(self, step: float) -> float:
        return max(-STRONGEST_TILT - self.strength, min(STRONGEST_TILT - self.strength, step))

    def take(self, masses: list[float], step: float) -> None:
        """Make the tilt stronger by a step, and let those that it moves look again."""
        if not step:
            return
        self.strength += step
        self._scale(masses, step)
        for other in self.moves:
            other.still = False

    def _scale(self, masses: list[float], step: float) -> None:
        """Multiply each mass by e to what the bet wins there less what it loses."""
        whole = math.exp(step)
        for place in self.won:
            masses[place] *= whole
        inverse = 1 / whole
        for place in self.lost:
            masses[place] *= inverse
        if self.halves:
            half = math.exp(step / 2)
            for place in self.half_won:
                masses[place] *= half
            for place in self.half_lost:
                masses[place] *= 1 / half


def _masses(base: Scores, selections: tuple[Selection, ...]) -> dict[tuple[int, ...], float]:
    """Return the probability of each combination of the targets' results.

    Where the margin and the total have distributions of their own, a target is tilted on its own: the other
    side's results are taken as PUSH, which no tilt of this side moves.
    """
    if isinstance(base, Grid):
        return _summed({}, _runs_on_grid(selections, base.shape), base.probabilities)
    assert isinstance(base, MarginAndTotal)
    found = _summed(
        {},
        _runs_on_values(selections, base.margins.first, base.margins.last, False),
        base.margins.probabilities,
    )
    if base.totals is not None:
        _summed(
            found,
            _runs_on_values(selections, base.totals.first, base.totals.last, True),
            base.totals.probabilities,
        )
    return found


def _summed(
    found: dict[tuple[int, ...], float], runs: Runs[tuple[int, ...]], probabilities: Sequence[float]
) -> dict[tuple[int, ...], float]:
    for results, start, end in runs:
        found[results] = sum(probabilities[start:end], found.get(results, 0.0))
    return found


@lru_cache(maxsize=256)
def _runs_on_grid(selections: tuple[Selection, ...], shape: Shape) -> Runs[tuple[int, ...]]:
    return runs_of(list(zip(*(settled(selection, shape) for selection in selections), strict=True)))


@lru_cache(maxsize=512)
def _runs_on_values(
    selections: tuple[Selection, ...], first: int, last: int, on_totals: bool
) -> Runs[tuple[int, ...]]:
    still = (PUSH,) * (last - first + 1)
    settlements = [
        settled_values(selection, first, last) if (selection.market == "totals") == on_totals else still
        for selection in selections
    ]
    return runs_of(list(zip(*settlements, strict=True)))


def _tilt(sums: Sequence[float], odds: float) -> float:
    """Return the strength that brings won/lost to these odds, from the mass of each result."""
    won, lost = sums[WIN] + sums[HALF_WIN] / 2, sums[LOSS] + sums[HALF_LOSS] / 2
    if won <= 0 or lost <= 0:
        return 0.0
    strength = math.log(odds * lost / won) / 2
    if not sums[HALF_WIN] and not sums[HALF_LOSS]:
        return strength

    def miss(at: float) -> float:
        over = sums[WIN] * math.exp(at) + sums[HALF_WIN] / 2 * math.exp(at / 2)
        under = sums[LOSS] * math.exp(-at) + sums[HALF_LOSS] / 2 * math.exp(-at / 2)
        return math.log(over / under / odds)

    return solve(miss, strength - 2 * abs(strength) - 1e-9, strength + 2 * abs(strength) + 1e-9, 1e-13)


def solve(miss: Callable[[float], float], low: float, high: float, tolerance: float = 1e-9) -> float:
    """Return where a rising function is 0, or the bound that is nearest (Illinois's regula falsi)."""
    at_low, at_high = miss(low), miss(high)
    if at_low >= 0:
        return low
    if at_high <= 0:
        return high
    side = 0
    for _ in range(100):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        value = miss(middle)
        if abs(value) < tolerance or high - low < tolerance:
            return middle
        if value < 0:
            low, at_low = middle, value
            at_high /= 2 if side == -1 else 1
            side = -1
        else:
            high, at_high = middle, value
            at_low /= 2 if side == 1 else 1
            side = 1
    return (low + high) / 2
