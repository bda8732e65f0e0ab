"""What the upstreams tell us, once read: the records that feeds make, jobs carry and the store writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from quartapp.odds.formats import PriceFormat

__all__ = [
    "AccountCredits",
    "Bookmaker",
    "Event",
    "GameReport",
    "InjuryReport",
    "Market",
    "Outcome",
    "Player",
    "PriceFormat",
    "ReportStatus",
    "Score",
    "SportInfo",
    "Team",
    "price_format",
]

_NORTH_AMERICAN = (
    "americanfootball_",
    "basketball_nba",
    "basketball_ncaab",
    "basketball_wncaab",
    "basketball_wnba",
    "baseball_mlb",
    "baseball_milb",
    "baseball_ncaa",
    "icehockey_nhl",
    "icehockey_ahl",
    "soccer_usa_",
)


def price_format(sport_key: str) -> PriceFormat:
    """Return the format the books of a sport quote in: asking for another makes the upstream round.

    >>> price_format("basketball_nba"), price_format("soccer_epl")
    ('american', 'decimal')
    """
    return "american" if sport_key.startswith(_NORTH_AMERICAN) else "decimal"


@dataclass(frozen=True, slots=True)
class AccountCredits:
    """What the answers to one question say about the account; None where they did not say.

    `last_cost` is what the question cost: the headers' word, or the documented price where they are silent.
    """

    remaining: int | None
    used: int | None
    last_cost: int | None


@dataclass(frozen=True, slots=True)
class SportInfo:
    """A sport or league that The Odds API lists."""

    key: str
    title: str
    group: str
    active: bool
    has_outrights: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """One price. `price` is exact; `point` is the spread or total it is for."""

    name: str
    price: Decimal
    point: Decimal | None


@dataclass(frozen=True, slots=True)
class Market:
    """One market of one book: h2h, spreads, totals, or an exchange's h2h_lay."""

    key: str
    last_update: datetime | None
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Bookmaker:
    """A book's markets on an event; there may be none."""

    key: str
    title: str
    last_update: datetime | None
    markets: tuple[Market, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A game and the books that quote it, their prices in `price_format`."""

    id: str
    sport_key: str
    sport_title: str
    commence_time: datetime
    home_team: str
    away_team: str
    bookmakers: tuple[Bookmaker, ...]
    price_format: PriceFormat


@dataclass(frozen=True, slots=True)
class Score:
    """A game's result, or its state while it runs; scores are None before it begins."""

    id: str
    sport_key: str
    commence_time: datetime
    home_team: str
    away_team: str
    completed: bool
    home_score: int | None
    away_score: int | None
    last_update: datetime | None = None


ReportStatus = Literal[
    "scheduled", "live", "delayed", "suspended", "final", "postponed", "cancelled", "abandoned", "forfeit"
]


@dataclass(frozen=True, slots=True)
class GameReport:
    """A game as a scoreboard shows it, under the scoreboard's own id and names.

    Scores are None where none is told; play after regulation is in them, a shootout's kicks in soccer are not.
    `period`, `clock` and `detail` say how far a running game is. Of one that has ended or stopped: `overtime` says
    whether it was played on after regulation, `regulation` the score (home, away) at its end where it may have been,
    and `played` how much was played, in minutes or innings, of a shortened, suspended or abandoned game. Each is None
    where it is not told beyond doubt.
    """

    id: str
    sport_key: str
    commence_time: datetime
    home_team: str
    away_team: str
    status: ReportStatus
    home_score: int | None
    away_score: int | None
    period: int | None
    clock: str | None
    detail: str | None
    neutral: bool
    overtime: bool | None = None
    regulation: tuple[int, int] | None = None
    played: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """A team as ESPN numbers it."""

    id: str
    name: str
    abbreviation: str | None


@dataclass(frozen=True, slots=True)
class Player:
    """One line of a roster."""

    id: str
    name: str
    position: str | None


@dataclass(frozen=True, slots=True)
class InjuryReport:
    """One athlete's latest report; `team` and `status` are ESPN's words."""

    team: str
    athlete: str
    position: str | None
    status: str
    injury_type: str | None
    detail: str | None
    reported_at: datetime | None
