"""Parlays: several legs, one price, all must win.

Legs are taken as independent. Legs of one game are not: the true chance of both may be far from the
product, so such a parlay is priced with a warning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from quartapp.odds.formats import decimal_to_fractional, display_american
from quartapp.odds.legs import Chances
from quartapp.odds.value import expected_value, kelly

MIN_LEGS, MAX_LEGS = 2, 20
KELLY_FRACTION = 0.25


@dataclass(frozen=True, slots=True)
class Leg:
    """One selection: decimal odds exactly, the no-vig probability of winning, and what it is on.

    `booksum` is Σ 1/d of the book's whole market that the price is from; 1 when it is not known.
    """

    game_id: str
    label: str
    decimal: Fraction
    probability: float
    booksum: float = 1.0
    started: bool = False


@dataclass(frozen=True, slots=True)
class ParlayPrice:
    """A parlay's figures. Probabilities in [0, 1]; value and stake per stake or bankroll of 1."""

    decimal: Fraction
    american: int
    fractional: str
    probability: float
    expected_value: float
    hold: float
    kelly_stake: float
    warnings: tuple[str, ...]


def price(legs: Sequence[Leg]) -> ParlayPrice:
    """Return the price of 2 to 20 legs: decimal odds and probabilities multiply.

    The hold is 1 - Π 1/B over the legs' markets. Raises ValueError for a wrong number of legs.
    """
    if not MIN_LEGS <= len(legs) <= MAX_LEGS:
        raise ValueError(f"a parlay has {MIN_LEGS} to {MAX_LEGS} legs, not {len(legs)}")
    decimal = math.prod((leg.decimal for leg in legs), start=Fraction(1))
    probability = math.prod(leg.probability for leg in legs)
    kept = math.prod(1 / leg.booksum for leg in legs)
    return ParlayPrice(
        decimal,
        display_american(decimal),
        decimal_to_fractional(decimal),
        probability,
        expected_value(Chances.of(probability), float(decimal)),
        1 - kept,
        kelly(Chances.of(probability), float(decimal), KELLY_FRACTION),
        tuple(_warnings(legs)),
    )


def _warnings(legs: Sequence[Leg]) -> list[str]:
    found: list[str] = []
    games = [leg.game_id for leg in legs]
    for game_id in dict.fromkeys(game for game in games if games.count(game) > 1):
        numbers = [str(n) for n, leg in enumerate(legs) if leg.game_id == game_id]
        found.append(
            f"Legs {', '.join(numbers)} are on one game and not independent; the true probability may be far "
            "from the one shown, and most books price them otherwise."
        )
    found += [
        f"Leg {n} is on a game that has started: {leg.label}." for n, leg in enumerate(legs) if leg.started
    ]
    return found
