"""Price formats: American, decimal, fractional. Exact: every conversion is on fractions and round-trips.

Decimal odds d pay d for a stake of 1, stake included. American +a pays a on 100; -a asks a to win 100.
Fractional n/m pays n on m, stake not included.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Literal

PriceFormat = Literal["american", "decimal"]


class PriceError(ValueError):
    """A number that is no price; the message says which and why."""


def american_to_decimal(american: Decimal | int | Fraction) -> Fraction:
    """Return the decimal odds, exactly.

    >>> american_to_decimal(150), american_to_decimal(-200)
    (Fraction(5, 2), Fraction(3, 2))
    """
    price = Fraction(american)
    if abs(price) < 100:
        raise PriceError(f"{american} is no American price: they are at least +100 or at most -100")
    return 1 + (price / 100 if price > 0 else 100 / -price)


def decimal_to_american(decimal: Decimal | Fraction) -> Fraction:
    """Return the American odds, exactly; even money is +100.

    >>> decimal_to_american(Fraction(5, 2)), decimal_to_american(Fraction(3, 2))
    (Fraction(150, 1), Fraction(-200, 1))
    """
    profit = _profit(decimal)
    return profit * 100 if profit >= 1 else -100 / profit


def decimal_to_fractional(decimal: Decimal | Fraction) -> str:
    """Return the odds as n/m in lowest terms.

    >>> decimal_to_fractional(Fraction(5, 2))
    '3/2'
    """
    numerator, denominator = decimal.as_integer_ratio()  # in lowest terms, and so is what is won
    if numerator <= denominator:
        raise PriceError(f"{decimal} is no decimal price: it must be above 1")
    return f"{numerator - denominator}/{denominator}"


def fractional_to_decimal(text: str) -> Fraction:
    """Return the decimal odds of n/m. Raises PriceError.

    >>> fractional_to_decimal("3/2")
    Fraction(5, 2)
    """
    try:
        profit = Fraction(text.replace(" ", ""))
    except (ValueError, ZeroDivisionError):
        raise PriceError(f"{text!r:.40} is no fractional price such as 5/2") from None
    if profit <= 0:
        raise PriceError(f"{text!r:.40} is no fractional price: it pays nothing")
    return 1 + profit


def to_decimal(price: Decimal, form: PriceFormat) -> Fraction:
    """Return decimal odds of a price as received. Raises PriceError."""
    if form == "american":
        return american_to_decimal(price)
    _profit(price)
    return Fraction(price)


def both(price: Decimal, form: PriceFormat) -> tuple[int | float, float]:
    """Return (American, decimal) for display: the received one as it was, the other rounded.

    American is rounded to whole numbers, decimal to 4 places.
    """
    if form == "american":
        american = int(price) if price == price.to_integral_value() else float(price)
        return american, float(round(american_to_decimal(price), 4))
    return display_american(Fraction(price)), float(price)


def display_american(decimal: Fraction) -> int:
    """Return decimal odds as whole American odds, halves away from even money; even money is +100.

    >>> display_american(Fraction(5, 2)), display_american(Fraction(3, 2)), display_american(Fraction(1999, 1000))
    (150, -200, 100)
    """
    won, staked = decimal.numerator - decimal.denominator, decimal.denominator
    if won <= 0:
        raise PriceError(f"{decimal} is no decimal price: it must be above 1")
    if won >= staked:
        return (200 * won + staked) // (2 * staked)
    rounded = (200 * staked + won) // (2 * won)
    return 100 if rounded == 100 else -rounded


def _profit(decimal: Decimal | Fraction) -> Fraction:
    profit = Fraction(decimal) - 1
    if profit <= 0:
        raise PriceError(f"{decimal} is no decimal price: it must be above 1")
    return profit
