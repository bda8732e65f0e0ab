"""A parlay at one bookmaker: legs of different games, one price, all must win."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from quartapp.odds.combined import mean_return, parlay_kelly
from quartapp.odds.legs import Chances
from quartapp.odds.value import TOO_GOOD_EDGE, expected_value

MIN_LEGS, MAX_LEGS, MAX_SUGGESTED_LEGS = 2, 20, 10
KELLY_FRACTION = 0.25


class Placed(NamedTuple):
    """A leg at a bookmaker: decimal odds, exact and not; its chances as this book settles it, and what follows of them.

    `mean_return`: of a stake of 1. `kept`: 1 less the hold on its market; None where the book quotes one side alone.
    """

    decimal: Fraction
    odds: float
    chances: Chances
    kept: float | None
    mean_return: float
    too_good: bool


def place(decimal: Fraction, odds: float, chances: Chances, hold: float | None) -> Placed:
    """Return a leg at a bookmaker."""
    return Placed(
        decimal,
        odds,
        chances,
        None if hold is None else 1 - hold,
        mean_return(chances, odds),
        expected_value(chances, odds) > TOO_GOOD_EDGE,
    )


class BookPrice(NamedTuple):
    """What a parlay is worth at a bookmaker; value and stake per stake or bankroll of 1.

    `too_good`: a leg's price is so far above its value that it is a mistake, or news that others do not have.
    """

    decimal: Fraction
    expected_value: float
    kelly: float
    hold: float | None
    too_good: bool


def at_book(legs: Sequence[Placed]) -> BookPrice:
    """Return the price of 2 to 20 legs of different games: decimal odds and mean returns multiply.

    The hold is 1 - Π (1 - h) over the legs' markets. Raises ValueError for a wrong number of legs.
    """
    if not MIN_LEGS <= len(legs) <= MAX_LEGS:
        raise ValueError(f"a parlay has {MIN_LEGS} to {MAX_LEGS} legs, not {len(legs)}")
    value = math.prod([leg.mean_return for leg in legs]) - 1
    numerator = math.prod([leg.decimal.numerator for leg in legs])
    denominator = math.prod([leg.decimal.denominator for leg in legs])
    kelly = 0.0
    if value > 0:
        kelly = parlay_kelly([leg.chances for leg in legs], [leg.odds for leg in legs], KELLY_FRACTION)
    kept = [leg.kept for leg in legs if leg.kept is not None]
    return BookPrice(
        Fraction(numerator, denominator),
        value,
        kelly,
        1 - math.prod(kept) if len(kept) == len(legs) else None,
        any(leg.too_good for leg in legs),
    )
