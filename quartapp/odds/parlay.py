"""A parlay at one bookmaker: legs of different games, one price, all must win."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from quartapp.odds.combined import mean_return, parlay_kelly
from quartapp.odds.legs import Chances
from quartapp.odds.value import TOO_GOOD_EDGE, expected_value, win_or_lose_stake

MIN_LEGS, MAX_LEGS, MAX_SUGGESTED_LEGS = 2, 20, 10
KELLY_FRACTION = 0.25


class Placed(NamedTuple):
    """A leg at a bookmaker, and what follows of its price and its chances as this book settles it.

    The exact decimal odds are `numerator`/`denominator`. `kept`: 1 less the hold on its market; None where the book
    quotes one side alone. `mean_return`: of a stake of 1.
    """

    numerator: int
    denominator: int
    odds: float
    win: float
    win_or_lose: bool
    mean_return: float
    kept: float | None
    too_good: bool
    chances: Chances


def place(decimal: Fraction, odds: float, chances: Chances, hold: float | None) -> Placed:
    """Return a leg at a bookmaker at decimal odds, exact and not."""
    return Placed(
        decimal.numerator,
        decimal.denominator,
        odds,
        chances.win,
        not (chances.push or chances.half_win or chances.half_loss),
        mean_return(chances, odds),
        None if hold is None else 1 - hold,
        expected_value(chances, odds) > TOO_GOOD_EDGE,
        chances,
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
    value = won = paid = 1.0
    numerator = denominator = 1
    kept: float | None = 1.0
    too_good, win_or_lose = False, True
    for leg in legs:  # one pass, because this is most of what a price costs
        numerator *= leg.numerator
        denominator *= leg.denominator
        value *= leg.mean_return
        won *= leg.win
        paid *= leg.odds
        kept = None if kept is None or leg.kept is None else kept * leg.kept
        too_good = too_good or leg.too_good
        win_or_lose = win_or_lose and leg.win_or_lose
    value -= 1
    kelly = 0.0
    if value > 0 and win_or_lose:
        kelly = KELLY_FRACTION * win_or_lose_stake(won, paid - 1, max(0.0, 1 - won))
    elif value > 0:
        kelly = parlay_kelly([leg.chances for leg in legs], [leg.odds for leg in legs], KELLY_FRACTION)
    decimal = Fraction(numerator, denominator)
    return BookPrice(decimal, value, kelly, None if kept is None else 1 - kept, too_good)
