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

from quartapp.odds.market_keys import MARKETS

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
MarketKey = Annotated[str, WithJsonSchema({"type": "string", "enum": list(MARKETS)})]
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


class Live(TypedDict):
    """How far a running game is, in the source's words; null where it tells none."""

    period: int | None
    clock: str | None
    detail: str | None
    updated_at: Time | None
    source: str | None


class Game(TypedDict):
    """A game with every price."""

    id: str
    sport_key: str
    home_team: str
    away_team: str
    commence_time: Time
    status: GameStatus
    scores: Scores | None
    live: NotRequired[Live | None]
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


class ClosingMarket(TypedDict):
    """What the books said together when the game began, at their main `point`, from the home team's side."""

    point: float | None
    probabilities: dict[str, Probability]
    books: int


class ClosingLine(TypedDict):
    """A game's closing line: the last prices before its start. Kept for good."""

    captured_at: Time
    markets: dict[str, ClosingMarket]


class GameInFull(Game):
    """A game as its own page shows it. `closing` is null until the game has begun."""

    best: dict[str, dict[str, BestPrice]]
    line_movement: dict[str, Movement]
    injuries: list[Injury]
    closing: NotRequired[ClosingLine | None]


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


# --- the service


class Reason(TypedDict):
    """Something that is not as it should be."""

    code: Annotated[str, Field(description="A stable word for programs.")]
    since: Time
    detail: str


class ServiceStatusContent(TypedDict):
    """How well the service is, without what is added when it is published."""

    state: Annotated[
        str,
        WithJsonSchema(
            {
                "type": "string",
                "enum": ["ok", "degraded", "down"],
                "description": "`down`: nothing is kept up to date; what is shown is the newest known.",
            }
        ),
    ]
    reasons: list[Reason]
    checked_at: Annotated[
        Time, Field(description="When this was found. The report is made anew every half minute.")
    ]
    odds_age_seconds: Annotated[
        dict[str, int], Field(description="By sport: since its odds were fetched, at `checked_at`.")
    ]


class ServiceStatus(ServiceStatusContent):
    """How well the service is."""

    generated_at: Time
