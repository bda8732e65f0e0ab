"""The fields of parlays, priced and suggested; see shapes.py."""

from __future__ import annotations

from typing_extensions import (
    TypedDict,  # typing's has no inheritance that pydantic can read before Python 3.12
)

from quartapp.publish.shapes import MarketKey, Price, Probability, RiskName, Source, Time


class ParlayLeg(Price):
    """A leg at the book where it is priced. `probability`: the no-vig consensus of winning."""

    game_id: str
    market: MarketKey
    outcome: str
    point: float | None
    bookmaker: str
    probability: Probability
    label: str


class PricedLeg(ParlayLeg):
    """A leg that was asked for."""

    started: bool


class SuggestedLeg(ParlayLeg):
    """A leg that is suggested, and why. Its chances are the distribution's; a push returns the stake."""

    reason: str
    commence_time: Time
    started: bool
    price: str
    price_format: str
    price_updated_at: Time
    edge: float
    win: Probability
    push: Probability
    half_win: Probability
    half_loss: Probability
    loss: Probability


class FairPrice(TypedDict):
    """What a parlay is worth by itself: `price_decimal` returns the stake on average, a pushed leg dropping out."""

    probability: Probability
    price_decimal: float
    price_american: float
    correlation: float
    independent_price_decimal: float


class ParlayFigures(TypedDict):
    """A parlay's figures; value and stake per stake or bankroll of 1."""

    price_decimal: float
    price_american: float
    price_fractional: str
    probability: Probability
    expected_value: float
    hold: float
    kelly_stake: float
    kelly_fraction: float
    warnings: list[str]
    caveat: str


class PricedParlay(ParlayFigures):
    """The parlay that was asked for, priced."""

    legs: list[PricedLeg]


class SuggestedParlay(ParlayFigures):
    """A parlay by appetite for risk, that can be placed as a whole at one bookmaker at the prices shown."""

    generated_at: Time
    source: Source
    sport: str | None
    risk: RiskName
    bookmaker: str
    same_game: bool
    fair: FairPrice
    reasons: list[str]
    legs: list[SuggestedLeg]
