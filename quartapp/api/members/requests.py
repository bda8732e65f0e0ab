"""What members may ask: the bodies of requests. Fields that are not named here are ignored, never written."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, model_validator

from quartapp.api.parlays.requests import LegRequest, Text
from quartapp.http.bodies import Body
from quartapp.members.limits import NAMES
from quartapp.odds.parlay import MAX_LEGS, MIN_LEGS

Cents = Annotated[StrictInt, Field(ge=0, le=10**12)]
Price = Annotated[float, Field(gt=1, le=1e15, allow_inf_nan=False)]


class LimitsRequest(Body):
    """Limits to change; null asks for none, and a name that is left out stays as it is."""

    daily_stake_cents: Cents | None = None
    weekly_stake_cents: Cents | None = None
    session_minutes: Annotated[StrictInt, Field(ge=1, le=525_600)] | None = None
    parlays_per_day: Annotated[StrictInt, Field(ge=0, le=100_000)] | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> LimitsRequest:
        if not self.wanted:
            raise ValueError(f"must name at least one of {', '.join(NAMES)}")
        return self

    @property
    def wanted(self) -> dict[str, int | None]:
        """The limits that were named."""
        return {name: getattr(self, name) for name in NAMES if name in self.model_fields_set}


class ExclusionRequest(Body):
    """For how long; null is for good. Required, so that a forgotten field excludes nobody for good."""

    days: StrictInt | None


class SavedLegRequest(LegRequest):
    """A leg, and the decimal price that the member saw, if the price may not change unnoticed."""

    price_decimal: Price | None = None


class SaveRequest(Body):
    """A parlay that was placed, or will be, at one bookmaker.

    `price_decimal`: the whole price that the member saw. Where it, or a leg's, is not the published one any more,
    the answer is 409 with the new price, unless `accept_price_change`.
    """

    legs: Annotated[list[SavedLegRequest], Field(min_length=MIN_LEGS, max_length=MAX_LEGS)]
    bookmaker: Text
    stake_cents: Annotated[StrictInt, Field(ge=1, le=10**12)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="An ISO 4217 code.")]
    price_decimal: Price | None = None
    accept_price_change: StrictBool = False
