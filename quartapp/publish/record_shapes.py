"""The fields of the track record; see shapes.py."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from quartapp.publish.shapes import Probability, Source, Time

Interval = Annotated[
    list[float], Field(min_length=2, max_length=2, description="The 95 % interval: [low, high].")
]

Bin = TypedDict(
    "Bin",
    {
        "from": Probability,
        "to": Probability,
        "games": int,
        "forecast": Probability | None,
        "happened": Probability | None,
        "happened_interval": Interval | None,
    },
)
Bin.__doc__ = "Forecasts of the home team's win between two chances, and in what share of the games it won."


class MethodRecord(TypedDict):
    """How the published forecast of who wins did, as it stood six hours before the start. Log losses in nats.

    `base_rate_log_loss`: of always saying how often each outcome came. `closing_log_loss`: of the closing line, over
    the `closing_games` that have one; `log_loss_on_closing_games` is ours over the same games. `note` says when there
    are too few games to judge by.
    """

    games: int
    log_loss: float | None
    log_loss_interval: Interval | None
    brier: float | None
    brier_interval: Interval | None
    base_rate_log_loss: float | None
    closing_games: int
    closing_log_loss: float | None
    log_loss_on_closing_games: float | None
    reliability: list[Bin]
    note: str | None


class PicksRecord(TypedDict):
    """How the published picks did at flat stakes.

    `roi`: profit by stake, over the `staked` picks (all but void ones). `won_share` is of the `decided`, won or lost in
    full. `closing_line_value`: what the prices were worth at the closing line, over the `closing_picks` that have one.
    `note` says when there are too few picks to judge by.
    """

    graded: int
    won: int
    lost: int
    push: int
    half_won: int
    half_lost: int
    void: int
    staked: int
    decided: int
    won_share: Probability | None
    won_interval: Interval | None
    roi: float | None
    roi_interval: Interval | None
    closing_picks: int
    closing_line_value: float | None
    closing_line_value_interval: Interval | None
    note: str | None


class SportRecord(TypedDict):
    """The record of one sport."""

    sport: str
    since: Time | None
    method: MethodRecord
    picks: PicksRecord


class BackTest(TypedDict):
    """What the method measures on a past season, after the fact: no forecast that was published before its game."""

    kind: str
    method: str
    log_loss: float
    brier: float
    games: int
    sample: str


class TrackRecordContent(TypedDict):
    """What is published of the record. `since`: its first forecast or pick; null before any."""

    source: Source
    since: Time | None
    sports: list[SportRecord]
    back_tests: list[BackTest]


class TrackRecord(TrackRecordContent):
    """How forecasts and picks did, by sport."""

    generated_at: Time
