"""ESPN's site API: teams, rosters, injuries. Keyless and unofficial: shapes drift.

A line that lacks what we cannot do without (who, and in which state) is left out and counted; when no line
is sound, the shape has changed and that is one clear error. Everything beside it (position, kind of injury,
date) is taken where it is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any, TypeVar, Unpack

import httpx

from quartapp.feeds.errors import FeedRefusedError, FeedShapeError
from quartapp.feeds.espn_scoreboard import board_path, parse_scoreboard
from quartapp.feeds.http import Fetching, JsonFetcher
from quartapp.feeds.reading import Reading, Tally
from quartapp.feeds.shape import MisshapenError, at, is_storable, reading, text
from quartapp.records import GameReport, InjuryReport, Player, Team

T = TypeVar("T")

NAME = "ESPN"
LONGEST_DETAIL, LONGEST_ID = 500, 40

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
# Whose scoreboard has a league's games: the leagues themselves; their preseasons, which stand on the same board; and
# college football's lower division, a league of its own to The Odds API and a group of one board to ESPN.
BOARDS = LEAGUES | {
    **{
        f"{key}_preseason": LEAGUES[key]
        for key in ("americanfootball_nfl", "baseball_mlb", "basketball_nba", "icehockey_nhl")
    },
    "americanfootball_ncaaf_fcs": LEAGUES["americanfootball_ncaaf"],
}


class EspnClient:
    """Asks ESPN about the leagues in `LEAGUES`, and for the scoreboards in `BOARDS`."""

    def __init__(self, client: httpx.AsyncClient, base_url: str, **fetching: Unpack[Fetching]) -> None:
        self._fetch = JsonFetcher(client, NAME, **fetching)
        self._base_url = base_url.rstrip("/")

    async def teams(self, sport_key: str) -> Reading[Team]:
        """Return a league's teams. Raises FeedError."""
        return parse_teams(await self._get(sport_key, "teams?limit=1000"))

    async def roster(self, sport_key: str, team_id: str) -> Reading[Player]:
        """Return a team's players. Raises FeedError."""
        return parse_roster(await self._get(sport_key, f"teams/{team_id}/roster"))

    async def injuries(self, sport_key: str) -> Reading[InjuryReport]:
        """Return a league's reported injuries. Raises FeedError."""
        return parse_injuries(await self._get(sport_key, "injuries"))

    async def scoreboard(self, sport_key: str, day: date) -> Reading[GameReport]:
        """Return a league's games of one day, as ESPN counts days. Raises FeedError."""
        return parse_scoreboard(await self._get(sport_key, board_path(sport_key, day)), sport_key)

    async def _get(self, sport_key: str, path: str) -> Any:
        league = BOARDS.get(sport_key)
        if league is None:
            raise FeedRefusedError(f"{NAME}: no path is known for {sport_key}; add it to LEAGUES")
        body, _ = await self._fetch.get(f"{self._base_url}/apis/site/v2/sports/{league}/{path}")
        return body


def parse_teams(body: Any) -> Reading[Team]:
    """Return the teams in ``sports[].leagues[].teams[].team``. Raises FeedShapeError."""
    tally = Tally()
    with reading(NAME, "teams"):
        sports = tally.each(
            "sport",
            _under(body, "sports"),
            lambda sport, path: tally.each(
                "league",
                sport["leagues"],
                lambda league, place: tally.each("team", league["teams"], _team, f"{place}.teams"),
                f"{path}.leagues",
            ),
            "sports",
        )
        listed = (team for sport in sports for league in sport for team in league)
        teams = _latest(listed, lambda team: team.id)
        if not teams and not tally.odd:
            raise MisshapenError("lists no team", "sports")
    return _sound("teams", tally, teams)


def parse_roster(body: Any) -> Reading[Player]:
    """Return the players in ``athletes``, flat or grouped under ``items``. Raises FeedShapeError.

    A team that has named nobody yet has no ``athletes`` at all: its roster is empty.
    """
    tally = Tally()
    with reading(NAME, "roster"):
        if not isinstance(body, dict):
            raise MisshapenError("is no object", "roster")
        listed = body.get("athletes") or []
        groups = tally.each("player", listed, lambda one, path: _players(one, path, tally), "athletes")
    # A player can stand in two groups: offence and the practice squad, say.
    players = _latest((player for group in groups for player in group), lambda player: player.id)
    return _sound("roster", tally, players)


def parse_injuries(body: Any) -> Reading[InjuryReport]:
    """Return the injuries in ``injuries[].injuries[]``, an athlete's latest only. Raises FeedShapeError."""
    tally = Tally()
    with reading(NAME, "injuries"):
        teams = tally.each(
            "team", _under(body, "injuries"), lambda one, path: _team_injuries(one, path, tally), "injuries"
        )
    listed = sorted(
        (injury for team in teams for injury in team), key=lambda injury: injury.reported_at or _LONG_AGO
    )
    return _sound("injuries", tally, _latest(listed, lambda injury: (injury.team, injury.athlete)))


def _sound(answer: str, tally: Tally, items: tuple[T, ...]) -> Reading[T]:
    if tally.odd and not items:
        raise FeedShapeError(f"{NAME}: the {answer} answer has a changed shape: {tally.first}")
    trouble = tally.trouble
    return Reading(items, tally.odd, trouble and f"{NAME}: of the {answer} answer {trouble}")


def _under(body: Any, key: str) -> Any:
    if not isinstance(body, dict) or key not in body:
        raise MisshapenError("is missing", key)
    return body[key]


def _latest(items: Iterable[T], identity: Callable[[T], object]) -> tuple[T, ...]:
    return tuple({identity(item): item for item in items}.values())


def _team(one: Any, _: str) -> Team:
    team = one["team"]
    with at(".team"):
        return Team(_id(team), text(team, "displayName"), _maybe(team, "abbreviation"))


def _players(one: Any, path: str, tally: Tally) -> list[Player]:
    if "items" not in one:
        return [_player(one, path)]
    tally.seen["player"] -= 1  # a group, not a player
    return tally.each("player", one["items"] or [], _player, f"{path}.items")


def _player(one: Any, _: str) -> Player:
    name = text(one, "displayName" if one.get("displayName") else "fullName")
    return Player(_id(one), name, _maybe(one.get("position"), "abbreviation"))


def _team_injuries(one: Any, path: str, tally: Tally) -> list[InjuryReport]:
    team = text(one, "displayName")
    listed = one.get("injuries") or []
    return tally.each("injury", listed, lambda injury, _: _injury(team, injury), f"{path}.injuries")


def _injury(team: str, one: Any) -> InjuryReport:
    athlete, details = one["athlete"], one.get("details")
    with at(".athlete"):
        name, position = text(athlete, "displayName"), _maybe(athlete.get("position"), "abbreviation")
    parts = (_maybe(details, "side"), _maybe(details, "detail"), _maybe(one, "shortComment"))
    status = _maybe(one, "status") or _maybe(one.get("type"), "description")
    return InjuryReport(
        team,
        name,
        position,
        status if status else text(one, "status"),
        _maybe(details, "type") or _maybe(one.get("type"), "description"),
        ", ".join(part for part in parts if part) or None,
        _time(one.get("date")),
    )


def _id(one: Any) -> str:
    value = one["id"]
    if isinstance(value, str) and value.strip() and is_storable(value):
        return value[:LONGEST_ID]
    if type(value) is int and abs(value) < 10**LONGEST_ID:
        return str(value)
    raise MisshapenError("is not an id", ".id")


def _maybe(one: Any, key: str) -> str | None:
    """Return the text under `key` where there is an object with one that says something."""
    value = one.get(key) if isinstance(one, dict) else None
    if not isinstance(value, str) or not value.strip() or value == "Not Specified":
        return None
    return value[:LONGEST_DETAIL] if is_storable(value) else None


def _time(value: Any) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(value)
        parsed = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return parsed if 2000 <= parsed.year < 2100 else None


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
