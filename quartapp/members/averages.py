"""Averages of a member's parlays, each with its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from quartapp.members.saved import SavedParlay

Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of `n`, with its 95 % interval."""

    n: int
    value: float
    low: float
    high: float


def return_on(parlays: Sequence[SavedParlay]) -> Mean:
    """Return profit over stake of at least two parlays, with the 95 % interval of a ratio.

    The standard error is the ratio estimator's, sqrt(sum((y - R x)^2) / (n (n - 1))) over the mean of x, with y a
    parlay's profit and x its stake (Cochran 1977, Sampling Techniques, 2.11).
    """
    stakes = [parlay.stake_cents for parlay in parlays]
    profits = [(parlay.payout_cents or 0) - parlay.stake_cents for parlay in parlays]
    n, ratio = len(parlays), sum(profits) / sum(stakes)
    squares = math.fsum((y - ratio * x) ** 2 for x, y in zip(stakes, profits, strict=True))
    half = Z95 * math.sqrt(squares / (n * (n - 1))) / (sum(stakes) / n)
    return Mean(n, ratio, ratio - half, ratio + half)


def mean(values: Sequence[float]) -> Mean:
    """Return the mean of at least two values with its 95 % interval."""
    n, middle = len(values), math.fsum(values) / len(values)
    half = Z95 * math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (n * (n - 1)))
    return Mean(n, middle, middle - half, middle + half)
