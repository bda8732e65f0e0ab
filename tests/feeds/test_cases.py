"""The small inputs that went wrong once, replayed as they are; and which test holds each of the others."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quartapp.feeds.espn import parse_injuries, parse_roster
from quartapp.feeds.odds_api_answers import parse_events, parse_scores
from quartapp.publish.availability import is_out, is_shown
from quartapp.sandbox.app import create_sandbox
from quartapp.sandbox.replay import ReplayError
from quartapp.team_names import TeamNames
from tests.conftest import PROJECT

# Cases of what is made from sound answers, and the test that replays each or holds what it stands for.
ELSEWHERE = {
    "13": "tests/publish/test_markets.py::test_a_stale_book_makes_no_consensus_no_best_price_and_no_arbitrage",
    "15": "tests/publish/test_markets.py::test_the_other_sides_price_is_not_pooled_by_a_mirrored_point",
    "16": "tests/odds/test_quotes.py::test_the_events_own_names_count_though_the_first_book_names_a_team_otherwise",
    "18": "tests/publish/test_markets.py::test_a_draw_void_book_is_in_no_three_way_best_price",
    "20": "tests/api/test_legs.py::test_a_stale_or_begun_case_is_offered_by_nobody",
    "21": "tests/store/test_passes.py::test_a_game_that_was_rained_off_and_relisted_is_scheduled_with_its_odds",
    "23": "tests/store/test_games.py::test_a_test_match_is_live_for_five_days_while_it_is_listed",
    "25": "tests/publish/test_markets.py::test_the_main_line_has_not_moved_though_a_book_lists_alternates",
    "32": "tests/jobs/test_leagues.py::test_leagues_whose_games_are_days_away_cost_no_credits",
    "33": "tests/publish/test_markets.py::test_an_exchange_pays_after_commission",
}
HERE = ("01", "03", "04", "05", "07", "08", "10", "12", "26", "27", "29", "31")


@pytest.fixture
def cases(shared_data: Path) -> Path:
    folder = shared_data.parent.parent / "cases" / "odds"
    if not folder.is_dir():
        pytest.skip("the cases are not beside the checkout")
    return folder


def body(cases: Path, number: str) -> Any:
    """Return what the upstream answered in a case, its times counted from now."""
    (path,) = cases.glob(f"{number}-*.json")
    now = datetime.now(UTC).replace(microsecond=0)

    def moment(found: re.Match[str]) -> str:
        return f"{now + timedelta(minutes=int(found[1])):%Y-%m-%dT%H:%M:%SZ}"

    return json.loads(re.sub(r"\{([+-]?\d+)m\}", moment, path.read_text()))["body"]


def test_every_case_is_replayed_here_or_held_by_a_test_that_is_there(cases: Path) -> None:
    assert {path.name[:2] for path in cases.glob("*.json")} == {*HERE, *ELSEWHERE}
    for test in ELSEWHERE.values():
        file, _, name = test.partition("::")
        assert f"def {name}(" in (PROJECT / file).read_text(), test


@pytest.mark.parametrize("number", ["01", "03", "04", "05", "07", "08", "10"])
def test_one_odd_value_costs_no_other_event_and_no_sound_book(cases: Path, number: str) -> None:
    listed = body(cases, number)
    answer = parse_events(listed, "basketball_nba")
    read = {event.id: event for event in answer}
    assert [book.key for book in read["good"].bookmakers] == ["booka"]
    assert answer.trouble is None or answer.left_out
    if number == "05":
        assert "bad" not in read  # nobody can bet on a game without teams
        return
    (odd,) = (event for event in listed if event["id"] == "bad")
    kept = {book.key for book in read["bad"].bookmakers}
    left_out = {book["key"] for book in odd["bookmakers"]} - kept
    assert len(left_out) <= 1  # a missing title costs nothing, an odd price its book
    assert answer.left_out or not left_out


def test_a_score_that_no_table_holds_costs_its_score_alone(cases: Path) -> None:
    answer = parse_scores(body(cases, "12"), "baseball_mlb")
    assert answer.left_out["points"] == 1


def test_every_injured_list_counts(cases: Path) -> None:
    injuries = parse_injuries(body(cases, "26"))
    assert len(injuries) == 6
    assert all(is_shown(injury.status) for injury in injuries)
    assert sum(is_out(injury.status) for injury in injuries) == 5


def test_two_feeds_two_names_are_one_team(cases: Path) -> None:
    names = TeamNames([injury.team for injury in parse_injuries(body(cases, "27"))])
    ours = ("Los Angeles Clippers", "Montréal Canadiens", "Ohio St Buckeyes")
    assert [names.find(name) for name in ours] == ["LA Clippers", "Montreal Canadiens", "Ohio State Buckeyes"]


def test_a_roster_of_nobody_is_empty(cases: Path) -> None:
    answer = parse_roster(body(cases, "29"))
    assert (len(answer), answer.trouble) == (0, None)


def test_a_recording_without_bookmakers_is_refused_in_one_clear_line(cases: Path, tmp_path: Path) -> None:
    (tmp_path / "recorded.json").write_text(json.dumps(body(cases, "31")))
    with pytest.raises(ReplayError, match=r"has no \*\.json file with an array of v4 events with bookmakers"):
        create_sandbox(replay_folder=tmp_path)
