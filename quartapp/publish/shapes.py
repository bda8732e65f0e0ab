"""The shape of every answer to a visitor, once: mypy proves it where it is rendered, OpenAPI is generated from it.

A key may be added to any of them and none removed or renamed: frontends rely on them. `NotRequired` is for a key that
older documents, which are published again only when their content changes, do not have.
"""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field, WithJsonSchema
from typing_extensions import (
    TypedDict,  # typing's has no inheritance that pydantic can read before Python 3.12
)

Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Probability = Annotated[float, Field(ge=0, le=1, description="A fraction, 6 decimals.")]
Source = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "enum": ["live", "sandbox", "replay"],
            "description": "What the data was made from.",
        }
    ),
]
GameStatus = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "enum": ["scheduled", "live", "final", "postponed", "cancelled", "unresolved", "withdrawn"],
        }
    ),
]
SeasonState = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "enum": ["offseason", "preseason", "in_season", "in_break", "postseason"]}
    ),
]
MarketKey = Annotated[str, WithJsonSchema({"type": "string", "enum": ["h2h", "spreads", "totals"]})]
RiskName = Annotated[str, WithJsonSchema({"type": "string", "enum": ["conservative", "balanced", "degen"]})]


class Price(TypedDict):
    """A price in both formats; null where it is no price in that format."""

    price_american: float | None
    price_decimal: float | None


class ExactPrice(Price):
    """The same, and exactly what was received, in its format. Documents of earlier versions do not have it."""

    price: NotRequired[str]
    price_format: NotRequired[
        Annotated[str, WithJsonSchema({"type": "string", "enum": ["american", "decimal"]})]
    ]


# --- sports


class Sport(TypedDict):
    """A sport, and where it stands in its season."""

    key: str
    title: str
    group: str
    active: bool
    season_state: SeasonState
    in_season: bool
    next_game_at: Time | None
    last_game_at: Time | None
    upcoming_games: int
    odds_updated_at: Time | None


class SportsContent(TypedDict):
    """What is published of all sports."""

    source: Source
    sports: list[Sport]


class Sports(SportsContent):
    """Every sport."""

    generated_at: Time


# --- games


class Outcome(ExactPrice):
    """What a book quotes for one outcome. `point` is the line; null in h2h."""

    name: str
    point: float | None


class Market(TypedDict):
    """One market of a book."""

    key: str
    last_update: Time | None
    outcomes: list[Outcome]


class Bookmaker(TypedDict):
    """A book and what it quotes for a game."""

    key: str
    title: str
    last_update: Time | None
    markets: list[Market]


class Scores(TypedDict):
    """Points or goals so far, or at the end."""

    home: int
    away: int


class Game(TypedDict):
    """A game with every price."""

    id: str
    sport_key: str
    home_team: str
    away_team: str
    commence_time: Time
    status: GameStatus
    scores: Scores | None
    final_at: NotRequired[Time | None]
    corrected_at: NotRequired[Time | None]
    bookmakers: list[Bookmaker]


class BestPrice(ExactPrice):
    """The best price of an outcome. `edge`: its expected value by the other books, per stake of 1.

    Null with fewer than three books. `too_good`: more than sound prices differ by; a mistake, or news.
    """

    bookmaker: str
    edge: float | None
    too_good: NotRequired[bool]


class Movement(TypedDict):
    """How a market moved since it opened: h2h the home team's probability, else the line."""

    opened_at: Time | None
    open: float
    current: float
    change: float
    low: float
    high: float
    series: list[float]


class Injury(TypedDict):
    """A player who may not play."""

    team: str
    athlete: str
    position: str | None
    status: str
    type: str | None
    detail: str | None
    reported_at: Time | None
    source: str
    fetched_at: Time | None


class GameInFull(Game):
    """A game as its own page shows it."""

    best: dict[str, dict[str, BestPrice]]
    line_movement: dict[str, Movement]
    injuries: list[Injury]


class GamesContent(TypedDict):
    """What is published of a page of games. `next` is the cursor of the next page."""

    source: Source
    sport: str | None
    games: list[Game]
    next: str | None


class Games(GamesContent):
    """A page of games that have not finished, soonest first."""

    generated_at: Time


class GameContent(TypedDict):
    """What is published of one game."""

    source: Source
    game: GameInFull


class GameDocument(GameContent):
    """One game."""

    generated_at: Time


# --- analyses


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
    """How well the method was measured to forecast: mean log loss in nats, less is better."""

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


# --- parlays


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
