"""Grades the legs of bets from what is stored of their games. One function for every kind of bet; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from quartapp.settle.evidence import Evidence
from quartapp.settle.grade import Bet, Grade, Verdict, grade, side_of
from quartapp.settle.round import NewGrade, Open, Round
from quartapp.settle.rules import Market, rules_of
from quartapp.settle.states import Status


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
class Kept:
    """A leg's newest grade as stored, and what it was read from; `status` is the game's then."""

    id: int
    grade: Grade
    score: tuple[int, int] | None
    regulation: tuple[int, int] | None = None
    played: Decimal | None = None
    status: Status = "final"


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
            ripe = game.status == "final" and game.score is not None and before is None
            found.due += ripe
            try:
                verdict = verdict_on(leg, game, now)
            except ValueError as problem:
                found.due -= ripe
                found.unreadable.append(Open(bet.id, number, str(problem)))
                continue
            stands = before is not None and _ended_too_late(leg, game, before)
            new = None if stands else _new(bet.id, number, verdict, game, before)
            if new is not None:
                found.made.append(new)
            elif ripe and verdict.grade is None:
                found.due -= 1
                found.waiting.append(Open(bet.id, number, verdict.reason, game.told_at))
            elif before is None and _untold(leg, game, now):
                reason = "no source has told how the game ended"
                found.waiting.append(Open(bet.id, number, reason, leg.planned_start))
    return found


def _untold(leg: PlacedLeg, game: Evidence, now: datetime) -> bool:
    """Return whether a game began and nobody has told its end for longer than an unplayed one is waited for."""
    return game.status == "unresolved" and now >= leg.planned_start + rules_of(game.sport_key).window


def _ended_too_late(leg: PlacedLeg, game: Evidence, before: Kept) -> bool:
    """Return whether a graded game that was stopped or not played has ended after the time in which that counts.

    Its grade stands then: a suspended game that is resumed on the third day was judged by what was played.
    """
    if before.status == "final" or game.status != "final" or game.told_at is None:
        return False
    return game.told_at >= leg.planned_start + rules_of(game.sport_key).window


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
