"""Games, books and scores as the upstream gives them, short to write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from quartapp.records import Bookmaker, Event, Market, Outcome, PriceFormat, Score, SportInfo

SPORT = "basketball_nba"
HOME, AWAY = "Boston Celtics", "Miami Heat"
TIP_OFF = datetime(2026, 11, 25, 0, 30, tzinfo=UTC)
QUOTED_AT = datetime(2026, 11, 24, 11, 55, tzinfo=UTC)


def sport(key: str = SPORT, *, active: bool = True) -> SportInfo:
    """A league."""
    return SportInfo(key, key.upper(), "Sports", active, has_outrights=False)


def market(key: str, *outcomes: tuple[str, str, str | None], updated: datetime | None = QUOTED_AT) -> Market:
    """A market of (name, price, point) outcomes."""
    listed = tuple(
        Outcome(name, Decimal(price), None if point is None else Decimal(point))
        for name, price, point in outcomes
    )
    return Market(key, updated, listed)


def h2h(home: str, away: str, draw: str | None = None) -> Market:
    """A market of who wins."""
    sides: list[tuple[str, str, str | None]] = [(HOME, home, None), (AWAY, away, None)]
    return market("h2h", *sides, *([] if draw is None else [("Draw", draw, None)]))


def spreads(point: str, home: str = "-110", away: str = "-110") -> Market:
    """A spread; `point` is the home team's."""
    return market("spreads", (HOME, home, point), (AWAY, away, str(-Decimal(point))))


def totals(point: str, over: str = "-110", under: str = "-110") -> Market:
    """A total."""
    return market("totals", ("Over", over, point), ("Under", under, point))


def book(key: str, *markets: Market) -> Bookmaker:
    """A book and what it quotes."""
    return Bookmaker(key, key.title(), QUOTED_AT, markets)


def event(
    game_id: str = "g1",
    *books: Bookmaker,
    starts: datetime = TIP_OFF,
    home: str = HOME,
    away: str = AWAY,
    sport_key: str = SPORT,
    form: PriceFormat = "american",
) -> Event:
    """A game with its books."""
    return Event(game_id, sport_key, sport_key.upper(), starts, home, away, tuple(books), form)


def score(
    game_id: str,
    points: Sequence[int | None],
    *,
    completed: bool = False,
    starts: datetime = TIP_OFF,
    home: str = HOME,
    away: str = AWAY,
    sport_key: str = SPORT,
) -> Score:
    """A running or final score: (home, away)."""
    return Score(game_id, sport_key, starts, home, away, completed, points[0], points[1])
