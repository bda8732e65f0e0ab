"""A fitted distribution as a few numbers in a document, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quartapp.odds.fit import Model
from quartapp.odds.legs import Selection
from quartapp.odds.scores import Tilt
from quartapp.odds.sports import sport_named

_NAMES = {"poisson": ("home_rate", "away_rate"), "normal": ("mean_margin", "mean_total")}


def to_parameters(model: Model) -> dict[str, Any]:
    """Return the parameters for JSON; `from_parameters` makes the same distribution of them, to 1e-9."""
    first, second = _NAMES[model.sport.family]
    return {
        "sport": model.sport.name,
        first: round(model.first, 10),
        second: None if model.second is None else round(model.second, 10),
        "rho": round(model.rho, 10),
        "tilts": [
            {
                "market": tilt.selection.market,
                "side": tilt.selection.side,
                "point": tilt.selection.point,
                "kind": tilt.selection.kind,
                "strength": round(tilt.strength, 12),
            }
            for tilt in model.tilts
        ],
    }


def from_parameters(parameters: Mapping[str, Any]) -> Model | None:
    """Return the model; None where another release has written parameters that this one does not know."""
    sport = sport_named(parameters.get("sport", ""))
    if sport is None:
        return None
    first, second = _NAMES[sport.family]
    try:
        tilts = tuple(
            Tilt(Selection(tilt["market"], tilt["side"], tilt["point"], tilt["kind"]), tilt["strength"])
            for tilt in parameters["tilts"]
        )
        return Model(sport, parameters[first], parameters[second], parameters["rho"], tilts)
    except (KeyError, TypeError, ValueError):
        return None
