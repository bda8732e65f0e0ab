"""Figures as they are said: percentages, points, prices."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from quartapp.bot.facts import Fact
from quartapp.bot.game_facts import SIDES, Priced
from quartapp.odds.formats import american_to_decimal


def percent(value: float, *, sign: bool = False) -> str:
    """Return a probability as it is said.

    >>> percent(0.556999), percent(0.0071, sign=True)
    ('55.7%', '+0.7%')
    """
    rounded = (Decimal(str(value)) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{rounded:+}%" if sign else f"{rounded}%"


def points(value: float) -> str:
    """Return a line as it is said."""
    return f"{value:g}"


def price_text(one: Priced) -> str:
    """Return a price as it is said: as it was received, and as decimal odds."""
    if one.facts[0].path.endswith("price_decimal"):
        return f"{one.decimal:g}"
    exact = american_to_decimal(Decimal(str(one.american)))  # the published decimal is rounded already
    rounded = (Decimal(exact.numerator) / exact.denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{one.american:+g} ({rounded} decimal)"


def pointed(one: Priced) -> str:
    """Return an outcome's line as it stands behind its name; nothing where it has none."""
    return "" if one.point is None else f" {one.point:+g}" if one.outcome not in SIDES else f" {one.point:g}"


def facts_of(priced: Iterable[Priced]) -> tuple[Fact, ...]:
    """Return the facts of prices, each once."""
    return tuple(dict.fromkeys(fact for one in priced for fact in one.facts if not _is_a_list(fact)))


def _is_a_list(fact: Fact) -> bool:
    return isinstance(fact.value, list)
