"""Grades one bet on one game: won, lost, push, half won, half lost or void; or not yet, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, get_args

from quartapp.settle.rules import Market, Rules

Grade = Literal["won", "lost", "push", "half_won", "half_lost", "void"]
GRADES: tuple[Grade, ...] = get_args(Grade)
Side = Literal["home", "away", "draw", "over", "under"]
Fate = Literal[
    "scheduled", "live", "final", "postponed", "suspended", "abandoned", "cancelled", "no_contest", "forfeit"
]

_SIDES: dict[Market, tuple[Side, ...]] = {
    "h2h": ("home", "away", "draw"),
    "spreads": ("home", "away"),
    "totals": ("over", "under"),
}
_NEVER_PLAYED: dict[Fate, str] = {
    "cancelled": "cancelled",
    "no_contest": "no contest",
    "forfeit": "forfeited",
}
_QUARTER = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Bet:
    """What was bet on. `three_way`: the market also offered the draw, so a draw is lost and not a push.

    `point` is the bettor's own: -1.5 for a favourite. `planned_start` is the game's start when the bet was made.
    Raises ValueError for a bet that no market has.
    """

    market: Market
    side: Side
    point: Decimal | None
    planned_start: datetime
    three_way: bool = False

    def __post_init__(self) -> None:
        if self.side not in _SIDES[self.market]:
            raise ValueError(f"{self.market} has no {self.side}; it has {', '.join(_SIDES[self.market])}")
        if (self.point is None) != (self.market == "h2h"):
            raise ValueError(f"{self.market} {'has no' if self.market == 'h2h' else 'needs a'} point")
        if self.point is not None and not self.point.is_finite():
            raise ValueError(f"{self.point} is not a point")
        if self.side == "draw" and not self.three_way:
            raise ValueError("the draw is bet on in a three-way market only")


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known of a game.

    `score` is (home, away), play after regulation included; `overtime` whether there was any, None where nobody
    told; `regulation` the score at the end of regulation, where a source told it. `started_at` is the start as it
    came to be. `played` is how much was played, in the sport's unit: None for a whole game, and where nobody told.
    """

    fate: Fate
    started_at: datetime
    score: tuple[int, int] | None = None
    overtime: bool | None = None
    regulation: tuple[int, int] | None = None
    played: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A grade and why; a `grade` of None leaves the bet open."""

    grade: Grade | None
    reason: str


def grade(bet: Bet, ending: Ending, rules: Rules, now: datetime) -> Verdict:
    """Return how the bet ended, by the rules of its sport, as far as is known at `now`.

    No bet is graded from a game without a score, except as void.
    """
    unplayed = _unplayed(bet, ending, rules, now)
    if unplayed is not None:
        return unplayed
    if ending.score is None:
        return Verdict(None, "the game's score is not known")
    missing = _too_little(bet, ending, ending.score, rules)
    if missing is not None:
        if ending.fate == "abandoned" and now < bet.planned_start + rules.window:
            return Verdict(None, f"{missing.reason}; it may still be played to an end")
        return missing
    if rules.overtime and not bet.three_way:
        return _by_score(bet, ending.score)
    return _by_regulation(bet, ending, ending.score, rules)


def _by_regulation(bet: Bet, ending: Ending, score: tuple[int, int], rules: Rules) -> Verdict:
    """Grade a bet that nothing after regulation counts for."""
    went_on = _went_on(ending, score, rules)
    if went_on is False:
        return _by_score(bet, score)
    if ending.regulation is not None:
        verdict = _by_score(bet, ending.regulation)
        return Verdict(verdict.grade, f"{verdict.reason} at the end of regulation")
    # Who wins a draw does not depend on how many points each had.
    if bet.market == "h2h" and rules.level_overtime and (went_on or score[0] == score[1]):
        return _by_score(bet, (0, 0))
    if went_on:
        return Verdict(None, "the score at the end of regulation is not known")
    return Verdict(None, "nobody told whether there was play after regulation")


def _went_on(ending: Ending, score: tuple[int, int], rules: Rules) -> bool | None:
    """Return whether there was play after regulation, as far as it was told or can be concluded."""
    if ending.overtime is not None:
        return ending.overtime
    if not rules.extra_time:
        return False
    if rules.overtime_margin is not None and abs(score[0] - score[1]) > rules.overtime_margin:
        return False
    return None


def _unplayed(bet: Bet, ending: Ending, rules: Rules, now: datetime) -> Verdict | None:
    """Return the verdict on a game that is not over, or was never played in time."""
    deadline = bet.planned_start + rules.window
    hours = f"{rules.window.total_seconds() / 3600:g} h"
    if ending.fate in _NEVER_PLAYED:
        return Verdict("void", _NEVER_PLAYED[ending.fate])
    if ending.fate in ("postponed", "suspended"):
        if now < deadline:
            return Verdict(None, f"{ending.fate}: open until {hours} after the planned start")
        if ending.fate == "postponed" or ending.score is None:
            return Verdict("void", f"not played to an end within {hours} of the planned start")
        return None  # judged by what was played
    if ending.started_at > deadline and now >= deadline:
        return Verdict("void", f"put off by more than {hours}")
    if ending.fate in ("scheduled", "live"):
        return Verdict(None, f"the game is {ending.fate}")
    if ending.fate == "abandoned" and ending.played is None and now < deadline:
        return Verdict(None, "abandoned, and how much was played is not known")
    if ending.fate == "abandoned" and ending.score is None and now >= deadline:
        return Verdict("void", "abandoned, and its score is not known")
    return None


def _too_little(bet: Bet, ending: Ending, score: tuple[int, int], rules: Rules) -> Verdict | None:
    least = rules.least(bet.market, home_leads=score[0] > score[1])
    if ending.played is None:
        if ending.fate == "final" or least is None:
            return None
        return Verdict("void", f"{ending.fate}, and nobody told how much was played")
    if least is None or ending.played >= least:
        return None
    return Verdict("void", f"{ending.played} {rules.unit} played of the {least} that {bet.market} needs")


def _by_score(bet: Bet, score: tuple[int, int]) -> Verdict:
    home, away = score
    said = f"{home}-{away}"
    if bet.market == "h2h" and bet.three_way:
        winner = "home" if home > away else "away" if away > home else "draw"
        return Verdict("won" if bet.side == winner else "lost", said)
    match bet.side:
        case "home":
            lead = Decimal(home - away)
        case "away":
            lead = Decimal(away - home)
        case "over":
            lead = Decimal(home + away)
        case _:
            lead = -Decimal(home + away)
    if bet.point is not None:
        lead += -bet.point if bet.side == "over" else bet.point
    return Verdict(_by_lead(lead), said)


def _by_lead(lead: Decimal) -> Grade:
    """Grade by the lead over the line. A quarter line puts half of the stake on each line beside it.

    With whole scores a lead of a quarter occurs on quarter lines only: one half is won and the other returned.
    """
    if lead == 0:
        return "push"
    if abs(lead) == _QUARTER:
        return "half_won" if lead > 0 else "half_lost"
    return "won" if lead > 0 else "lost"


def side_of(market: Market, outcome: str, home_team: str, away_team: str) -> Side:
    """Return which side an outcome's name is. Raises ValueError for a name that the market does not have.

    >>> side_of("totals", "Over", "Leeds", "Hull"), side_of("h2h", "Hull", "Leeds", "Hull")
    ('over', 'away')
    """
    names: dict[str, Side] = {home_team: "home", away_team: "away"}
    if market == "h2h":
        names |= {"Draw": "draw", "Tie": "draw"}
    if market == "totals":
        names = {"Over": "over", "Under": "under"}
    if home_team == away_team or outcome not in names:
        raise ValueError(f"{outcome!r} is not an outcome of {market} on {home_team} against {away_team}")
    return names[outcome]
