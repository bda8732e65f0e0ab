"""What is kept of how a game came to its end, and what a scoreboard's word does to it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from quartapp.settle.states import CORRECTABLE_FOR, Status

if TYPE_CHECKING:
    from quartapp.settle.grade import Fate

Stopped = Literal["abandoned", "forfeit", "suspended", "resumed"]
Score = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Course:
    """How a game came to its end.

    `stopped`: why it was not played to one, or that it was `resumed` after it had been suspended. `overtime`: whether
    it was played on after regulation, None where nobody told; `regulation` the score at its end. `played`: how much was
    played, in the sport's unit, of a game cut short.
    """

    stopped: Stopped | None = None
    overtime: bool | None = None
    regulation: Score | None = None
    played: Decimal | None = None


NOTHING = Course()
_STOPS_IN: dict[Stopped, tuple[Status, ...]] = {
    "abandoned": ("cancelled",),
    "forfeit": ("cancelled",),
    "suspended": ("live", "unresolved"),
    "resumed": (),
}


def fate_of(status: Status, course: Course) -> Fate | None:
    """Return what stopped a game in this state, where that says more than the state does.

    >>> fate_of("cancelled", Course("abandoned")), fate_of("final", Course("suspended"))
    ('abandoned', None)
    """
    stopped = course.stopped
    if stopped is None or stopped == "resumed" or status not in _STOPS_IN[stopped]:
        return None
    return stopped


def may_last(course: Course) -> bool:
    """Return whether a game may take longer than any of its sport: it was suspended, and is resumed on another day."""
    return course.stopped in ("suspended", "resumed")


def was_stopped(course: Course) -> bool:
    """Return whether a game was abandoned or forfeited, and is not going on."""
    return course.stopped in ("abandoned", "forfeit")


def learn(
    kept: Course,
    told: Course,
    *,
    status: Status,
    score: Score | None,
    told_score: Score | None,
    final_at: datetime | None,
    now: datetime,
) -> Course:
    """Return what is known of a game's course after a scoreboard told `told`; `kept` when that changes nothing.

    Of a finished game it counts with a score that is the game's, or whose regulation's is, for 72 h; what is not said
    any more stays. Of one that stopped, it counts in the state that belongs to it; one that goes on has none.
    """
    if status == "final":
        if told.stopped is not None or score is None or score not in (told_score, told.regulation):
            return kept
        if final_at is None or now - final_at > CORRECTABLE_FOR:
            return kept
        overtime = kept.overtime if told.overtime is None else told.overtime
        regulation = None if overtime is False else told.regulation or kept.regulation
        return Course(None, overtime, regulation, told.played)
    if told.stopped is None:
        return Course("resumed") if kept.stopped == "suspended" and status == "live" else kept
    if status not in _STOPS_IN[told.stopped]:
        return kept
    if (kept.stopped, told.stopped) == (
        "abandoned",
        "forfeit",
    ):  # what was played counts, whoever is awarded it
        return kept
    return replace(told, played=told.played if told.played is not None else kept.played)
