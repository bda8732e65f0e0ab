"""ESPN's scoreboard: how each game stands, in our words; one odd event is that event's, a changed shape one error."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from quartapp.feeds.errors import FeedShapeError
from quartapp.feeds.espn import EspnClient
from quartapp.feeds.espn_scoreboard import board_day, board_path, parse_scoreboard
from quartapp.sandbox.espn_board import Stand, board, event

NBA = "basketball_nba"
START = datetime(2026, 11, 29, 0, 30, tzinfo=UTC)


def an_event(identity: str = "401", **stand: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"state": "in", "home": 48, "away": 51, "share": 0.4}
    wanted = Stand(**(known | stand))
    return event(identity, NBA, "LA Clippers", "Utah Jazz", START, wanted)


def with_status(name: str, state: str, *, completed: bool = True, period: int = 2) -> dict[str, Any]:
    made = an_event()
    made["competitions"][0]["status"] = {
        "period": period,
        "type": {"name": name, "state": state, "completed": completed, "shortDetail": name},
    }
    return made


def test_a_running_game_has_its_score_period_and_clock() -> None:
    (game,) = parse_scoreboard(board([an_event()], "20261128"), NBA)
    assert (game.id, game.home_team, game.away_team, game.commence_time) == (
        "401", "LA Clippers", "Utah Jazz", START,
    )  # fmt: skip
    assert (game.status, game.home_score, game.away_score, game.period, game.clock) == (
        "live",
        48,
        51,
        2,
        "4:48",
    )


@pytest.mark.parametrize(
    ("name", "state", "completed", "expected"),
    [
        ("STATUS_SCHEDULED", "pre", False, "scheduled"),
        ("STATUS_HALFTIME", "in", False, "live"),
        ("STATUS_SOMETHING_NEW", "in", False, "live"),
        ("STATUS_DELAYED", "in", False, "delayed"),
        ("STATUS_RAIN_DELAY", "pre", False, "delayed"),
        ("STATUS_SUSPENDED", "in", False, "suspended"),
        ("STATUS_FINAL", "post", True, "final"),
        ("STATUS_FULL_TIME", "post", True, "final"),
        ("STATUS_POSTPONED", "post", False, "postponed"),
        ("STATUS_CANCELED", "post", False, "cancelled"),
        ("STATUS_ABANDONED", "post", False, "abandoned"),
        ("STATUS_FORFEIT", "post", True, "forfeit"),
        ("STATUS_FINAL_AWD", "post", True, "forfeit"),
        ("STATUS_WALKOVER", "post", True, "forfeit"),
        ("STATUS_FINAL_AET", "post", True, "final"),
        ("STATUS_FINAL_PEN", "post", True, "final"),
    ],
)
def test_each_status_is_one_of_ours(name: str, state: str, completed: bool, expected: str) -> None:
    (game,) = parse_scoreboard(board([with_status(name, state, completed=completed)], "20261128"), NBA)
    assert game.status == expected


def test_a_game_to_come_has_no_score_though_the_board_says_nil_nil() -> None:
    (game,) = parse_scoreboard(board([an_event(state="pre", home=0, away=0)], "20261128"), NBA)
    assert (game.home_score, game.away_score, game.period) == (None, None, None)


def test_one_odd_event_of_many_costs_that_event_only() -> None:
    odd = an_event("13")
    del odd["competitions"][0]["competitors"][0]["team"]
    answer = parse_scoreboard(board([an_event(str(n)) for n in range(12)] + [odd], "20261128"), NBA)
    assert (len(answer), answer.trouble, answer.left_out["event"]) == (12, None, 1)


def test_an_event_listed_twice_counts_once() -> None:
    answer = parse_scoreboard(board([an_event("1"), an_event("1"), an_event("2")], "20261128"), NBA)
    assert [game.id for game in answer] == ["1", "2"]


@pytest.mark.parametrize(
    "body", [[], {}, {"events": None}, {"events": [{"id": "1"}]}, {"events": [[], 1]}], ids=str
)
def test_a_changed_shape_is_one_error(body: Any) -> None:
    with pytest.raises(FeedShapeError, match="ESPN: the scoreboard answer has a changed shape"):
        parse_scoreboard(body, NBA)


def test_a_day_without_games_is_no_error() -> None:
    assert len(parse_scoreboard({"events": []}, NBA)) == 0


async def test_a_board_is_asked_for_by_one_day_and_a_college_s_with_its_group() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"events": []})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        await EspnClient(client, "http://espn").scoreboard("basketball_ncaab", date(2026, 11, 28))
    assert asked == [
        "http://espn/apis/site/v2/sports/basketball/mens-college-basketball/scoreboard"
        "?dates=20261128&limit=400&groups=50"
    ]


async def test_a_full_saturday_is_asked_for_so_that_espn_does_not_cut_it() -> None:
    day = date(2026, 11, 28)
    start = datetime(2026, 11, 28, 17, 0, tzinfo=UTC)
    full = [
        event(str(n), "basketball_ncaab", f"Home {n}", f"Away {n}", start, Stand("pre")) for n in range(170)
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=board(full, "20261128", request.url.params["limit"]))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        assert len(await EspnClient(client, "http://espn").scoreboard("basketball_ncaab", day)) == 170
    assert len(board(full, "20261128", "1000")["events"]) == 25, "as ESPN does"


def test_a_lower_division_s_football_games_are_on_the_board_that_is_asked_for() -> None:
    assert board_path("americanfootball_ncaaf", date(2026, 11, 28)).endswith("&groups=90")
    assert board_path("americanfootball_ncaaf_fcs", date(2026, 11, 28)).endswith("&groups=81")


def test_a_board_s_day_is_new_york_s() -> None:
    assert board_day(datetime(2026, 11, 29, 4, 59, tzinfo=UTC)) == date(2026, 11, 28)
    assert board_day(datetime(2026, 11, 29, 5, 0, tzinfo=UTC)) == date(2026, 11, 29)
