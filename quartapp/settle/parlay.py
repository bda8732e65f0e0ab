"""Settles a parlay from its legs' grades: what it is called and what it pays, in whole cents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from quartapp.settle.grade import Grade

Status = Literal["open", "won", "lost", "push", "void", "half_won", "half_lost"]


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg: the exact decimal price it was taken at, and its grade; None while it is open."""

    price: Decimal | Fraction
    grade: Grade | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A parlay's end. `multiple` is what a stake of 1 pays; it and `payout_cents` are None while it is open."""

    status: Status
    multiple: Fraction | None
    payout_cents: int | None
    reason: str


def factor(leg: Leg) -> Fraction:
    """Return what a leg multiplies the stake by. Raises ValueError for an open leg or a price that pays nothing.

    >>> factor(Leg(Decimal("1.91"), "half_won")), factor(Leg(Decimal("1.91"), "void"))
    (Fraction(291, 200), Fraction(1, 1))
    """
    price = Fraction(leg.price)
    if price <= 1:
        raise ValueError(f"{leg.price} is not a decimal price: it must be above 1")
    match leg.grade:
        case "won":
            return price
        case "lost":
            return Fraction(0)
        case "push" | "void":
            return Fraction(1)
        case "half_won":
            return (price + 1) / 2
        case "half_lost":
            return Fraction(1, 2)
        case _:
            raise ValueError("an open leg has no factor")


def settle(legs: Sequence[Leg], stake_cents: int) -> Settlement:
    """Return how a parlay (or, with one leg, a single bet) ends.

    A lost leg loses it at once. A pushed or void leg drops out, and the rest is priced without it. With no leg
    left it is void, or a push if a leg was played. Otherwise it is called after the worst leg left. Raises
    ValueError without legs or with a stake below one cent.
    """
    if not legs:
        raise ValueError("a parlay has at least one leg")
    if stake_cents < 1:
        raise ValueError(f"a stake is at least one cent, not {stake_cents}")
    grades = [leg.grade for leg in legs]
    if "lost" in grades:
        return Settlement("lost", Fraction(0), 0, f"leg {grades.index('lost') + 1} lost")
    if None in grades:
        return Settlement("open", None, None, f"{grades.count(None)} of {len(legs)} legs open")
    multiple = math.prod((factor(leg) for leg in legs), start=Fraction(1))
    dropped = sum(grade in ("push", "void") for grade in grades)
    if dropped == len(legs):
        status: Status = "void" if set(grades) == {"void"} else "push"
    else:
        worst: tuple[Status, ...] = ("half_lost", "half_won", "won")
        status = next(grade for grade in worst if grade in grades)
    reason = f"{len(legs) - dropped} of {len(legs)} legs count" if dropped else "every leg counts"
    return Settlement(status, multiple, whole_cents(multiple * stake_cents), reason)


def whole_cents(amount: Fraction) -> int:
    """Return an amount of cents rounded once, half a cent up.

    >>> whole_cents(Fraction(5, 2)), whole_cents(Fraction(249, 100))
    (3, 2)
    """
    return math.floor(amount + Fraction(1, 2))
