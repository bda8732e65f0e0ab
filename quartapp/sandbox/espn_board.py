"""ESPN's scoreboard as the sandbox serves it: events in ESPN's own words and layout, and what befalls them.

An `Incident` is what a test lets happen to a game; the world by itself knows none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LARGEST_LIMIT, CUT_TO = 500, 25
PERIODS = {"soccer": 2, "baseball": 9, "icehockey": 3}
_POST = {
    "final": ("3", "STATUS_FINAL", True, "Final"),
    "postponed": ("6", "STATUS_POSTPONED", False, "Postponed"),
    "cancelled": ("5", "STATUS_CANCELED", False, "Canceled"),
    "abandoned": ("9", "STATUS_ABANDONED", False, "Abandoned"),
}


@dataclass(frozen=True, slots=True)
class Stand:
    """How a game stands at a moment. `share`: how much of it is played, 0 to 1."""

    state: str  # pre, in, final, delayed, postponed, cancelled, abandoned
    home: int = 0
    away: int = 0
    share: float = 0.0


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
    return {
        "id": identity,
        "uid": f"s:0~l:0~e:{identity}",
        "date": date,
        "name": f"{away} at {home}",
        "shortName": f"{away[:3].upper()} @ {home[:3].upper()}",
        "season": {"year": start.year, "type": 2, "slug": "regular-season"},
        "competitions": [
            {
                "id": identity,
                "date": date,
                "neutralSite": neutral,
                "competitors": [
                    _side("home", home, stand.home, stand),
                    _side("away", away, stand.away, stand),
                ],
                "status": status,
            }
        ],
        "status": status,
    }


def board(events: list[dict[str, Any]], day: str, limit: str | None = None) -> dict[str, Any]:
    """Return a day's scoreboard, cut as ESPN cuts it: to 25 games where the limit asked for is above 500."""
    most = len(events) if limit is None else int(limit)
    shown = events[: most if most <= LARGEST_LIMIT else CUT_TO]
    return {"leagues": [], "day": {"date": f"{day[:4]}-{day[4:6]}-{day[6:]}"}, "events": shown}


def _side(where: str, team: str, points: int, stand: Stand) -> dict[str, Any]:
    number = str(sum(map(ord, team)))
    return {
        "id": number,
        "type": "team",
        "homeAway": where,
        "winner": stand.state == "final" and points == max(stand.home, stand.away),
        "team": {
            "id": number,
            "displayName": team,
            "shortDisplayName": team.rsplit(maxsplit=1)[-1],
            "name": team.rsplit(maxsplit=1)[-1],
        },
        "score": str(points),
    }


def _status(sport_key: str, stand: Stand) -> dict[str, Any]:
    periods = PERIODS.get(sport_key.split("_", 1)[0], 4)
    period = min(periods, int(stand.share * periods) + 1)
    left = timedelta(minutes=15) * (1 - (stand.share * periods) % 1)
    clock = f"{int(left.total_seconds()) // 60}:{int(left.total_seconds()) % 60:02d}"
    if stand.state == "pre":
        number, name, completed, words, period, clock = "1", "STATUS_SCHEDULED", False, "Scheduled", 0, "0:00"
    elif stand.state == "in":
        number, name, completed, words = "2", "STATUS_IN_PROGRESS", False, f"{clock} - {period}"
    elif stand.state == "delayed":
        number, name, completed, words = "7", "STATUS_DELAYED", False, "Delayed"
    else:
        number, name, completed, words = _POST[stand.state]
    state = {"pre": "pre", "in": "in", "delayed": "in"}.get(stand.state, "post")
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
