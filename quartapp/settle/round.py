"""What one look at bets comes to: grades to be written, and legs that stay open though their game is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from quartapp.settle.evidence import Evidence
from quartapp.settle.grade import Grade


@dataclass(frozen=True, slots=True)
class NewGrade:
    """A grade to be written. `corrects` is the row that it replaces as the newest of its leg."""

    bet_id: str
    leg: int
    grade: Grade
    reason: str
    evidence: Evidence
    corrects: int | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A leg of a game that is over, which stays open all the same, and why. `since`: when its result was told."""

    bet_id: str
    leg: int
    reason: str
    since: datetime | None = None

    def __str__(self) -> str:
        return f"leg {self.leg + 1} of {self.bet_id}: {self.reason}"


@dataclass(slots=True)
class Round:
    """What one look at bets came to.

    Attributes:
        made: the new grades.
        unreadable: legs whose outcome is none of their game's; it is never guessed at.
        waiting: legs of games that are over and lack what their rule asks for, a score at the end of regulation, say;
            and of games whose end nobody has told in the time after which one that was not played is void.
        due: how many legs have to have a first grade now: their game is final, and nothing is missing.
    """

    made: list[NewGrade] = field(default_factory=list)
    unreadable: list[Open] = field(default_factory=list)
    waiting: list[Open] = field(default_factory=list)
    due: int = 0

    def __iadd__(self, other: Round) -> Round:
        self.made += other.made
        self.unreadable += other.unreadable
        self.waiting += other.waiting
        self.due += other.due
        return self
