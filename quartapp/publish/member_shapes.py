"""The shape of every answer about members and their care, once."""

from __future__ import annotations

from typing import Annotated

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from quartapp.publish.shapes import MarketKey, Time


class Helpline(TypedDict):
    """Who helps. `region` is empty for one that helps everywhere; `phone` where there is only a page."""

    region: str
    name: str
    phone: str
    url: str


class HelpContent(TypedDict):
    """What a person is told: the lawful age in years, who helps, a text."""

    age: int
    helplines: list[Helpline]
    text: str


class Help(HelpContent):
    """Where help is."""

    generated_at: Time


# --- limits and exclusions


class LimitValues(TypedDict):
    """A member's limits; null is none. Cents count over 24 hours and 7 days, in whatever currency."""

    daily_stake_cents: int | None
    weekly_stake_cents: int | None
    session_minutes: int | None
    parlays_per_day: int | None


class PendingLimit(TypedDict):
    """A looser limit that waits for a second yes, taken from `confirm_from` until `confirm_until`."""

    value: int | None
    confirm_from: Time
    confirm_until: Time


class MemberLimits(LimitValues):
    """A member's limits, and the looser ones that wait, by name."""

    pending: dict[str, PendingLimit]


class MemberExclusion(TypedDict):
    """An exclusion that holds; `until` null is for good."""

    began_at: Time
    until: Time | None


class ExclusionBegun(TypedDict):
    """What holds from now on, and who helps."""

    exclusion: MemberExclusion
    helplines: list[Helpline]
    text: str


# --- saved parlays


class GradedFrom(TypedDict):
    """What a leg's grade was made from."""

    home: int | None
    away: int | None
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


# --- the record


class RecordFigures(TypedDict):
    """What settled parlays of one currency came to. Figures with an interval are null below 30; `note` says so."""

    currency: str
    settled: int
    won: int
    lost: int
    push: int
    half_won: int
    half_lost: int
    void: int
    staked_cents: int
    paid_cents: int
    roi: float | None
    roi_interval: list[float] | None
    closing_line_value: float | None
    closing_line_value_interval: list[float] | None
    closing_line_legs: int | None
    note: str | None


class RecordBySport(RecordFigures):
    """The figures of one sport; `mixed` for parlays over several."""

    sport: str


class RecordByBookmaker(RecordFigures):
    """The figures at one bookmaker."""

    bookmaker: str


class MemberRecord(TypedDict):
    """A member's record."""

    all: list[RecordFigures]
    by_sport: list[RecordBySport]
    by_bookmaker: list[RecordByBookmaker]
