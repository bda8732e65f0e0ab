"""ESPN's scoreboard: the games of one day, with scores, period, clock and how each stands.

It is asked day by day, because ranges of dates are refused since 2026. A day is New York's: a game that begins
at 02:00 UTC stands on the board of the day before.

An event that lacks what we cannot do without is left out and counted; the others count. An answer without its list
of events, or in which none is sound, has changed its shape: one error, and what is stored stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from quartapp.feeds.espn_goals import Pair
from quartapp.feeds.espn_periods import (
    broken_off,
    course_of,
    final_score,
    regulation,
    shortened,
    went_on,
    whole,
)
from quartapp.feeds.reading import Reading, Tally, settle
from quartapp.feeds.shape import MisshapenError, at, is_storable, kind, moment, name_of, reading, text
from quartapp.records import GameReport, ReportStatus

NAME = "ESPN"
BOARD_ZONE = ZoneInfo("America/New_York")
LARGEST_SCORE = 10_000
LONGEST_WORDS = 80

# Without its group a college board shows the ranked teams only. Football's 90 is all of Division I: The Odds API lists
# games of its lower half (FCS) too, which 80, the upper half, lacks.
_GROUPS = {
    "americanfootball_ncaaf": 90,
    "americanfootball_ncaaf_fcs": 81,
    "basketball_ncaab": 50,
    "basketball_wncaab": 50,
}
# Since 2026 a limit above 500 is not refused: the board is silently cut to 25 games. The fullest day has under 200.
LIMIT = 400
# By the status's own name; whatever is not here goes by its state.
_STATUSES: dict[str, ReportStatus] = {
    "STATUS_POSTPONED": "postponed",
    "STATUS_CANCELED": "cancelled",
    "STATUS_CANCELLED": "cancelled",
    "STATUS_ABANDONED": "abandoned",
    "STATUS_NO_CONTEST": "cancelled",
    "STATUS_FORFEIT": "forfeit",
    "STATUS_FORFEIT_HOME_TEAM": "forfeit",
    "STATUS_FORFEIT_AWAY_TEAM": "forfeit",
    "STATUS_WALKOVER": "forfeit",
    "STATUS_UNCONTESTED": "forfeit",
    "STATUS_FINAL_AWD": "forfeit",  # awarded: its score is a ruling
    "STATUS_SUSPENDED": "suspended",
    "STATUS_DELAYED": "delayed",
    "STATUS_DELAY": "delayed",
    "STATUS_RAIN_DELAY": "delayed",
}
_STATES: dict[str, ReportStatus] = {"pre": "scheduled", "in": "live", "post": "final"}


def board_day(moment: datetime) -> date:
    """Return the day on whose board a game stands that begins at `moment`."""
    return moment.astimezone(BOARD_ZONE).date()


def board_path(sport_key: str, day: date) -> str:
    """Return what is asked for below a league's address.

    >>> board_path("basketball_ncaab", date(2026, 11, 28))
    'scoreboard?dates=20261128&limit=400&groups=50'
    """
    group = _GROUPS.get(sport_key)
    return f"scoreboard?dates={day:%Y%m%d}&limit={LIMIT}" + ("" if group is None else f"&groups={group}")


def parse_scoreboard(body: Any, sport_key: str) -> Reading[GameReport]:
    """Return the games in ``events[]``; each id once. Raises FeedShapeError."""
    tally = Tally()
    with reading(NAME, "scoreboard"):
        if not isinstance(body, dict):
            raise MisshapenError(f"is {kind(body)} where an object belongs", "scoreboard")
        if "events" not in body:
            raise MisshapenError("is missing", "events")
        events = tally.each(
            "event", body["events"], lambda one, path: _event(one, path, sport_key, tally), "events"
        )
    listed = body["events"]
    return settle(NAME, "scoreboard", tally, events, listed, lambda one: one.get("id"), lambda one: one.id)


def _event(one: Any, path: str, sport_key: str, tally: Tally) -> GameReport:
    competitions = one["competitions"]
    if not isinstance(competitions, list) or len(competitions) != 1:
        raise MisshapenError("is not a list of one", ".competitions")
    with at(".competitions[0]"):
        competition = competitions[0]
        # The competition's own status is the newer of the two where both are told.
        status = competition.get("status") or one["status"]
        home, away = _sides(competition["competitors"])
        start = moment(competition if competition.get("date") else one, "date")
        with at(".status"):
            name, stands = _status(status)
        points = [
            None if stands == "scheduled" else tally.spare(_score, side, "score", path, None)
            for side in (home, away)
        ]
        score = None if None in points else (points[0] or 0, points[1] or 0)
        course = _course(sport_key, competition, (home, away), score, name, stands, status)
        home_score, away_score = course.score or (None, None)
        return GameReport(
            name_of(one, "id"),
            sport_key,
            start,
            _team(home),
            _team(away),
            stands,
            home_score,
            away_score,
            _period(status) or None,
            _words(status.get("displayClock")),
            _words(status["type"].get("shortDetail") or status["type"].get("detail")),
            competition.get("neutralSite") is True,
            course.overtime,
            course.regulation,
            course.played,
        )


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a game came to its score, as far as it has ended and was told."""

    score: Pair | None
    overtime: bool | None = None
    regulation: Pair | None = None
    played: Decimal | None = None


def _course(
    sport_key: str,
    competition: Any,
    sides: tuple[Any, Any],
    score: Pair | None,
    name: str,
    stands: ReportStatus,
    status: Any,
) -> _Ended:
    course, period = course_of(sport_key), _period(status)
    if course is None or score is None or stands not in ("final", "abandoned", "suspended"):
        return _Ended(score)
    if stands == "final":
        score = final_score(competition, sides, score, name)
    overtime = went_on(course, name, period)
    at_its_end = None if overtime is False else regulation(course, competition, sides, score)
    if stands == "final":
        return _Ended(score, overtime, at_its_end, shortened(course, sides, period))
    return _Ended(score, overtime, at_its_end, broken_off(course, sides, period, status.get("displayClock")))


def _sides(competitors: Any) -> tuple[Any, Any]:
    """Return the home and the away side, which `homeAway` tells; their order tells nothing."""
    if isinstance(competitors, list) and len(competitors) == 2:
        sides = {side.get("homeAway"): side for side in competitors if isinstance(side, dict)}
        if sides.keys() == {"home", "away"}:
            return sides["home"], sides["away"]
    raise MisshapenError("is not a home and an away side", ".competitors")


def _status(status: Any) -> tuple[str, ReportStatus]:
    kept = status["type"]
    with at(".type"):
        name, state = kept.get("name") or "", kept["state"]
        if state not in _STATES:
            raise MisshapenError(f"is {kind(state)}, which is no state of a game", ".state")
        stands = _STATUSES.get(name) or _STATES[state]
        # Over and not completed: nobody has told an end yet.
        if stands == "final" and kept.get("completed") is False:
            raise MisshapenError(f"is not completed though {name or 'its state'} is an end", ".completed")
    return name, stands


def _team(side: Any) -> str:
    with at(".competitors.team"):
        return text(side["team"], "displayName")


def _score(side: Any, _: str) -> int | None:
    value = side.get("score")
    if isinstance(value, dict):  # some boards wrap it as {"value": 3.0, "displayValue": "3"}
        value = value.get("value")
    if value is None or value == "":
        return None
    points = whole(value)
    if points is None or points > LARGEST_SCORE:
        raise MisshapenError(f"is {kind(value)} where points belong", ".score")
    return points


def _period(status: Any) -> int:
    value = status.get("period")
    return value if type(value) is int and 0 <= value < 100 else 0


def _words(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip() or not is_storable(value):
        return None
    return value.strip()[:LONGEST_WORDS]
