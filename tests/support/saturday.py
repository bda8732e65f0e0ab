"""A Saturday of games as two upstreams tell it: ESPN's boards and The Odds API's lists, at any moment of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import httpx

from quartapp.feeds.espn import LEAGUES
from quartapp.feeds.espn_scoreboard import board_day
from quartapp.records import Event, price_format
from quartapp.sandbox.espn_board import FINALS, Stand, board, event
from quartapp.sandbox.league import chance, text

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 28, 17, 0, tzinfo=UTC)  # in New York
SPORTS = ("basketball_ncaab", "americanfootball_ncaaf", "soccer_epl", "icehockey_nhl", "basketball_nba")
_TURNS = (*SPORTS, *SPORTS[:2])  # there are more colleges than clubs
LENGTH = timedelta(hours=2, minutes=30)
PATHS = {path: key for key, path in LEAGUES.items()}


@dataclass(frozen=True, slots=True)
class Fixture:
    """A game of the day and what befalls it."""

    number: int
    sport_key: str
    home: tuple[str, str]  # ours, ESPN's
    away: tuple[str, str]
    start: datetime
    fate: str = "final"  # or overtime, shootout, postponed, cancelled, abandoned, forfeit
    delayed: timedelta = timedelta(0)
    corrected: bool = False
    swapped: bool = False  # ESPN has the sides the other way round
    twice: bool = False  # ESPN lists its event twice
    other_id: bool = False  # The Odds API lists it under a second id

    @property
    def ids(self) -> list[str]:
        """Our ids of it."""
        return [f"odds{self.number}"] + ([f"again{self.number}"] if self.other_id else [])

    @property
    def end(self) -> datetime:
        """When it is over."""
        return self.start + LENGTH + self.delayed

    def stand(self, now: datetime) -> Stand:
        """Return how it stands, its score (home, away) as we call the sides."""
        if self.fate in ("postponed", "cancelled") and now >= self.start - timedelta(hours=1):
            return Stand(self.fate)
        if now < self.start:
            return Stand("pre")
        share = min(1.0, self._played(now) / LENGTH)
        home, away = (int(share * (20 + 60 * chance(self.number, side))) for side in ("home", "away"))
        if self.fate == "abandoned" and share >= 0.5:
            return Stand("abandoned", home, away, 0.5)
        if now >= self.end and self.fate == "forfeit":
            return Stand("forfeit", 1, 0, 1.0)
        if now >= self.end and self.fate != "final":
            kicks = (2, 1) if self.fate == "shootout" else None
            return Stand(self.fate, away + 1, away, 1.0, regulation=(away, away), kicks=kicks)
        if now >= self.end:
            return Stand("final", home + (self.corrected and now >= self.end + timedelta(hours=1)), away, 1.0)
        paused = self.delayed and self._played(now) == LENGTH / 3
        return Stand("delayed" if paused else "in", home, away, share)

    def _played(self, now: datetime) -> timedelta:
        elapsed = now - self.start
        if elapsed <= LENGTH / 3:
            return elapsed
        return max(LENGTH / 3, elapsed - self.delayed)


def fixtures(count: int, hours: timedelta) -> list[Fixture]:
    """Return the day's games: teams by both sources' names, all over after `hours`, and each kind of incident."""
    pairs = _pairs()
    incidents: dict[int, dict[str, Any]] = {
        1: {"delayed": timedelta(minutes=40)},
        2: {"fate": "postponed"},
        3: {"fate": "overtime"},
        4: {"fate": "cancelled"},
        5: {"delayed": timedelta(minutes=75)},
        6: {"fate": "forfeit"},
        7: {"fate": "abandoned"},
        8: {"corrected": True},
        9: {"twice": True},
        10: {"fate": "shootout"},
        11: {"fate": "postponed"},
        12: {"swapped": True},
        13: {"other_id": True},
        14: {"fate": "overtime"},
    }
    made = []
    for number in range(count):
        sport_key = _TURNS[number % len(_TURNS)]
        home, away = next(pairs[sport_key])
        start = NOON + number * (hours - LENGTH - timedelta(minutes=75)) / count // MINUTE * MINUTE
        made.append(Fixture(number, sport_key, home, away, start, **incidents.get(number, {})))
    return made


def _pairs() -> dict[str, Iterator[tuple[tuple[str, str], tuple[str, str]]]]:
    teams: dict[str, list[tuple[str, str]]] = {sport: [] for sport in SPORTS}
    current: list[str] = []
    for line in files("quartapp.identity").joinpath("teams.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = [sport for sport in line.strip("[]").split() if sport in teams]
        elif line and not line.startswith("#"):
            names = [name.strip() for name in line.split("=")]
            for sport in current:
                teams[sport].append((names[0], names[-1]))
    return {
        sport: iter(list(zip(listed[::2], listed[1::2], strict=False))) for sport, listed in teams.items()
    }


@dataclass(slots=True)
class Saturday:
    """Both upstreams at `now`; `credits` is what The Odds API was paid."""

    games: list[Fixture]
    now: datetime = NOON
    outage: tuple[datetime, datetime] = (NOON, NOON)
    credits: int = 0
    boards: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def down(self) -> bool:
        """Whether ESPN answers nothing."""
        return self.outage[0] <= self.now < self.outage[1]

    def slate(self, sport_key: str) -> list[Event]:
        """Return a league's games as The Odds API lists them."""
        return [
            Event(
                identity,
                sport_key,
                sport_key,
                one.start,
                one.home[0],
                one.away[0],
                (),
                price_format(sport_key),
            )
            for one in self.games
            if one.sport_key == sport_key
            for identity in one.ids
        ]

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the upstream whose address is asked."""
        path = request.url.path
        if path.startswith("/odds-api/"):
            self.credits += 2
            listed = [self._score(one, identity) for one in self.games if one.sport_key == path.split("/")[-2]
                      for identity in one.ids]  # fmt: skip
            return httpx.Response(200, json=listed, headers={"x-requests-last": "2"})
        if self.down:
            return httpx.Response(503)
        self.boards += 1
        sport_key = PATHS["/".join(path.split("/")[-3:-1])]
        day = request.url.params["dates"]
        events = [
            self._event(one)
            for one in self.games
            if one.sport_key == sport_key and f"{board_day(one.start):%Y%m%d}" == day
            for _ in range(2 if one.twice else 1)
        ]
        return httpx.Response(200, json=board(events, day, request.url.params.get("limit")))

    def _event(self, one: Fixture) -> dict[str, Any]:
        stand, home, away = one.stand(self.now), one.home[1], one.away[1]
        if one.swapped:
            stand, home, away = Stand(stand.state, stand.away, stand.home, stand.share), away, home
        number = str(401_000_000 + one.number)
        return event(number, one.sport_key, home, away, one.start, stand, neutral=one.swapped)

    def _score(self, one: Fixture, identity: str) -> dict[str, Any]:
        stand = one.stand(self.now)
        told = stand.state in ("in", "delayed", *FINALS)
        return {
            "id": identity,
            "sport_key": one.sport_key,
            "sport_title": one.sport_key,
            "commence_time": text(one.start),
            "completed": stand.state in FINALS,
            "home_team": one.home[0],
            "away_team": one.away[0],
            "scores": [
                {"name": one.home[0], "score": str(stand.home)},
                {"name": one.away[0], "score": str(stand.away)},
            ]
            if told
            else None,
            "last_update": text(self.now) if told else None,
        }
