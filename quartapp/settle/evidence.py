"""A game as it was read for grading: what a grade keeps beside its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from quartapp.settle.grade import Ending, Fate
from quartapp.settle.states import Status

# A withdrawn game is in no list any more: it is not being played. An unresolved one has begun, and nobody has told
# how it ended: its bets stay open until somebody does.
_FATES: dict[Status, Fate] = {
    "scheduled": "scheduled",
    "live": "live",
    "final": "final",
    "postponed": "postponed",
    "cancelled": "cancelled",
    "unresolved": "live",
    "withdrawn": "postponed",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A game as it was read for grading: what a grade keeps beside its verdict.

    `told_at` is when its result was written, or corrected; `fate` what a source said of an end that was not as
    planned, where it said more than the status does.
    """

    game_id: str
    sport_key: str
    home_team: str
    away_team: str
    status: Status
    commence_time: datetime
    score: tuple[int, int] | None
    source: str
    told_at: datetime | None
    fate: Fate | None = None
    overtime: bool | None = None
    regulation: tuple[int, int] | None = None
    played: Decimal | None = None

    def ending(self) -> Ending:
        """Return the game as the grader knows it."""
        return Ending(
            self.fate or _FATES[self.status],
            self.commence_time,
            self.score,
            self.overtime,
            self.regulation,
            self.played,
        )
