"""A soccer match's goals with their minutes, as the details of a scoreboard's event list them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

Pair = tuple[int, int]
REGULATION_MINUTES = 90  # a goal at 90'+4' is one of regulation
_MINUTE = re.compile(r"(\d{1,3})'?(?:\s*\+\s*\d{1,2}'?)?")


@dataclass(frozen=True, slots=True)
class Goals:
    """A match's goals as its details list them, (home, away) each."""

    scored: Pair
    by_ninety: Pair
    all_counted: Pair  # the kicks of a shootout counted in


def readings(competition: Any, sides: tuple[Any, Any]) -> list[Goals]:
    """Return what the details may mean: an own goal is listed under its scorer's team, or under the one it counts for."""
    either = (_goals(competition, sides, turned=turned) for turned in (False, True))
    return [goals for goals in either if goals is not None]


def _goals(competition: Any, sides: tuple[Any, Any], *, turned: bool) -> Goals | None:
    """Return the goals of a match's details; None if one of them is nobody's or has no minute."""
    details = competition.get("details")
    if not isinstance(details, list):
        return None
    ids = [_id(side) for side in sides]
    scored, by_ninety, kicks = [0, 0], [0, 0], [0, 0]
    for one in details:
        if not isinstance(one, dict) or one.get("scoringPlay") is not True:
            continue
        team = one.get("team")
        team_id = team.get("id") if isinstance(team, dict) else None
        if team_id not in ids:
            return None
        where = ids.index(team_id)
        if one.get("shootout") is True:
            kicks[where] += 1
            continue
        clock = one.get("clock")
        minute = minute_of(clock.get("displayValue") if isinstance(clock, dict) else None)
        if minute is None:
            return None
        where = 1 - where if turned and one.get("ownGoal") is True else where
        scored[where] += 1
        by_ninety[where] += minute <= REGULATION_MINUTES
    everything = (scored[0] + kicks[0], scored[1] + kicks[1])
    return Goals((scored[0], scored[1]), (by_ninety[0], by_ninety[1]), everything)


def _id(side: Any) -> Any:
    team = side.get("team")
    return (team.get("id") if isinstance(team, dict) else None) or side.get("id")


def minute_of(value: Any) -> int | None:
    """Return the minute that a match's clock shows: 90 of "90'+4'"; None for what is no minute."""
    match = _MINUTE.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(match[1]) if match else None
