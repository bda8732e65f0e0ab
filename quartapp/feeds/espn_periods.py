"""What a scoreboard's event says of its course: the score at the end of regulation, play after it, how much was played.

Nothing is concluded from one word alone where a bet hangs on it. A score at the end of regulation counts only if the
goals by period, or every goal with its minute, add up to the score; a shortened game only if its goals by period
end where its last period is said to be. What does not fit is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quartapp.feeds.espn_goals import Pair, minute_of, readings


@dataclass(frozen=True, slots=True)
class Course:
    """How a sport's regulation is divided. `minutes` is a period's length; None where it is played in innings.

    `counts_up`: the clock shows the minute of the match. `from_level`: only a level game is played on.
    """

    periods: int
    minutes: int | None
    counts_up: bool = False
    from_level: bool = True


_COURSES = {
    "americanfootball": Course(4, 15),
    "basketball_nba": Course(4, 12),
    "basketball_ncaab": Course(2, 20),
    "basketball": Course(4, 10),
    "icehockey": Course(3, 20),
    "baseball": Course(9, None),
    "soccer": Course(2, 45, counts_up=True, from_level=False),
}
_HALF = Decimal("0.5")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?:\.\d)?|(\d{1,2}\.\d)")
_PLAYED_ON = ("STATUS_FINAL_AET", "STATUS_FINAL_PEN", "STATUS_FINAL_OT")
_PENALTIES = "STATUS_FINAL_PEN"
_WHOLE = ("STATUS_FULL_TIME",)
_ON_AGGREGATE = "STATUS_FINAL_AGT"  # which leg was played on it does not tell


def course_of(sport_key: str) -> Course | None:
    """Return the course of a sport's games: that of the longest prefix of its key.

    >>> course_of("basketball_nba").minutes, course_of("basketball_wnba").minutes, course_of("tennis_atp")
    (12, 10, None)
    """
    fitting = [prefix for prefix in _COURSES if sport_key.startswith(prefix)]
    return _COURSES[max(fitting, key=len)] if fitting else None


def went_on(course: Course, name: str, period: int) -> bool | None:
    """Return whether a finished game was played on after regulation; None where that is not told."""
    if name in _PLAYED_ON or period > course.periods:
        return True
    if name in _WHOLE or (period and name != _ON_AGGREGATE):
        return False
    return None


def final_score(competition: Any, sides: tuple[Any, Any], score: Pair, name: str) -> Pair:
    """Return a final score without the kicks of a shootout, should a board have counted them as goals."""
    if name != _PENALTIES:
        return score
    told = {goals.scored for goals in readings(competition, sides) if goals.all_counted == score}
    return told.pop() if len(told) == 1 else score


def regulation(course: Course, competition: Any, sides: tuple[Any, Any], score: Pair) -> Pair | None:
    """Return the score at the end of regulation of a game that was, or may have been, played on."""
    told = {
        pair
        for pair in (_by_period(course, sides, score), _by_minute(course, competition, sides, score))
        if pair is not None
    }
    if len(told) != 1:  # nobody told, or two that differ
        return None
    (pair,) = told
    return None if course.from_level and pair[0] != pair[1] else pair


def shortened(course: Course, sides: tuple[Any, Any], period: int) -> Decimal | None:
    """Return how much was played of a game that is final before its last period; None of any other."""
    home, away = (len(side_periods(side)) for side in sides)
    if not 0 < period < course.periods or away != period or home not in (period, period - 1):
        return None
    if course.minutes is None:
        return Decimal(period) if home == period else period - _HALF
    return Decimal(period * course.minutes) if home == period and not course.counts_up else None


def broken_off(course: Course, sides: tuple[Any, Any], period: int, clock: Any) -> Decimal | None:
    """Return how much was played for certain of a game that stopped in the middle."""
    if period < 1:
        return None
    if period > course.periods:
        return Decimal(course.periods * (course.minutes or 1))
    if course.minutes is None:  # the half inning under way is not over
        return period - _HALF if len(side_periods(sides[0])) >= period else Decimal(period - 1)
    before = Decimal((period - 1) * course.minutes)
    if course.counts_up:
        minute = minute_of(clock)
        return None if not minute else max(before, Decimal(min(minute, period * course.minutes)))
    match = _CLOCK.fullmatch(clock.strip()) if isinstance(clock, str) else None
    if match is None:
        return None
    seconds = Decimal(match[3]) if match[3] else Decimal(int(match[1]) * 60 + int(match[2]))
    return before + max(Decimal(0), course.minutes - seconds / 60).quantize(Decimal("0.01"))


def side_periods(side: Any) -> list[int]:
    """Return a side's points by period, up to the first that is not told: a half inning that was not batted, say."""
    listed = side.get("linescores")
    points: list[int] = []
    for one in listed if isinstance(listed, list) else ():
        value = one.get("value", one.get("displayValue")) if isinstance(one, dict) else None
        number = whole(value)
        if number is None:
            break
        points.append(number)
    return points


def whole(value: Any) -> int | None:
    """Return a number of points, however it is spelt: 3, 3.0 or "3"; None for anything else.

    >>> whole("3"), whole(3.0), whole("x"), whole(-1), whole(True)
    (3, 3, None, None, None)
    """
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value) if len(value.strip()) < 6 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value < 100_000 else None


def _by_period(course: Course, sides: tuple[Any, Any], score: Pair) -> Pair | None:
    told = []
    for side, points in zip(sides, score, strict=True):
        periods = side_periods(side)
        first = sum(periods[: course.periods])
        # A shootout's entry, where there is one, counts its kicks: the first periods must fit, not the whole.
        if len(periods) < course.periods or first > points:
            return None
        told.append(first)
    return told[0], told[1]


def _by_minute(course: Course, competition: Any, sides: tuple[Any, Any], score: Pair) -> Pair | None:
    if not course.counts_up:
        return None
    told = {goals.by_ninety for goals in readings(competition, sides) if goals.scored == score}
    return told.pop() if len(told) == 1 else None
