"""The fields of analyses; see shapes.py."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import (
    TypedDict,  # typing's has no inheritance that pydantic can read before Python 3.12
)

from quartapp.publish.shapes import BestPrice, GameStatus, Injury, Movement, Probability, Source, Time


class Arbitrage(TypedDict):
    """A sure profit at the best prices: the share of the stake on each outcome."""

    profit: float
    stakes: dict[str, float]
    too_good: NotRequired[bool]


class Chances(TypedDict):
    """The chances of a bet's results; they sum to 1. A push returns the stake, a half result halves the bet."""

    win: Probability
    push: Probability
    half_win: Probability
    half_loss: Probability
    loss: Probability


class Excluded(TypedDict):
    """A book that counts for nothing in a market, and why."""

    bookmaker: str
    reason: Annotated[
        str, WithJsonSchema({"type": "string", "enum": ["stale", "outlier", "suspended", "incomplete"]})
    ]
    detail: str


class Offer(TypedDict):
    """What one bookmaker takes at the main line: prices as received, and each one's edge by the other books."""

    updated_at: Time
    price_format: str
    prices: dict[str, str]
    edges: dict[str, float | None]


class TiltParameters(TypedDict):
    """How far one bet's consensus tilts a distribution."""

    market: str
    side: str
    point: float | None
    kind: str
    strength: float


class ScoreModel(TypedDict):
    """Where fair chances come from: a distribution of the score, and what it was measured on."""

    name: str
    parameters: dict[str, str | float | list[TiltParameters] | None]
    measured: bool
    sample: str
    log_loss: float | None


class AnalysedMarket(TypedDict):
    """A market over all books at its consensus line `point`, from the home team's side; null in h2h."""

    point: float | None
    consensus: dict[str, Probability]
    best: dict[str, BestPrice]
    hold: float
    books: int
    arbitrage: Arbitrage | None
    movement: Movement | None
    kind: NotRequired[
        Annotated[str, WithJsonSchema({"type": "string", "enum": ["two_way", "three_way", "draw_void"]})]
    ]
    fair: NotRequired[dict[str, Chances]]
    excluded: NotRequired[list[Excluded]]
    offers: NotRequired[dict[str, Offer]]
    model: NotRequired[ScoreModel | None]


class Freshness(TypedDict):
    """When each input was last changed or fetched."""

    odds_updated_at: Time | None
    injuries_fetched_at: Time | None
    last_result_at: Time | None


class AnalysisBrief(TypedDict):
    """A game's analysis as lists show it."""

    game_id: str
    sport_key: str
    home_team: str
    away_team: str
    commence_time: Time
    status: NotRequired[GameStatus]
    method: str
    markets: dict[str, AnalysedMarket]
    summary: str
    freshness: Freshness
    model: NotRequired[ScoreModel | None]


class TeamForm(TypedDict):
    """A team's last games, newest first: W, L or D each."""

    games: int
    results: str
    scored_per_game: float | None
    conceded_per_game: float | None


class Form(TypedDict):
    """How both teams did lately."""

    home: TeamForm
    away: TeamForm


class Analysis(AnalysisBrief):
    """A game's analysis."""

    injuries: list[Injury]
    form: Form


class Calibration(TypedDict):
    """How well the method forecasts a past season, after the fact: mean log loss in nats, less is better.

    What was published before its games, and how it did, is /api/track-record.
    """

    kind: NotRequired[str]
    method: str
    log_loss: float
    brier: float
    games: int
    sample: str


class AnalysesContent(TypedDict):
    """What is published of a sport's analyses."""

    source: Source
    sport: str
    method: str
    calibration: Calibration
    analyses: list[AnalysisBrief]


class Analyses(AnalysesContent):
    """The analyses of a sport's games."""

    generated_at: Time


class AnalysisContent(TypedDict):
    """What is published of one game's analysis."""

    source: Source
    sport: str
    analysis: Analysis
    calibration: Calibration


class AnalysisDocument(AnalysisContent):
    """One game's analysis."""

    generated_at: Time
