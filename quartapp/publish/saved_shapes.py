"""The shape of saved parlays; see shapes.py."""

from __future__ import annotations

from typing import Annotated

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from quartapp.publish.shapes import MarketKey, Time


class ScoreThen(TypedDict):
    """A score at some moment of a game."""

    home: int
    away: int


class GradedFrom(TypedDict):
    """What a leg's grade was made from.

    `regulation` is the score at the end of regulation of a game that was played on, where it was told; `played` how
    much was played, in minutes or innings, of one that was cut short.
    """

    home: int | None
    away: int | None
    regulation: ScoreThen | None
    played: float | None
    source: str
    at: Time | None


class SavedLeg(TypedDict):
    """A leg as it was saved, and how it ended. `status` is `open` until it is graded.

    `closing_line_value`: the expected value of the price taken, at the closing consensus, per stake of 1.
    """

    game_id: str
    market: MarketKey
    outcome: str
    point: float | None
    label: str
    home_team: str
    away_team: str
    sport_key: str
    commence_time: Time
    price: str
    price_format: str
    price_decimal: float
    win: float | None
    push: float | None
    status: str
    graded_at: Time | None
    graded_from: GradedFrom | None
    closing_probability: float | None
    closing_line_value: float | None


class ParlayEvent(TypedDict):
    """What became of a parlay, and why."""

    at: Time
    status: str
    reason: str


class SavedParlay(TypedDict):
    """A parlay that a member saved. `payout_cents` is null while it is open; the stake is part of it."""

    id: str
    created_at: Time
    status: Annotated[
        str,
        WithJsonSchema(
            {"type": "string", "enum": ["open", "won", "lost", "push", "void", "half_won", "half_lost"]}
        ),
    ]
    bookmaker: str
    stake_cents: int
    currency: str
    price_decimal: float
    payout_cents: int | None
    settled_at: Time | None
    legs: list[SavedLeg]
    history: list[ParlayEvent]


class SavedParlays(TypedDict):
    """A page of a member's parlays, newest first; `next` is the cursor of the page after it."""

    parlays: list[SavedParlay]
    next: str | None
