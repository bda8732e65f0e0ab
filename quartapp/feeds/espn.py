"""ESPN's site API: teams, rosters, injuries. Keyless and unofficial: shapes drift.

What we cannot do without (who, and in which state) is read strictly: a changed shape is one clear error.
Everything beside it (position, kind of injury, date) is taken where it is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, Unpack

import httpx

from quartapp.feeds.errors import FeedRefusedError
from quartapp.feeds.http import Fetching, JsonFetcher
from quartapp.feeds.shape import MisshapenError, at, each, reading, text

T = TypeVar("T")

NAME = "ESPN"

# The Odds API's sport keys and ESPN's paths.
LEAGUES = {
    "americanfootball_nfl": "football/nfl",
    "americanfootball_ncaaf": "football/college-football",
    "basketball_nba": "basketball/nba",
    "basketball_wnba": "basketball/wnba",
    "basketball_ncaab": "basketball/mens-college-basketball",
    "basketball_wncaab": "basketball/womens-college-basketball",
    "baseball_mlb": "baseball/mlb",
    "icehockey_nhl": "hockey/nhl",
    "soccer_epl": "soccer/eng.1",
    "soccer_usa_mls": "soccer/usa.1",
    "soccer_germany_bundesliga": "soccer/ger.1",
    "soccer_spain_la_liga": "soccer/esp.1",
    "soccer_italy_serie_a": "soccer/ita.1",
    "soccer_france_ligue_one": "soccer/fra.1",
    "soccer_uefa_champs_league": "soccer/uefa.champions",
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

    def __init__(self, client: httpx.AsyncClient, base_url: str, **fetching: Unpack[Fetching]) -> None:
        self._fetch = JsonFetcher(client, NAME, **fetching)
        self._base_url = base_url.rstrip("/")

    async def teams(self, sport_key: str) -> tuple[Team, ...]:
        """Return a league's teams. Raises FeedError."""
        return parse_teams(await self._get(sport_key, "teams?limit=1000"))

    async def roster(self, sport_key: str, team_id: str) -> tuple[Player, ...]:
        """Return a team's players. Raises FeedError."""
        return parse_roster(await self._get(sport_key, f"teams/{team_id}/roster"))

    async def injuries(self, sport_key: str) -> tuple[Injury, ...]:
        """Return a league's reported injuries. Raises FeedError."""
        return parse_injuries(await self._get(sport_key, "injuries"))

    async def _get(self, sport_key: str, path: str) -> Any:
        league = LEAGUES.get(sport_key)
        if league is None:
            raise FeedRefusedError(f"{NAME}: no path is known for {sport_key}; add it to LEAGUES")
        body, _ = await self._fetch.get(f"{self._base_url}/apis/site/v2/sports/{league}/{path}")
        return body


def parse_teams(body: Any) -> tuple[Team, ...]:
    """Return the teams in ``sports[].leagues[].teams[].team``. Raises FeedShapeError."""
    with reading(NAME, "teams"):
        sports = each(
            _under(body, "sports"),
            lambda sport: each(
                sport["leagues"], lambda league: each(league["teams"], _team, ".teams"), ".leagues"
            ),
            "sports",
        )
        found = (team for sport in sports for league in sport for team in league)
        teams = _latest(found, lambda team: team.id)
        if not teams:
            raise MisshapenError("lists no team", "sports")
        return teams


def parse_roster(body: Any) -> tuple[Player, ...]:
    """Return the players in ``athletes``, flat or grouped under ``items``. Raises FeedShapeError."""
    with reading(NAME, "roster"):
        groups = each(_under(body, "athletes"), _players, "athletes")
        # A player can stand in two groups: offence and the practice squad, say.
        return _latest((player for group in groups for player in group), lambda player: player.id)


def parse_injuries(body: Any) -> tuple[Injury, ...]:
    """Return the injuries in ``injuries[].injuries[]``, an athlete's latest only. Raises FeedShapeError."""
    with reading(NAME, "injuries"):
        teams = each(_under(body, "injuries"), _team_injuries, "injuries")
        found = sorted(
            (injury for team in teams for injury in team), key=lambda injury: injury.reported_at or _LONG_AGO
        )
        return _latest(found, lambda injury: (injury.team, injury.athlete))


def _under(body: Any, key: str) -> Any:
    if not isinstance(body, dict) or key not in body:
        raise MisshapenError("is missing", key)
    return body[key]


def _latest(found: Iterable[T], identity: Callable[[T], object]) -> tuple[T, ...]:
    return tuple({identity(one): one for one in found}.values())


def _team(one: Any) -> Team:
    team = one["team"]
    with at(".team"):
        return Team(_id(team), text(team, "displayName"), _maybe(team, "abbreviation"))


def _players(one: Any) -> list[Player]:
    return each(one["items"], _player, ".items") if "items" in one else [_player(one)]


def _player(one: Any) -> Player:
    name = text(one, "displayName" if one.get("displayName") else "fullName")
    return Player(_id(one), name, _maybe(one.get("position"), "abbreviation"))


def _team_injuries(one: Any) -> list[Injury]:
    team = text(one, "displayName")
    return each(one.get("injuries") or [], lambda injury: _injury(team, injury), ".injuries")


def _injury(team: str, one: Any) -> Injury:
    athlete, details = one["athlete"], one.get("details")
    with at(".athlete"):
        name, position = text(athlete, "displayName"), _maybe(athlete.get("position"), "abbreviation")
    parts = (_maybe(details, "side"), _maybe(details, "detail"), _maybe(one, "shortComment"))
    return Injury(
        team,
        name,
        position,
        text(one, "status"),
        _maybe(details, "type") or _maybe(one.get("type"), "description"),
        ", ".join(part for part in parts if part) or None,
        _time(one.get("date")),
    )


def _id(one: Any) -> str:
    value = one["id"]
    if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
        return str(value)
    raise MisshapenError("is not an id", ".id")


def _maybe(one: Any, key: str) -> str | None:
    """Return the text under `key` where there is an object with one that says something."""
    value = one.get(key) if isinstance(one, dict) else None
    return value if isinstance(value, str) and value and value != "Not Specified" else None


def _time(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
