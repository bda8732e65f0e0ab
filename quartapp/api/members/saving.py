"""A save, from what was asked to what is kept: the price is checked against what is published at this moment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from ops.web.problems import ProblemError, invalid
from quartapp.api.members.requests import SaveRequest
from quartapp.api.parlays.games import Games, Quote
from quartapp.api.parlays.legs import Leg, find, together
from quartapp.odds.exchanges import is_exchange

PLACES = Decimal("0.0001")  # how exactly decimal prices are shown, and so compared
_LACKING = {
    "not_quoted": "does not quote this leg",
    "other_line": "quotes another line",
    "other_kind": "settles this market in a way that has no fair price here",
    "stale": "has no fresh price for it",
    "outlier": "has a price that cannot be right",
    "suspended": "has suspended it",
    "incomplete": "quotes it incompletely",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """Legs that the bookmaker takes now, each with its price."""

    legs: tuple[Leg, ...]
    quotes: tuple[Quote, ...]

    @property
    def decimal(self) -> Fraction:
        """The whole price, exactly."""
        return math.prod((quote.decimal for quote in self.quotes), start=Fraction(1))


def check(games: Games, complete: bool, wanted: SaveRequest, now: datetime) -> Checked:
    """Return the parlay at its bookmaker's published prices.

    Raises ProblemError: 422 naming a leg that cannot be placed there, 409 with the new prices where they are not
    what the member saw and they have not accepted that, 503 before anything is published.
    """
    if is_exchange(wanted.bookmaker):
        raise invalid("bookmaker", "is an exchange, which takes no parlay")
    legs = [find(games, complete, leg, f"legs[{number}]") for number, leg in enumerate(wanted.legs)]
    for number, leg in enumerate(legs):
        if leg.game.starts <= now:
            raise invalid(f"legs[{number}].game_id", "is a game that has begun")
        if wanted.bookmaker not in leg.placeable(now):
            lacking = leg.lacking(wanted.bookmaker)
            raise invalid(
                f"legs[{number}]", f"cannot be placed: the bookmaker {_LACKING.get(lacking, lacking)}"
            )
    if together(legs).same_game:
        raise invalid(
            "legs", "share a game: what a bookmaker pays for that is its own price, which is not known here"
        )
    checked = Checked(tuple(legs), tuple(leg.quotes[wanted.bookmaker] for leg in legs))
    if not wanted.accept_price_change and _changed(wanted, checked):
        raise ProblemError(
            409,
            "The price has changed. Send accept_price_change to save it at the new one.",
            code="price_changed",
            more={
                "price_decimal": float(_places(checked.decimal)),
                "legs": [
                    {"price_american": quote.price_american, "price_decimal": quote.price_decimal}
                    for quote in checked.quotes
                ],
            },
        )
    return checked


def _changed(wanted: SaveRequest, checked: Checked) -> bool:
    seen = [(wanted.price_decimal, checked.decimal)]
    seen += [
        (leg.price_decimal, quote.decimal) for leg, quote in zip(wanted.legs, checked.quotes, strict=True)
    ]
    return any(price is not None and abs(Decimal(str(price)) - _places(now)) > PLACES for price, now in seen)


def _places(exact: Fraction) -> Decimal:
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(PLACES)
