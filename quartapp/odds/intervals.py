"""How far a measured figure can be trusted: 95 % intervals for shares and for means."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist, fmean, stdev

LEVEL = 0.95
RESAMPLES = 1000
SEED = 20260101
FEWEST = 30  # below this many an interval says little, and whoever reads a figure is told so

Interval = tuple[float, float]
_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)


def wilson(happened: int, of: int) -> Interval | None:
    """Return the score interval of a share (Wilson 1927); None of nothing.

    >>> [round(bound, 4) for bound in wilson(5, 10)]
    [0.2366, 0.7634]
    """
    if of == 0:
        return None
    share, square = happened / of, _Z * _Z / of
    centre = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * math.sqrt(share * (1 - share) / of + square / (4 * of))
    return max(0.0, centre - half), min(1.0, centre + half)


def of_mean(values: Sequence[float]) -> Interval | None:
    """Return the normal interval of a mean; None of fewer than two values, which say nothing of their spread."""
    if len(values) < 2:
        return None
    mean, half = fmean(values), _Z * stdev(values) / math.sqrt(len(values))
    return mean - half, mean + half


def bootstrap(groups: Sequence[Sequence[float]], *, seed: int = SEED) -> Interval | None:
    """Return the percentile interval of the mean of all values (Efron 1979); None of nothing.

    Whole groups are drawn, because bets on one game end together. The seed is fixed, and the generator is ours: equal
    values have an equal interval on every machine and in every version of Python.
    """
    sums = [(math.fsum(group), len(group)) for group in groups if group]
    if not sums:
        return None
    dice, many = _numbers(seed), len(sums)
    means: list[float] = []
    for _ in range(RESAMPLES):
        drawn = [sums[next(dice) * many >> 32] for _ in range(many)]
        means.append(sum(total for total, _ in drawn) / sum(count for _, count in drawn))
    means.sort()
    tail = (1 - LEVEL) / 2
    return _quantile(means, tail), _quantile(means, 1 - tail)


def _numbers(seed: int) -> Iterator[int]:
    """Yield numbers from 0 up to 2^32 that look random (SplitMix64, Steele, Lea and Flood 2014)."""
    state, mask = seed, (1 << 64) - 1
    while True:
        state = (state + 0x9E3779B97F4A7C15) & mask
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        mixed ^= mixed >> 31
        yield mixed & 0xFFFFFFFF
        yield mixed >> 32


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile, linear between its neighbours."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
