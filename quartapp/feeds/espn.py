"""ESPN's site API: teams, rosters, injuries. Keyless and unofficial: shapes drift, and that is one clear error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from quartapp.feeds.errors import FeedShapeError
from quartapp.feeds.http import JsonFetcher

NAME = "ESPN"

# The Odds API's sport keys and ESPN's paths.
LEAGUES = {
    "americanfootball_nfl": "football/nfl",
    "americanfootball_ncaaf": "football/college-football",
    "basketball_nba": "basketball/nba",
    "basketball_wnba": "basketball/wnba",
    "basketball_ncaab": "basketball/mens-college-basketball",
    "baseball_mlb": "baseball/mlb",
    "icehockey_nhl": "hockey/nhl",
    "soccer_epl": "soccer/eng.1",
    "soccer_usa_mls": "soccer/usa.1",
}


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
class Injury:
    """One reported injury."""

    team: str
    athlete: str
    position: str | None
    status: str
    injury_type: str | None
    detail: str | None
    reported_at: datetime | None


class EspnClient:
    """Asks ESPN about the leagues in `LEAGUES`."""

    def __init__(self, client: httpx.AsyncClient, base_url: str, **fetching: Any) -> None:
        self._fetch = JsonFetcher(client, NAME, **fetching)
        self._base_url = base_url.rstrip("/")

    async def teams(self, sport_key: str) -> tuple[Team, ...]:
        """Return a league's teams. Raises FeedError."""
        return parse_teams(await self._get(sport_key, "teams?limit=400"))

    async def roster(self, sport_key: str, team_id: str) -> tuple[Player, ...]:
        """Return a team's players. Raises FeedError."""
        return parse_roster(await self._get(sport_key, f"teams/{team_id}/roster"))

    async def injuries(self, sport_key: str) -> tuple[Injury, ...]:
        """Return a league's reported injuries. Raises FeedError."""
        return parse_injuries(await self._get(sport_key, "injuries"))

    async def _get(self, sport_key: str, path: str) -> Any:
        body, _ = await self._fetch.get(f"{self._base_url}/apis/site/v2/sports/{LEAGUES[sport_key]}/{path}")
        return body


def parse_teams(body: Any) -> tuple[Team, ...]:
    """Return the teams in ``sports[].leagues[].teams[].team``. Raises FeedShapeError."""
    with _shape("teams"):
        return tuple(
            Team(str(one["team"]["id"]), _text(one["team"]["displayName"]), one["team"].get("abbreviation"))
            for sport in body["sports"]
            for league in sport["leagues"]
            for one in league["teams"]
        )


def parse_roster(body: Any) -> tuple[Player, ...]:
    """Return the players in ``athletes``, flat or grouped under ``items``. Raises FeedShapeError."""
    with _shape("roster"):
        players: list[Player] = []
        for one in body["athletes"]:
            for athlete in one.get("items", [one]):
                position = (athlete.get("position") or {}).get("abbreviation")
                name = athlete.get("displayName") or athlete["fullName"]
                players.append(Player(str(athlete["id"]), _text(name), position))
        return tuple(players)


def parse_injuries(body: Any) -> tuple[Injury, ...]:
    """Return the injuries in ``injuries[].injuries[]``. Raises FeedShapeError."""
    with _shape("injuries"):
        return tuple(
            _injury(_text(team["displayName"]), one)
            for team in body["injuries"]
            for one in team.get("injuries") or ()
        )


def _injury(team: str, one: dict[str, Any]) -> Injury:
    details = one.get("details") or {}
    kind = details.get("type") or (one.get("type") or {}).get("description")
    parts = (details.get("side"), details.get("detail"), one.get("shortComment"))
    return Injury(
        team,
        _text(one["athlete"]["displayName"]),
        (one["athlete"].get("position") or {}).get("abbreviation"),
        _text(one["status"]),
        kind,
        ", ".join(part for part in parts if isinstance(part, str) and part and part != "Not Specified")
        or None,
        _time(one.get("date")),
    )


class _shape:  # noqa: N801 - reads as a statement
    """Turns what a changed shape raises into one clear error."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, _: object) -> None:
        if isinstance(problem, KeyError):
            raise FeedShapeError(f"{NAME}: the {self._what} answer has no {problem}") from None
        if isinstance(problem, (TypeError, ValueError, AttributeError)):
            raise FeedShapeError(f"{NAME}: the {self._what} answer has a changed shape ({problem})") from None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r:.40} where text belongs")
    return value


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
