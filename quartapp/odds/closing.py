"""What a taken price was worth at the closing line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from quartapp.odds.fit import scores
from quartapp.odds.legs import Kind, MarketKey, Selection, Side
from quartapp.odds.parameters import from_parameters
from quartapp.odds.value import closing_line_value, expected_value


@dataclass(frozen=True, slots=True)
class Taken:
    """A bet as it was taken; `point` is the bettor's own, `decimal` its price."""

    market: str
    kind: str
    outcome: str
    home_team: str
    point: Decimal | None
    decimal: float


@dataclass(frozen=True, slots=True)
class ClosingMarket:
    """The closing line of the bet's market: its point is the home team's; `model` is the game's distribution."""

    kind: str
    point: Decimal | None
    probabilities: Mapping[str, float]
    model: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class AtClosing:
    """The chance that the closing line gave a bet, where it is decided, and what its price was worth by it."""

    probability: float
    value: float


def at_closing(taken: Taken, closing: ClosingMarket | None) -> AtClosing | None:
    """Return a bet's closing-line value; None where the closing line does not say.

    At the bet's own point it is the closing consensus; at another one the distribution that was fitted to it.
    """
    if closing is None or closing.kind != taken.kind:
        return None
    if _market_point(taken) == closing.point and taken.outcome in closing.probabilities:
        chance = closing.probabilities[taken.outcome]
        return AtClosing(chance, closing_line_value(taken.decimal, chance))
    model = None if closing.model is None else from_parameters(closing.model)
    if model is None or taken.point is None or (taken.market == "totals" and model.second is None):
        return None
    sides: dict[str, Side] = {"Over": "over", "Under": "under", taken.home_team: "home"}
    bet = Selection(
        cast("MarketKey", taken.market),
        sides.get(taken.outcome, "away"),
        float(taken.point),
        cast("Kind", taken.kind),
    )
    chances = scores(model).chances(bet)
    return AtClosing(chances.decisive, expected_value(chances, taken.decimal))


def _market_point(taken: Taken) -> Decimal | None:
    """Return the bet's point as its market has it: a spread's is the home team's."""
    if taken.point is None or taken.market != "spreads" or taken.outcome == taken.home_team:
        return taken.point
    return -taken.point
