"""From prices to probabilities: what a book's odds imply, its hold, and four ways to remove it.

All take decimal odds (> 1) of a market's mutually exclusive outcomes, two or more, and return
probabilities in (0, 1) that sum to 1. Let q_i = 1/d_i and B = Σ q_i (the booksum).

- multiplicative: p_i = q_i / B.
- additive: p_i = q_i - (B - 1)/n. Where that would leave (0, 1), the multiplicative answer stands in.
- power: p_i = q_i^k with Σ q_i^k = 1 (Clarke, Kovalchik, Ingram 2017, "Adjusting bookmaker's odds").
- Shin: insiders are a share z of the money (Shin 1992, 1993; Jullien and Salanié 1994); by the `shin` package.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

Method = Literal["multiplicative", "additive", "power", "shin"]
DEFAULT_METHOD: Method = "power"  # what measures best: see calibration.py


def implied_probabilities(decimals: Sequence[float]) -> list[float]:
    """Return 1/d for each price; they sum to the booksum. Raises ValueError for a price ≤ 1."""
    if len(decimals) < 2:
        raise ValueError("a market has at least two outcomes")
    for price in decimals:
        if not (math.isfinite(price) and price > 1):
            raise ValueError(f"{price} is no decimal price: it must be above 1")
    return [1 / price for price in decimals]


def hold(decimals: Sequence[float], decided: float = 1.0) -> float:
    """Return the book's hold, the share of balanced stakes it keeps: 1 - 1/B of what is decided, B being Σ 1/d.

    `decided`: the share of the stakes that is won or lost, not pushed. Negative for an underround.
    """
    return decided * (1 - 1 / sum_of_implied(tuple(decimals)))


@lru_cache(maxsize=16_384)
def sum_of_implied(decimals: tuple[float, ...]) -> float:
    """Return the booksum of prices above 1."""
    return sum(implied_probabilities(decimals))


def remove_vig(decimals: Sequence[float], method: Method = DEFAULT_METHOD) -> list[float]:
    """Return the no-vig probabilities by `method`. Raises ValueError for a price ≤ 1."""
    return list(fair_chances(tuple(decimals), method))


@lru_cache(maxsize=16_384)  # books quote the same few pairs of prices over and over
def fair_chances(decimals: tuple[float, ...], method: Method = DEFAULT_METHOD) -> tuple[float, ...]:
    """Return the same of prices that are a tuple, as one."""
    return tuple(_METHODS[method](implied_probabilities(decimals)))


def _multiplicative(implied: list[float]) -> list[float]:
    total = sum(implied)
    return [one / total for one in implied]


def _additive(implied: list[float]) -> list[float]:
    share = (sum(implied) - 1) / len(implied)
    found = [one - share for one in implied]
    if all(0 < one < 1 for one in found):
        return _multiplicative(found)  # takes up what rounding left
    return _multiplicative(implied)


def _power(implied: list[float]) -> list[float]:
    # f(k) = ln Σ q_i^k falls and is convex, so Newton from the left of the root never overshoots. ln of
    # the sum, not the sum, keeps the steps long when one outcome is nearly certain.
    logs = [math.log(one) for one in implied]
    exponent = 1.0
    if sum(implied) < 1:
        # Underround: the root lies below 1; 0 is left of every root, for n outcomes sum to n there.
        exponent = 0.0
    for _ in range(200):
        powers = [math.exp(exponent * one) for one in logs]
        total = sum(powers)
        step = math.log(total) * total / sum(p * one for p, one in zip(powers, logs, strict=True))
        exponent -= step
        if abs(step) <= 1e-13 * max(1.0, exponent):
            break
    return _multiplicative([math.exp(exponent * one) for one in logs])


def _shin(implied: list[float]) -> list[float]:
    import shin

    total = sum(implied)
    if total <= 1:
        return _multiplicative(implied)  # Shin's model explains an overround only
    found = shin.calculate_implied_probabilities([1 / one for one in implied], convergence_threshold=1e-14)
    if not all(math.isfinite(one) and 0 < one < 1 for one in found):
        return _multiplicative(implied)
    return _multiplicative(list(found))


_METHODS: dict[Method, Callable[[list[float]], list[float]]] = {
    "multiplicative": _multiplicative,
    "additive": _additive,
    "power": _power,
    "shin": _shin,
}
