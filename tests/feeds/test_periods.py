"""How a game came to its score, as ESPN's boards tell it: what does not fit together is not known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from quartapp.feeds.espn_scoreboard import parse_scoreboard
from quartapp.records import GameReport
from quartapp.sandbox.espn_board import Stand, board, event

NFL, NBA, NCAAB, WNBA = "americanfootball_nfl", "basketball_nba", "basketball_ncaab", "basketball_wnba"
MLB, NHL, UCL = "baseball_mlb", "icehockey_nhl", "soccer_uefa_champs_league"
START = datetime(2026, 11, 29, 0, 30, tzinfo=UTC)
Change = Callable[[dict[str, Any]], object]


def read(sport: str, stand: Stand, change: Change | None = None) -> GameReport:
    made = event("1", sport, "Roma", "Porto", START, stand)
    if change is not None:
        change(made["competitions"][0])
    (report,) = parse_scoreboard(board([made], "20261128"), sport)
    return report


def periods(home: list[Any], away: list[Any]) -> Change:
    def change(competition: dict[str, Any]) -> None:
        for side, listed in zip(competition["competitors"], (home, away), strict=True):
            side["linescores"] = [{"value": value} for value in listed]

    return change


def minutes(*goals: tuple[int, str], **more: Any) -> Change:
    """Say who scored (0 is home) and when."""

    def change(competition: dict[str, Any]) -> None:
        ids = [side["id"] for side in competition["competitors"]]
        competition["details"] = [
            {"scoringPlay": True, "team": {"id": ids[place]}, "clock": {"displayValue": at}, **more}
            for place, at in goals
        ] + [{"scoringPlay": False, "yellowCard": True}]

    return change


@pytest.mark.parametrize(
    ("sport", "stand", "score", "overtime", "regulation"),
    [
        (UCL, Stand("final", 2, 1), (2, 1), False, None),
        (UCL, Stand("final", 0, 0), (0, 0), False, None),
        (UCL, Stand("extra_time", 2, 1, regulation=(1, 1)), (2, 1), True, (1, 1)),
        (UCL, Stand("extra_time", 3, 2, regulation=(2, 1)), (3, 2), True, (2, 1)),  # a second leg
        (UCL, Stand("penalties", 1, 1, regulation=(1, 1), kicks=(4, 2)), (1, 1), True, (1, 1)),
        (UCL, Stand("penalties", 0, 0, regulation=(0, 0), kicks=(4, 5)), (0, 0), True, (0, 0)),
        (NHL, Stand("final", 4, 2), (4, 2), False, None),
        (NHL, Stand("overtime", 3, 2, regulation=(2, 2)), (3, 2), True, (2, 2)),
        (NHL, Stand("shootout", 3, 2, regulation=(2, 2), kicks=(3, 1)), (3, 2), True, (2, 2)),
        (NFL, Stand("overtime", 20, 20, regulation=(17, 17)), (20, 20), True, (17, 17)),
        (NFL, Stand("final", 0, 0), (0, 0), False, None),
        (NBA, Stand("overtime", 121, 118, regulation=(110, 110)), (121, 118), True, (110, 110)),
        (NCAAB, Stand("overtime", 81, 78, regulation=(70, 70)), (81, 78), True, (70, 70)),
        (MLB, Stand("overtime", 5, 4, regulation=(4, 4)), (5, 4), True, (4, 4)),
        (MLB, Stand("final", 5, 4, batted=False), (5, 4), False, None),
    ],
)
def test_a_final_says_whether_it_was_played_on_and_how_it_stood_before(
    sport: str, stand: Stand, score: Any, overtime: bool, regulation: Any
) -> None:
    report = read(sport, stand)
    assert report.status == "final"
    assert (report.home_score, report.away_score) == score
    assert (report.overtime, report.regulation, report.played) == (overtime, regulation, None)


AET = Stand("extra_time", 2, 1, regulation=(1, 1))
OT = Stand("overtime", 3, 2, regulation=(2, 2))


@pytest.mark.parametrize(
    ("sport", "stand", "change", "expected"),
    [
        (UCL, AET, lambda one: one.pop("details"), None),
        (UCL, AET, lambda one: one.update(details=[]), None),
        (UCL, AET, minutes((0, "12'"), (1, "90'+5'")), None),  # a goal of three is missing
        (UCL, AET, minutes((0, "12'"), (1, "90'+5'"), (0, "")), None),  # one has no minute
        (UCL, AET, minutes((0, "12'"), (1, "90'+5'"), (1, "91'")), None),  # they are another score
        (UCL, AET, minutes((0, "12'"), (1, "90'+5'"), (0, "91'")), (1, 1)),
        (
            UCL,
            AET,
            minutes((1, "12'"), (1, "45'+5'"), (0, "91'"), ownGoal=True),
            (2, 0),
        ),  # listed under their scorers' team
        (UCL, AET, periods([1, 0], [0, 1]), (1, 1)),
        (UCL, AET, periods([1, 0, 1, 0], [0, 1, 0, 0]), (1, 1)),
        (UCL, AET, periods([2, 0, 0, 0], [0, 1, 0, 0]), None),  # details and periods differ
        (NHL, OT, periods([1, 0, 1], [2, 0, 0]), (2, 2)),
        (NHL, OT, periods([1, 0, 1, 1], [2, 0, 0, 0]), (2, 2)),
        (NHL, OT, periods([1, 0], [2, 0]), None),  # a period is missing
        (NHL, OT, periods([1, 0, 2], [2, 0, 0]), None),  # it was not level
        (NHL, OT, periods([1, None, 1, 1], [2, 0, 0, 0]), None),
        (NHL, OT, periods(["1", "0", "1", "1"], [2.0, 0.0, 0.0, 0.0]), (2, 2)),
        (NHL, OT, periods([3, 0, 1, -1], [2, 0, 2, 0]), None),
        (NHL, OT, lambda one: one["competitors"][0].update(linescores="none"), None),
    ],
)
def test_a_score_at_the_end_of_regulation_counts_only_if_it_fits_the_final(
    sport: str, stand: Stand, change: Change, expected: Any
) -> None:
    assert read(sport, stand, change).regulation == expected


def test_a_board_that_counts_a_shootouts_kicks_as_goals_is_seen_through() -> None:
    stand = Stand("penalties", 1, 1, regulation=(1, 1), kicks=(4, 2))

    def counted_in(competition: dict[str, Any]) -> None:
        for side, points in zip(competition["competitors"], ("5", "3"), strict=True):
            side["score"] = points

    report = read(UCL, stand, counted_in)
    assert (report.home_score, report.away_score, report.regulation) == (1, 1, (1, 1))


def test_without_a_period_or_on_aggregate_nobody_knows_whether_it_was_played_on() -> None:
    def renamed(name: str, period: int) -> Change:
        def change(competition: dict[str, Any]) -> None:
            competition["status"]["type"]["name"] = name
            competition["status"]["period"] = period

        return change

    for name, period in (("STATUS_FINAL", 0), ("STATUS_FINAL_AGT", 2)):
        report = read(UCL, Stand("final", 2, 1), renamed(name, period))
        assert (report.overtime, report.regulation) == (None, (2, 1)), "every goal's minute is told"
    assert read(UCL, Stand("final", 2, 1), renamed("STATUS_FINAL", 4)).overtime is True


@pytest.mark.parametrize(
    ("sport", "stand", "expected"),
    [
        (MLB, Stand("shortened", 5, 3, period=6), "6"),
        (MLB, Stand("shortened", 5, 3, period=5, batted=False), "4.5"),
        (MLB, Stand("suspended", 5, 3, period=5), "4.5"),  # the half inning under way is not over
        (MLB, Stand("suspended", 5, 3, period=6, batted=False), "5"),
        (MLB, Stand("abandoned", 5, 3, period=9), "8.5"),
        (NFL, Stand("abandoned", 24, 17, period=4, clock="5:00"), "55"),
        (NFL, Stand("abandoned", 24, 17, period=4, clock="5:01"), "54.98"),
        (NFL, Stand("abandoned", 10, 7, period=2, clock="0:00"), "30"),
        (NFL, Stand("abandoned", 27, 27, period=5, clock="3:00"), "60"),
        (NBA, Stand("abandoned", 90, 80, period=4, clock="45.3"), "47.24"),
        (NBA, Stand("abandoned", 90, 80, period=3, clock="12:00"), "24"),
        (NCAAB, Stand("suspended", 60, 50, period=2, clock="5:00"), "35"),
        (WNBA, Stand("abandoned", 60, 50, period=4, clock="5:00"), "35"),
        (NHL, Stand("abandoned", 3, 2, period=3, clock="4:00"), "56"),
        (UCL, Stand("abandoned", 1, 0, period=1, clock="45'+2'"), "45"),
        (UCL, Stand("abandoned", 1, 0, period=2, clock="67'"), "67"),
        (UCL, Stand("abandoned", 1, 0, period=2, clock="90'+3'"), "90"),
        (UCL, Stand("abandoned", 1, 1, period=3, clock="95'"), "90"),
        (UCL, Stand("abandoned", 1, 0, period=1, clock="0'"), None),
        (UCL, Stand("abandoned", 1, 0, period=1, clock="HT"), None),
        (NFL, Stand("abandoned", 24, 17, period=4, clock="-"), None),
    ],
)
def test_of_a_game_cut_short_what_was_played_for_certain_is_told(
    sport: str, stand: Stand, expected: str | None
) -> None:
    played = read(sport, stand).played
    assert played == (None if expected is None else Decimal(expected))


def test_a_final_is_called_shortened_only_if_its_innings_say_so_too() -> None:
    shortened = Stand("shortened", 5, 3, period=6)
    assert (
        read(MLB, shortened, periods([5, 0, 0, 0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0, 0, 0, 0])).played is None
    )
    assert read(MLB, shortened, lambda one: one["competitors"][1].pop("linescores")).played is None
    assert read(MLB, Stand("final", 5, 3)).played is None


@pytest.mark.parametrize("points", [None, "", -1, "-1", "x", True, [], 10_001, 1e20, 3.5, "1 (4)"])
def test_a_final_without_two_sound_scores_has_none(points: Any) -> None:
    def change(competition: dict[str, Any]) -> None:
        competition["competitors"][1]["score"] = points

    report = read(UCL, AET, change)
    assert (report.status, report.home_score, report.away_score) == ("final", None, None)
    assert (report.overtime, report.regulation) == (None, None)


@pytest.mark.parametrize("points", [1, "1", 1.0, " 1 ", {"value": 1.0, "displayValue": "1"}])
def test_points_are_read_however_they_are_spelt(points: Any) -> None:
    assert read(UCL, AET, lambda one: one["competitors"][1].update(score=points)).away_score == 1
