"""Which event of a board is which of our games: names of both sources, swapped sides, two games a day; no guess."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quartapp.feeds.espn import BOARDS
from quartapp.identity.match import OurGame, match
from quartapp.identity.names import Names, read_teams, seeded
from quartapp.records import GameReport
from quartapp.sandbox.league import LEAGUES as SANDBOX_LEAGUES
from tests.conftest import SHARED_DATA

MLB, NBA = "baseball_mlb", "basketball_nba"
NOON = datetime(2026, 7, 4, 17, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def game(
    identity: str = "g", home: str = "New York Mets", away: str = "Athletics", at: datetime = NOON
) -> OurGame:
    return OurGame(identity, home, away, at)


def report(identity: str = "e", home: str = "New York Mets", away: str = "Athletics", at: datetime = NOON,
           **fields: Any) -> GameReport:  # fmt: skip
    known: dict[str, Any] = {"status": "live", "home_score": 5, "away_score": 2, "period": 3, "clock": None,
             "detail": None, "neutral": False} | fields  # fmt: skip
    return GameReport(identity, MLB, at, home, away, **known)


def matched(
    games: list[OurGame], reports: list[GameReport], sport: str = MLB, **names: Any
) -> dict[str, str]:
    return {key: one.report.id for key, one in match(games, reports, Names(sport, **names)).items()}


def test_both_sources_names_are_one_team() -> None:
    assert matched([game(away="Oakland Athletics")], [report()]) == {"g": "e"}
    clippers = [game(home="Los Angeles Clippers", away="Utah Jazz")]
    assert matched(clippers, [report(home="LA Clippers", away="Utah Jazz")], NBA) == {"g": "e"}


def test_sides_the_other_way_round_are_the_same_game_and_its_scores_swap() -> None:
    found = match([game()], [report(home="Athletics", away="New York Mets")], Names(MLB))
    assert (found["g"].swapped, found["g"].score) == (True, (2, 5))


def test_a_doubleheader_is_told_apart_by_order() -> None:
    ours = [game("second", at=NOON + 4 * HOUR), game("first")]
    board = [report("e2", at=NOON + 5 * HOUR), report("e1", at=NOON + HOUR / 2)]
    assert matched(ours, board) == {"first": "e1", "second": "e2"}


def test_a_doubleheader_does_not_depend_on_which_other_days_boards_were_asked() -> None:
    close = [game("first"), game("second", at=NOON + 3 * HOUR)]
    board = [report("e1"), report("e2", at=NOON + 3 * HOUR)]
    assert matched(close, board) == {"first": "e1", "second": "e2"}
    yesterday = report("put off", at=NOON - 18 * HOUR, status="postponed")
    assert matched(close, [yesterday, *board]) == {"first": "e1", "second": "e2"}
    assert matched([game("past", at=NOON - 18 * HOUR), *close], board) == {"first": "e1", "second": "e2"}


def test_of_two_games_a_day_of_which_we_have_one_the_near_one_is_meant() -> None:
    board = [report("e1"), report("e2", at=NOON + 7 * HOUR)]
    assert matched([game(at=NOON + 7 * HOUR)], board) == {"g": "e2"}


@pytest.mark.parametrize(
    ("ours", "board"),
    [
        ([game()], [report("e1", at=NOON - HOUR), report("e2", at=NOON + 2 * HOUR)]),
        ([game(), game("h", at=NOON + 3 * HOUR)], [report(at=NOON + HOUR)]),
        ([game()], [report("e1"), report("e2", home_score=6)]),
        ([game()], [report(at=NOON + 24 * HOUR)]),
        ([game()], [report(away="New York Yankees")]),
        ([game(away="Oaklnd Athletics")], [report()]),
    ],
    ids=["two events near", "two games near", "two that differ", "next day", "other team", "misspelt"],
)
def test_where_more_than_one_could_be_meant_none_is(ours: list[OurGame], board: list[GameReport]) -> None:
    assert matched(ours, board) == {}


def test_a_game_listed_twice_by_either_source_is_one_game() -> None:
    assert matched([game("a"), game("b")], [report("e1"), report("e2")]) == {"a": "e1", "b": "e1"}


def test_a_name_that_an_operator_added_counts() -> None:
    added = [("Oaklnd Athletics", "Athletics")]
    assert matched([game(away="Oaklnd Athletics")], [report()], added=added) == {"g": "e"}


def test_names_that_the_table_lacks_match_their_equals_alone() -> None:
    strange = [game(home="Neu Stadt FC", away="Alt Stadt")]
    assert matched(strange, [report(home="Neu Stadt", away="Alt Stadt FC")]) == {"g": "e"}


def test_one_spelling_is_one_team() -> None:
    with pytest.raises(ValueError, match="means both"):
        read_teams("[league]\nOhio State = Ohio St\nOhio St. Bobcats = Ohio State")


def test_every_league_with_a_scoreboard_has_its_teams() -> None:
    assert set(BOARDS) <= set(seeded())


def test_99_5_percent_of_the_names_of_both_sources_are_in_the_table() -> None:
    names = {(league.key, team) for league in SANDBOX_LEAGUES for team in league.teams}
    for path in sorted((SHARED_DATA / "odds_api_v4").glob("*.json")):
        names |= {
            (one["sport_key"], one[side])
            for one in json.loads(path.read_text())
            for side in ("home_team", "away_team")
        }
    unknown = sorted((league, name) for league, name in names if Names(league).find(name) is None)
    assert len(unknown) <= len(names) * 0.005, unknown
