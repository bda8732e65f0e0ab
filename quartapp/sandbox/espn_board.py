"""ESPN's scoreboard as the sandbox serves it: events in ESPN's own words and layout, and what befalls them.

An `Incident` is what a test lets happen to a game; the world by itself knows none. Goals by period stand under
``linescores``; soccer has its goals with their minutes under ``details`` instead, as ESPN's boards mostly do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LARGEST_LIMIT, CUT_TO = 500, 25
PERIODS = {"soccer": 2, "baseball": 9, "icehockey": 3, "basketball_ncaab": 2}
MINUTES = {"icehockey": 20, "basketball_ncaab": 20, "basketball_nba": 12, "basketball": 10}
# By what befell a game: ESPN's number and name of its status, whether it is completed, its state and its words.
_STATUSES = {
    "pre": ("1", "STATUS_SCHEDULED", False, "pre", "Scheduled"),
    "in": ("2", "STATUS_IN_PROGRESS", False, "in", ""),
    "final": ("3", "STATUS_FINAL", True, "post", "Final"),
    "delayed": ("7", "STATUS_DELAYED", False, "in", "Delayed"),
    "rain": ("17", "STATUS_RAIN_DELAY", False, "in", "Rain Delay"),
    "suspended": ("8", "STATUS_SUSPENDED", False, "in", "Suspended"),
    "postponed": ("6", "STATUS_POSTPONED", False, "post", "Postponed"),
    "cancelled": ("5", "STATUS_CANCELED", False, "post", "Canceled"),
    "abandoned": ("9", "STATUS_ABANDONED", False, "post", "Abandoned"),
    "forfeit": ("4", "STATUS_FORFEIT", True, "post", "Forfeit"),
    "awarded": ("54", "STATUS_FINAL_AWD", True, "post", "Awarded"),
    "overtime": ("3", "STATUS_FINAL", True, "post", "Final/OT"),
    "shootout": ("3", "STATUS_FINAL", True, "post", "Final/SO"),
    "shortened": ("3", "STATUS_FINAL", True, "post", "Final/{period}"),
    "full_time": ("28", "STATUS_FULL_TIME", True, "post", "FT"),
    "extra_time": ("45", "STATUS_FINAL_AET", True, "post", "AET"),
    "penalties": ("47", "STATUS_FINAL_PEN", True, "post", "FT-Pens"),
}
FINALS = ("final", "overtime", "shootout", "shortened", "full_time", "extra_time", "penalties")
_PLAYED_ON = {"overtime": 1, "shootout": 2, "extra_time": 2, "penalties": 3}  # periods after regulation


@dataclass(frozen=True, slots=True)
class Stand:
    """How a game stands at a moment. `share`: how much of it is played, 0 to 1.

    `regulation`: the score at the end of regulation of a game that was played on. `kicks`: a shootout's. `period` and
    `clock` say where a game stopped; `batted` whether the home side of a baseball game came to bat in its last inning.
    """

    state: str  # a key of _STATUSES
    home: int = 0
    away: int = 0
    share: float = 0.0
    regulation: tuple[int, int] | None = None
    kicks: tuple[int, int] | None = None
    period: int | None = None
    clock: str | None = None
    batted: bool = True


def event(
    identity: str,
    sport_key: str,
    home: str,
    away: str,
    start: datetime,
    stand: Stand,
    *,
    neutral: bool = False,
) -> dict[str, Any]:
    """Return an event of a scoreboard."""
    date = start.strftime("%Y-%m-%dT%H:%MZ")
    status = _status(sport_key, stand)
    sides = [
        _side(where, team, place, sport_key, stand, status["period"])
        for place, (where, team) in enumerate((("home", home), ("away", away)))
    ]
    competition: dict[str, Any] = {
        "id": identity,
        "date": date,
        "neutralSite": neutral,
        "competitors": sides,
        "status": status,
    }
    if sport_key.startswith("soccer_"):
        competition["details"] = _goals(stand, [side["id"] for side in sides])
    return {
        "id": identity,
        "uid": f"s:0~l:0~e:{identity}",
        "date": date,
        "name": f"{away} at {home}",
        "shortName": f"{away[:3].upper()} @ {home[:3].upper()}",
        "season": {"year": start.year, "type": 2, "slug": "regular-season"},
        "competitions": [competition],
        "status": status,
    }


def board(events: list[dict[str, Any]], day: str, limit: str | None = None) -> dict[str, Any]:
    """Return a day's scoreboard, cut as ESPN cuts it: to 25 games where the limit asked for is above 500."""
    most = len(events) if limit is None else int(limit)
    shown = events[: most if most <= LARGEST_LIMIT else CUT_TO]
    return {"leagues": [], "day": {"date": f"{day[:4]}-{day[4:6]}-{day[6:]}"}, "events": shown}


def _side(where: str, team: str, place: int, sport_key: str, stand: Stand, period: int) -> dict[str, Any]:
    number = str(sum(map(ord, team)))
    points = (stand.home, stand.away)
    side: dict[str, Any] = {
        "id": number,
        "type": "team",
        "homeAway": where,
        "winner": stand.state in FINALS and points[place] == max(points),
        "team": {
            "id": number,
            "displayName": team,
            "shortDisplayName": team.rsplit(maxsplit=1)[-1],
            "name": team.rsplit(maxsplit=1)[-1],
        },
        "score": str(points[place]),
    }
    if stand.kicks is not None and sport_key.startswith("soccer_"):
        side["shootoutScore"] = stand.kicks[place]
    if period and not sport_key.startswith("soccer_"):
        side["linescores"] = [
            {"value": float(value), "displayValue": str(value), "period": number}
            for number, value in enumerate(_by_period(sport_key, stand, place, period), 1)
        ]
    return side


def _by_period(sport_key: str, stand: Stand, place: int, period: int) -> list[int]:
    """Return a side's points by period: regulation's all in its first, what came after it in the last."""
    points = (stand.home, stand.away)[place]
    listed = [0] * (period - (place == 0 and not stand.batted))
    if listed and stand.regulation is not None:
        listed[0] = stand.regulation[place]
        listed[-1] = stand.kicks[place] if stand.kicks is not None else points - stand.regulation[place]
    elif listed:
        listed[0] = points
    return listed


def _goals(stand: Stand, ids: list[str]) -> list[dict[str, Any]]:
    before = stand.regulation or (stand.home, stand.away)
    after = (stand.home - before[0], stand.away - before[1])
    return [
        {
            "type": {"id": "70", "text": "Goal"},
            "clock": {"displayValue": minute},
            "team": {"id": ids[place]},
            "scoreValue": 1,
            "scoringPlay": True,
            "ownGoal": False,
            "shootout": kicks,
        }
        for counts, minute, kicks in (
            (before, "90'+2'", False),
            (after, "105'+1'", False),
            (stand.kicks or (0, 0), "120'", True),
        )
        for place, count in enumerate(counts)
        for _ in range(count)
    ]


def _status(sport_key: str, stand: Stand) -> dict[str, Any]:
    key = sport_key.split("_", 1)[0]
    periods = _longest(PERIODS, sport_key, 4)
    number, name, completed, state, words = _STATUSES[stand.state]
    if key == "soccer" and stand.state == "final":
        number, name, completed, state, words = _STATUSES["full_time"]
    period, clock = _where(stand, periods, sport_key)
    words = (words or f"{clock} - {period}").format(period=period)
    return {
        "clock": 0.0,
        "displayClock": clock,
        "period": period,
        "type": {
            "id": number,
            "name": name,
            "state": state,
            "completed": completed,
            "description": words,
            "detail": words,
            "shortDetail": words,
        },
    }


def _longest(table: dict[str, int], sport_key: str, otherwise: int) -> int:
    """Return what a table says of the longest prefix of a sport's key."""
    fitting = [prefix for prefix in table if sport_key.startswith(prefix)]
    return table[max(fitting, key=len)] if fitting else otherwise


def _where(stand: Stand, periods: int, sport_key: str) -> tuple[int, str]:
    """Return the period and the clock: of a running game by its share, of one that stopped or ended as told."""
    if stand.state == "pre":
        return 0, "0:00"
    soccer = sport_key.startswith("soccer_")
    if stand.state in _PLAYED_ON:
        return periods + _PLAYED_ON[stand.state], "120'" if soccer else "0:00"
    if stand.period is not None or stand.state in FINALS:
        over = "90'+4'" if soccer else "0:00"
        return stand.period or periods, stand.clock or over
    period = min(periods, int(stand.share * periods) + 1)
    if soccer:
        return period, stand.clock or f"{int(stand.share * 90)}'"
    left = timedelta(minutes=_longest(MINUTES, sport_key, 15)) * (1 - (stand.share * periods) % 1)
    return period, stand.clock or f"{int(left.total_seconds()) // 60}:{int(left.total_seconds()) % 60:02d}"
