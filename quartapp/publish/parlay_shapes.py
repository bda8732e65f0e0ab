"""The fields of parlays, priced and suggested; see shapes.py."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field, WithJsonSchema
from typing_extensions import (
    TypedDict,  # typing's has no inheritance that pydantic can read before Python 3.12
)

from quartapp.publish.shapes import GameStatus, MarketKey, Price, Probability, RiskName, Source, Time

LegNumbers = Annotated[list[int], Field(description="Which legs, counted from 0.")]


class PricedLeg(Price):
    """A leg and its fair chances, which sum to 1. `bookmaker` and price: of the parlay's first bookmaker, if any.

    `probability` leaves pushes out, as two-way prices do.
    """

    game_id: str
    market: MarketKey
    outcome: str
    point: float | None
    label: str
    commence_time: Time
    status: GameStatus
    started: bool
    win: Probability
    push: Probability
    half_win: Probability
    half_loss: Probability
    loss: Probability
    probability: Probability
    bookmaker: str | None
    price: str | None
    price_format: str | None
    price_updated_at: Time | None
    odds_age_seconds: int | None


class SuggestedLeg(PricedLeg):
    """A leg that is suggested, why, and its edge by the other books' prices."""

    reason: str
    edge: float


class FairPrice(TypedDict):
    """What a parlay is worth by itself: `price_decimal` returns the stake on average, a pushed leg dropping out.

    `correlation`: the chance that all legs win over the product of their chances.
    """

    probability: Probability
    price_decimal: float
    price_american: float
    correlation: float
    independent_price_decimal: float


class LegAtBookmaker(Price):
    """A leg's price at a bookmaker, exactly as received too, and how the book settles a draw."""

    price: str
    price_format: str
    kind: Annotated[str, WithJsonSchema({"type": "string", "enum": ["two_way", "three_way", "draw_void"]})]
    price_updated_at: Time | None
    odds_age_seconds: int


class ParlayAtBookmaker(TypedDict):
    """A parlay at a bookmaker that takes all of it. `kelly_fraction`: the share of a bankroll, a quarter of Kelly's.

    `odds_age_seconds`: of the oldest price, at the answer's `as_of`.
    """

    key: str
    title: str
    price_decimal: float
    price_american: float
    price_fractional: str
    expected_value: float
    kelly_fraction: float
    hold: float | None
    odds_age_seconds: int
    too_good: bool
    legs: list[LegAtBookmaker]
    stake_cents: NotRequired[int]


class MissingLegs(TypedDict):
    """A bookmaker that lacks legs at their line, and why: not_quoted, other_line, other_kind, or as `excluded`."""

    key: str
    legs: LegNumbers
    reasons: list[str]


class ParlayWarning(TypedDict):
    """What a bettor should know."""

    code: Annotated[
        str,
        WithJsonSchema(
            {
                "type": "string",
                "enum": [
                    "started",
                    "postponed",
                    "book_prices_same_game",
                    "no_distribution",
                    "exchange",
                    "no_bookmaker",
                    "several_bookmakers",
                    "too_good",
                ],
            }
        ),
    ]
    detail: str
    legs: LegNumbers


class ParlayFigures(TypedDict):
    """A parlay's figures at `bookmaker`; without one the fair price, whose value is 0. Per stake or bankroll of 1."""

    bookmaker: str | None
    price_decimal: float
    price_american: float
    price_fractional: str
    probability: Probability
    expected_value: float
    hold: float
    kelly_stake: float
    kelly_fraction: float


class ParlayAnswer(ParlayFigures):
    """A parlay, what it is worth by itself, and where all of it can be placed, the best value first."""

    as_of: Time
    same_game: bool
    fair: FairPrice
    bookmakers: list[ParlayAtBookmaker]
    missing: list[MissingLegs]
    warnings: list[ParlayWarning]
    caveat: str


class PricedParlay(ParlayAnswer):
    """The parlay that was asked for, priced."""

    legs: list[PricedLeg]


class SuggestedParlay(ParlayAnswer):
    """A parlay by appetite for risk, that can be placed as a whole at one bookmaker at the prices shown."""

    generated_at: Time
    source: Source
    sport: str | None
    risk: RiskName
    reasons: list[str]
    legs: list[SuggestedLeg]
