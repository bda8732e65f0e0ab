"""The shape of a member's record; see shapes.py."""

from __future__ import annotations

from typing_extensions import TypedDict


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
