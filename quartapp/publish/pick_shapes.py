"""The fields of picks; see shapes.py."""

from __future__ import annotations

from typing_extensions import TypedDict

from quartapp.publish.shapes import MarketKey, Price, Probability, Source, Time


class Pick(Price):
    """A published pick, which is never changed.

    `win` and `push` are by the other books' prices, half results counted as half of each; `edge` is the expected
    profit of a stake of 1: win·(price_decimal - 1) - (1 - win - push).
    """

    id: str
    game_id: str
    sport: str
    home_team: str
    away_team: str
    commence_time: Time
    market: MarketKey
    outcome: str
    point: float | None
    bookmaker: str
    price: str
    price_format: str
    win: Probability
    push: Probability
    edge: float
    books: int
    odds_age_seconds: int
    published_at: Time
    reason: str


class PicksContent(TypedDict):
    """What is published of today's picks."""

    source: Source
    picks: list[Pick]
    empty_because: str | None


class Picks(PicksContent):
    """Today's picks over all sports, at most eight; why there is none, where there is none."""

    generated_at: Time
