"""What a scoreboard's word does to what is kept of how a game came to its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from quartapp.settle.endings import NOTHING, Course, Score, learn
from quartapp.settle.states import STATUSES, Status

ENDED = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
AET = Course(None, True, (1, 1))
ABANDONED = Course("abandoned", False, None, Decimal(45))


def learnt(
    kept: Course,
    told: Course,
    status: Status = "final",
    told_score: Score | None = (2, 1),
    later: timedelta = timedelta(0),
) -> Course:
    final_at = ENDED if status == "final" else None
    return learn(
        kept,
        told,
        status=status,
        score=(2, 1),
        told_score=told_score,
        final_at=final_at,
        now=ENDED + later,
    )


def test_a_finals_course_is_learnt_for_72_hours() -> None:
    last = timedelta(hours=72)
    assert learnt(NOTHING, AET, later=last) == AET
    assert learnt(NOTHING, AET, later=last + timedelta(seconds=1)) == NOTHING


@pytest.mark.parametrize(
    ("told", "told_score", "expected"),
    [
        (AET, (2, 1), AET),
        (AET, (3, 1), NOTHING),  # the course of another score
        (Course(None, True, (2, 1)), (3, 1), Course(None, True, (2, 1))),  # the other source counts to ninety
        (ABANDONED, (2, 1), NOTHING),
        (Course(None, False, None, Decimal(6)), (2, 1), Course(None, False, None, Decimal(6))),
    ],
)
def test_a_finals_course_is_that_of_its_score(told: Course, told_score: Score, expected: Course) -> None:
    assert learnt(NOTHING, told, told_score=told_score) == expected


def test_what_is_not_said_any_more_stays_and_what_is_denied_goes() -> None:
    assert learnt(AET, NOTHING) == AET
    assert learnt(AET, Course(None, True)) == AET
    assert learnt(AET, Course(None, False)) == Course(None, False)
    assert learnt(Course(None, False, None, Decimal(5)), Course(None, False)) == Course(None, False)


def test_what_stopped_a_game_counts_in_the_states_that_belong_to_it() -> None:
    for told, states in (
        (ABANDONED, {"cancelled"}),
        (Course("forfeit"), {"cancelled"}),
        (Course("suspended"), {"live", "unresolved"}),
    ):
        assert {status for status in STATUSES if learnt(NOTHING, told, status) == told} == states


def test_an_abandoned_game_stays_one_whomever_it_is_awarded_to() -> None:
    assert learnt(ABANDONED, Course("forfeit"), "cancelled") == ABANDONED
    assert learnt(ABANDONED, NOTHING, "cancelled") == ABANDONED
    assert learnt(ABANDONED, Course("abandoned"), "cancelled").played == 45
    assert learnt(Course("suspended"), NOTHING, "live") == Course("resumed")
    assert learnt(NOTHING, NOTHING, "live") == NOTHING
