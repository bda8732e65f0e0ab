"""ESPN: who is on a team and who is hurt; what drifts is tolerated, what is gone is one clear error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from quartapp.feeds import espn as feed
from quartapp.feeds.errors import FeedRefusedError, FeedShapeError
from quartapp.feeds.espn import LEAGUES, EspnClient
from quartapp.records import InjuryReport, Player, Team
from tests.support.upstream import Upstream, ok


def parse_teams(body: Any) -> tuple[Team, ...]:
    return feed.parse_teams(body).items


def parse_roster(body: Any) -> tuple[Player, ...]:
    return feed.parse_roster(body).items


def parse_injuries(body: Any) -> tuple[InjuryReport, ...]:
    return feed.parse_injuries(body).items


def an_injury(**fields: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "status": "Questionable",
        "date": "2026-11-24T15:30Z",
        "athlete": {"displayName": "Jayson Tatum", "position": {"name": "Forward", "abbreviation": "SF"}},
        "type": {"description": "questionable"},
        "details": {"type": "Ankle", "side": "Left", "detail": "Sprain", "returnDate": "2026-12-01"},
    } | fields


def injuries_of(*listed: Any, team: str = "Boston Celtics") -> dict[str, Any]:
    return {"timestamp": "x", "injuries": [{"id": "2", "displayName": team, "injuries": list(listed)}]}


async def test_each_league_is_asked_for_at_its_path(upstream: Upstream, client: httpx.AsyncClient) -> None:
    upstream.on("/apis/site/v2/sports/football/nfl/teams", ok(teams_of(("22", "Arizona Cardinals", "ARI"))))
    upstream.on("/apis/site/v2/sports/soccer/eng.1/teams/359/roster", ok({"athletes": []}))
    upstream.on("/apis/site/v2/sports/hockey/nhl/injuries", ok({"injuries": []}))
    espn = EspnClient(client, f"{upstream.url}/")
    assert (await espn.teams("americanfootball_nfl")).items == (Team("22", "Arizona Cardinals", "ARI"),)
    assert (await espn.roster("soccer_epl", "359")).items == ()
    assert (await espn.injuries("icehockey_nhl")).items == ()
    assert [request.path.removeprefix("/apis/site/v2/sports/") for request in upstream.requests] == [
        "football/nfl/teams",
        "soccer/eng.1/teams/359/roster",
        "hockey/nhl/injuries",
    ]


async def test_a_league_espn_is_not_known_to_cover_is_refused_by_name(
    upstream: Upstream, client: httpx.AsyncClient
) -> None:
    with pytest.raises(FeedRefusedError, match="no path is known for cricket_ipl"):
        await EspnClient(client, upstream.url).injuries("cricket_ipl")
    assert upstream.requests == []


def test_the_leagues_of_the_front_page_are_covered() -> None:
    wanted = {"americanfootball_nfl", "americanfootball_ncaaf", "basketball_nba", "basketball_ncaab"}
    assert wanted | {"baseball_mlb", "icehockey_nhl", "soccer_epl", "soccer_usa_mls"} <= LEAGUES.keys()


# Teams and rosters -------------------------------------------------------------------------------------


def teams_of(*teams: tuple[Any, Any, Any]) -> dict[str, Any]:
    listed = [{"team": {"id": i, "displayName": name, "abbreviation": short}} for i, name, short in teams]
    return {"sports": [{"id": "40", "leagues": [{"id": "46", "teams": listed}]}]}


def test_teams_are_read_once_each() -> None:
    body = teams_of(("2", "Boston Celtics", "BOS"), (26, "Utah Jazz", None), ("2", "Boston Celtics", "BOS"))
    assert parse_teams(body) == (Team("2", "Boston Celtics", "BOS"), Team("26", "Utah Jazz", None))


TATUM = {"id": "4065648", "displayName": "Jayson Tatum", "position": {"abbreviation": "SF"}}


def test_a_roster_may_be_flat_or_grouped_by_position() -> None:
    flat = parse_roster({"athletes": [TATUM]})
    grouped = parse_roster(
        {"athletes": [{"position": "offense", "items": [TATUM]}, {"position": "x", "items": []}]}
    )
    assert flat == grouped == (Player("4065648", "Jayson Tatum", "SF"),)


def test_a_player_in_two_groups_is_one_player() -> None:
    body = {
        "athletes": [{"position": "offense", "items": [TATUM]}, {"position": "practice", "items": [TATUM]}]
    }
    assert len(parse_roster(body)) == 1


@pytest.mark.parametrize("position", [None, "SF", {}, {"abbreviation": None}, []])
def test_a_player_without_a_readable_position_is_a_player(position: Any) -> None:
    (player,) = parse_roster({"athletes": [{"id": 7, "fullName": "Ada Reyes", "position": position}]})
    assert player == Player("7", "Ada Reyes", None)


# Injuries ----------------------------------------------------------------------------------------------


def test_an_injury_is_read() -> None:
    assert parse_injuries(injuries_of(an_injury())) == (
        InjuryReport(
            "Boston Celtics",
            "Jayson Tatum",
            "SF",
            "Questionable",
            "Ankle",
            "Left, Sprain",
            datetime(2026, 11, 24, 15, 30, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize("spared", ["details", "type", "date", "id"])
def test_what_stands_beside_an_injury_may_be_missing_or_odd(spared: str) -> None:
    odds: tuple[Any, ...] = (None, "text", [], 5)
    for odd in odds:
        (injury,) = parse_injuries(injuries_of(an_injury(**{spared: odd})))
        assert (injury.athlete, injury.status) == ("Jayson Tatum", "Questionable")


def test_without_details_the_type_tells_the_kind() -> None:
    (injury,) = parse_injuries(injuries_of(an_injury(details=None)))
    assert (injury.injury_type, injury.detail) == ("questionable", None)


def test_an_athletes_latest_report_counts() -> None:
    older, newer = an_injury(status="Out", date="2026-11-20T10:00Z"), an_injury()
    for order in ((older, newer), (newer, older)):
        (injury,) = parse_injuries(injuries_of(*order))
        assert injury.status == "Questionable"


def test_no_injuries_is_an_answer() -> None:
    assert parse_injuries({"injuries": []}) == ()
    assert parse_injuries({"injuries": [{"displayName": "Utah Jazz"}]}) == ()


# A changed shape ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "said"), [
    ({}, "injuries is missing"),
    ([], "injuries is missing"),
    (None, "injuries is missing"),
    ({"injuries": {}}, "injuries is an object where a list belongs"),
    ({"injuries": [{"injuries": []}]}, r"injuries\[0\].displayName is missing"),
    (injuries_of(an_injury(athlete={})), r"\[0\].athlete.displayName is missing"),
    (injuries_of(an_injury(athlete=None)), r"\[0\].athlete is not an object"),
    (injuries_of(an_injury(status=None, type=None)), r"\[0\].status is null where text belongs"),
    (injuries_of("hurt"), r"injuries\[0\] is 'hurt' where an object belongs"),
])  # fmt: skip
def test_a_changed_injuries_answer_is_one_clear_error(body: Any, said: str) -> None:
    with pytest.raises(FeedShapeError, match=f"ESPN: the injuries answer has a changed shape: .*{said}"):
        parse_injuries(body)


@pytest.mark.parametrize(("body", "said"), [
    ({"athletes": {"a": 1}}, "athletes is an object"),
    ([], "roster is no object"),
    ({"athletes": [{"displayName": "x"}]}, r"athletes\[0\].id is missing"),
    ({"athletes": [{"items": [{"id": "1"}]}]}, r"athletes\[0\].items\[0\].fullName is missing"),
    ({"athletes": [{"id": True, "displayName": "x"}]}, r"athletes\[0\].id is not an id"),
])  # fmt: skip
def test_a_changed_roster_is_one_clear_error(body: Any, said: str) -> None:
    with pytest.raises(FeedShapeError, match=f"ESPN: the roster answer has a changed shape: {said}"):
        parse_roster(body)


@pytest.mark.parametrize(("body", "said"), [
    ({"sports": []}, "lists no team"),
    ({"sports": [{"leagues": [{}]}]}, r"sports\[0\].leagues\[0\].teams is missing"),
    (teams_of(("1", None, "x")), r"leagues\[0\].teams\[0\].team.displayName is null"),
])  # fmt: skip
def test_a_changed_teams_answer_is_one_clear_error(body: Any, said: str) -> None:
    with pytest.raises(FeedShapeError, match=f"ESPN: the teams answer has a changed shape: .*{said}"):
        parse_teams(body)
