"""Grades the legs of bets from what is stored of their games. One function for every kind of bet; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from quartapp.settle.grade import Bet, Ending, Fate, Grade, Verdict, grade, side_of
from quartapp.settle.rules import Market, rules_of
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
class PlacedLeg:
    """What was bet on one game: names, point and planned start as they were when the bet was made."""

    game_id: str
    market: Market
    outcome: str
    point: Decimal | None
    three_way: bool
    planned_start: datetime
    home_team: str
    away_team: str
    price: Decimal | Fraction


@dataclass(frozen=True, slots=True)
class PlacedBet:
    """A pick (one leg) or a saved parlay."""

    id: str
    legs: tuple[PlacedLeg, ...]
    stake_cents: int = 100


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


@dataclass(frozen=True, slots=True)
class Kept:
    """A leg's newest grade as stored."""

    id: int
    grade: Grade
    score: tuple[int, int] | None
    regulation: tuple[int, int] | None = None
    played: Decimal | None = None


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
        waiting: legs of games that are over and lack what their rule asks for, a score at the end of regulation, say.
        ripe: how many legs had no grade though their game is final with a score.
    """

    made: list[NewGrade] = field(default_factory=list)
    unreadable: list[Open] = field(default_factory=list)
    waiting: list[Open] = field(default_factory=list)
    ripe: int = 0

    @property
    def due(self) -> int:
        """How many legs must have a grade now."""
        return max(0, self.ripe - len(self.unreadable) - len(self.waiting))

    def __iadd__(self, other: Round) -> Round:
        self.made += other.made
        self.unreadable += other.unreadable
        self.waiting += other.waiting
        self.ripe += other.ripe
        return self


Graded = Mapping[tuple[str, int], Kept]


def grade_bets(
    bets: Iterable[PlacedBet], games: Mapping[str, Evidence], kept: Graded, now: datetime
) -> Round:
    """Return the grades that are new at `now`: first ones, and corrections of those whose game reads otherwise.

    A grade is only ever corrected by another grade: a leg that was graded does not open again.
    """
    found = Round()
    for bet in bets:
        for number, leg in enumerate(bet.legs):
            game, before = games.get(leg.game_id), kept.get((bet.id, number))
            if game is None:
                found.unreadable.append(Open(bet.id, number, f"there is no game {leg.game_id}"))
                continue
            over = game.status == "final" and game.score is not None
            found.ripe += over and before is None
            try:
                verdict = verdict_on(leg, game, now)
            except ValueError as problem:
                found.unreadable.append(Open(bet.id, number, str(problem)))
                continue
            new = _new(bet.id, number, verdict, game, before)
            if new is not None:
                found.made.append(new)
            elif over and before is None:
                found.waiting.append(Open(bet.id, number, verdict.reason, game.told_at))
    return found


def verdict_on(leg: PlacedLeg, game: Evidence, now: datetime) -> Verdict:
    """Return how a leg ended. Raises ValueError for an outcome that its game does not have."""
    try:
        side = side_of(leg.market, leg.outcome, game.home_team, game.away_team)
    except ValueError:  # a team has been renamed since: its place is what it was
        side = side_of(leg.market, leg.outcome, leg.home_team, leg.away_team)
    bet = Bet(leg.market, side, leg.point, leg.planned_start, leg.three_way)
    return grade(bet, game.ending(), rules_of(game.sport_key), now)


def _new(bet_id: str, leg: int, verdict: Verdict, game: Evidence, before: Kept | None) -> NewGrade | None:
    if verdict.grade is None:
        return None
    if before is None:
        return NewGrade(bet_id, leg, verdict.grade, verdict.reason, game)
    read_alike = (before.score, before.regulation, before.played) == (
        game.score,
        game.regulation,
        game.played,
    )
    if before.grade == verdict.grade and (read_alike or verdict.grade == "void"):
        return None
    reason = f"{verdict.reason}; was {_said(before)}"
    return NewGrade(bet_id, leg, verdict.grade, reason, game, corrects=before.id)


def _said(before: Kept) -> str:
    if before.score is None:
        return before.grade
    said = f"{before.grade} by {before.score[0]}-{before.score[1]}"
    if before.regulation is None:
        return said
    return f"{said}, {before.regulation[0]}-{before.regulation[1]} at the end of regulation"
