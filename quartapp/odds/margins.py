"""Margins and totals of games with many points: a discretised normal, heavier on its key numbers.

A normal distribution gives a whole number k the probability between k - 1/2 and k + 1/2. Football's scores come
in threes and sevens: each whole number is multiplied by a weight (Stern 1991, "On the probability of winning
a football game", The American Statistician 45(3), has the normal; the weights are fitted here).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist

from quartapp.odds.scores import Values

NORMAL = NormalDist()
REACH = 5.5  # standard deviations either side of the mean


def discretised(
    mean: float, sd: float, weights: Sequence[float] = (), *, lowest: int | None = None
) -> Values:
    """Return the probabilities of the whole numbers about `mean`; they sum to 1.

    `weights[k]` counts for k and -k; a number past their end has 1. `lowest`: no value is below it.
    """
    first, last = math.floor(mean - REACH * sd), math.ceil(mean + REACH * sd)
    if lowest is not None:
        first = max(first, lowest)
        last = max(last, first + 1)
    scale = 1 / (sd * math.sqrt(2))
    edges = [math.erf((value - 0.5 - mean) * scale) for value in range(first, last + 2)]
    known = len(weights)
    found = [
        (edges[n + 1] - edges[n]) * (weights[abs(value)] if abs(value) < known else 1.0)
        for n, value in enumerate(range(first, last + 1))
    ]
    whole = math.fsum(found)
    return Values(first, [probability / whole for probability in found])


def fit_weights(
    games: Iterable[tuple[float, int]],
    sd: float,
    *,
    known: int,
    prior: float,
    lowest: int | None = None,
    rounds: int = 12,
) -> list[float]:
    """Return the weights of 0 .. known - 1, fitted to (expected, actual) values of games.

    Each round multiplies a weight by how often its number came up over how often it was expected, both with
    `prior` games added: a number that is rarely expected stays near 1. The mean is shifted so that the line
    stays the median of what is decided, as the market has it.
    """
    happened = [0.0] * known
    lines: dict[float, int] = {}
    for line, actual in games:
        lines[line] = lines.get(line, 0) + 1
        if abs(actual) < known:
            happened[abs(actual)] += 1
    weights = [1.0] * known
    for _ in range(rounds):
        expected = [0.0] * known
        for line, count in lines.items():
            mean = median_mean(line, sd, weights, lowest=lowest)
            values = discretised(mean, sd, weights, lowest=lowest)
            for value, probability in enumerate(values.probabilities, values.first):
                if abs(value) < known:
                    expected[abs(value)] += count * probability
        weights = [
            (seen + prior) / (foreseen / weight + prior)
            for weight, seen, foreseen in zip(weights, happened, expected, strict=True)
        ]
    return weights


def median_mean(line: float, sd: float, weights: Sequence[float], *, lowest: int | None = None) -> float:
    """Return the mean at which a bet on `line` is won as often as lost."""
    mean = line
    for _ in range(3):
        above = below = 0.0
        values = discretised(mean, sd, weights, lowest=lowest)
        for value, probability in enumerate(values.probabilities, values.first):
            if value > line:
                above += probability
            elif value < line:
                below += probability
        mean -= sd * NORMAL.inv_cdf(above / (above + below))
    return mean
