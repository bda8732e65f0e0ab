"""A game's life as a table: every state meets everything that can be told, and some things never happen."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from quartapp.settle.states import STATUSES, TRANSITIONS, GameState, News, Status, first_state, step

START = datetime(2026, 11, 25, 0, 30, tzinfo=UTC)
NOW = START + timedelta(hours=2)
LATER, EARLIER = START + timedelta(days=1), START - timedelta(hours=1)
SCORE = (3, 1)
NEWS = {
    "listed": News("listed", START),
    "listed, moved ahead": News("listed", LATER),
    "listed, moved back": News("listed", EARLIER),
    "absent": News("absent"),
    "time": News("time"),
    "running": News("running", score=SCORE),
    "running without score": News("running"),
    "result": News("result", score=SCORE),
    "result without score": News("result"),
    "ended without score": News("ended_without_score"),
    "postponed": News("postponed"),
    "cancelled": News("cancelled"),
}
# What two hours after the start becomes of a game in a state, by what is told. Where nothing is said, it stays.
EXPECTED: dict[Status, dict[str, Status]] = {
    "scheduled": {
        "listed": "live", "listed, moved back": "live", "time": "live", "running": "live", "result": "final",
        "ended without score": "unresolved", "postponed": "postponed", "cancelled": "cancelled",
    },
    "live": {
        "listed, moved ahead": "scheduled", "result": "final", "ended without score": "unresolved",
        "postponed": "postponed", "cancelled": "cancelled",
    },
    "unresolved": {
        "listed": "live", "listed, moved ahead": "scheduled", "listed, moved back": "live", "running": "live",
        "result": "final", "postponed": "postponed", "cancelled": "cancelled",
    },
    "postponed": {
        "listed, moved ahead": "scheduled", "listed, moved back": "live", "running": "live", "result": "final",
        "cancelled": "cancelled",
    },
    "cancelled": {
        "listed, moved ahead": "scheduled", "listed, moved back": "live", "running": "live", "result": "final",
    },
    "withdrawn": {
        "listed": "live", "listed, moved ahead": "scheduled", "listed, moved back": "live", "running": "live",
        "result": "final", "postponed": "postponed", "cancelled": "cancelled",
    },
    "final": {},
}  # fmt: skip


def state_of(status: Status) -> GameState:
    if status == "final":
        return GameState(status, START, (2, 2), START + timedelta(hours=1))
    return GameState(status, START, (1, 0) if status == "live" else None)


def after(state: GameState, news: News, now: datetime = NOW) -> GameState:
    return step(state, news, now, last_told=START)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("told", NEWS)
def test_every_state_meets_everything_that_can_be_told(status: Status, told: str) -> None:
    assert after(state_of(status), NEWS[told]).status == EXPECTED[status].get(told, status)


def test_the_table_names_every_state_once_and_none_that_stays() -> None:
    assert set(TRANSITIONS) == set(STATUSES)
    assert all(source != target for source, row in TRANSITIONS.items() for target in row.values())


def test_after_any_three_tellings_only_a_final_game_has_an_end_and_it_has_a_score() -> None:
    for status in STATUSES:
        for told in itertools.product(NEWS.values(), repeat=3):
            state = state_of(status)
            for news in told:
                before, state = state, after(state, news)
                if before.status == "final":
                    assert (state.status, state.final_at) == ("final", before.final_at)
            assert (state.status == "final") == (state.final_at is not None)
            assert state.status != "final" or state.score is not None


def test_the_same_news_twice_changes_nothing() -> None:
    for status, news in itertools.product(STATUSES, NEWS.values()):
        once = after(state_of(status), news)
        assert after(once, news) == once


def test_a_final_game_keeps_everything_whatever_is_told_but_a_result() -> None:
    final = state_of("final")
    for told, news in NEWS.items():
        assert told == "result" or after(final, news) == final


def test_scores_are_kept_while_they_are_the_game_s() -> None:
    live = state_of("live")
    assert after(live, News("running", score=(2, 0))).score == (2, 0)
    assert after(live, News("listed", LATER)).score is None
    assert after(live, News("ended_without_score")).score is None
    assert after(live, News("postponed")).score == (1, 0)


def test_a_game_is_withdrawn_only_before_its_start() -> None:
    scheduled = state_of("scheduled")
    assert after(scheduled, News("absent"), START - timedelta(seconds=1)).status == "withdrawn"
    assert after(scheduled, News("absent"), START).status == "scheduled"


@pytest.mark.parametrize(
    ("age", "silence", "longest", "expected"),
    [
        (11.99, 11.99, 12, "live"),
        (12, 12, 12, "unresolved"),
        (12, 0, 12, "unresolved"),
        (100, 0, 144, "live"),
        (100, 11.99, 144, "live"),
        (100, 12, 144, "unresolved"),
        (144, 0, 144, "unresolved"),
    ],
)
def test_a_game_is_unresolved_when_its_sport_s_time_is_over_or_no_list_names_it(
    age: float, silence: float, longest: float, expected: str
) -> None:
    now = START + timedelta(hours=age)
    moved = step(
        state_of("live"),
        News("time"),
        now,
        last_told=now - timedelta(hours=silence),
        longest=timedelta(hours=longest),
    )
    assert moved.status == expected


def test_a_correction_is_taken_for_72_hours() -> None:
    final = state_of("final")
    assert final.final_at is not None
    last = final.final_at + timedelta(hours=72)
    corrected = after(final, News("result", score=SCORE), last)
    assert (corrected.score, corrected.corrected_at, corrected.final_at) == (SCORE, last, final.final_at)
    assert after(final, News("result", score=SCORE), last + timedelta(seconds=1)) == final
    assert after(final, News("result", score=(2, 2)), last) == final


@pytest.mark.parametrize(
    ("hours", "expected"), [(1, "scheduled"), (0, "live"), (-11, "live"), (-12, "unresolved")]
)
def test_a_game_that_is_listed_for_the_first_time(hours: int, expected: str) -> None:
    assert first_state(NOW + timedelta(hours=hours), NOW).status == expected
