"""A grader written from docs/settlement.md alone. It shares no function and no data with quartapp/settle.

Where the first grader reads a lead over the line, this one places the two half bets of a quarter line; where the
first reads rules.toml, this one has the page's numbers in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

NEVER_PLAYED_ON = ("handball_germany_bundesliga", "rugbyunion_six_nations", "cricket_test_match")
CUPS = (
    "cup",
    "copa",
    "coppa",
    "coupe",
    "pokal",
    "champs_league",
    "europa",
    "uefa",
    "conmebol",
    "fifa",
    "leagues_cup",
)


def plays_on(sport: str) -> bool:
    """Tell whether games of a sport may be played on: not in national leagues of soccer, which have no cup's name."""
    if sport.startswith("soccer_"):
        return any(word in sport for word in CUPS)
    return sport not in NEVER_PLAYED_ON


@dataclass(frozen=True)
class Question:
    """A bet and a game in plain values; hours count from the start planned when the bet was made."""

    sport: str
    market: str
    side: str
    point: Fraction | None
    three_way: bool
    fate: str
    home: int | None
    away: int | None
    overtime: bool | None
    regulation: tuple[int, int] | None
    played: Fraction | None
    begun: Fraction
    asked: Fraction


def answer(q: Question) -> str:
    """Return the grade's word, or "open"."""
    if q.fate in ("cancelled", "no_contest", "forfeit"):  # rule 9
        return "void"
    late = q.asked >= 48
    if q.fate == "postponed":  # rule 10
        return "void" if late else "open"
    if q.fate in ("suspended", "abandoned"):  # rules 11, 12
        waits = q.fate == "suspended" or q.played is None
        if waits and not late:
            return "open"
    if q.fate != "suspended" and q.begun > 48 and late:  # rule 10
        return "void"
    if q.fate in ("scheduled", "live"):
        return "open"
    if q.home is None or q.away is None:  # rules 12, 14
        return "void" if q.fate != "final" and late else "open"
    if not enough(q, q.home > q.away):  # rules 12, 13
        return "open" if q.fate == "abandoned" and not late else "void"
    score = deciding_score(q)  # rules 6 to 8
    return "open" if score is None else by_score(q, score)


def enough(q: Question, home_leads: bool) -> bool:
    needed = least(q.sport, q.market, home_leads)
    if needed is None:
        return True
    if q.played is None:
        return q.fate == "final"
    return q.played >= needed


def least(sport: str, market: str, home_leads: bool) -> Fraction | None:
    family, _, league = sport.partition("_")
    if family == "baseball":
        innings = Fraction(5 if market == "h2h" else 9)
        return innings - Fraction(1, 2) if home_leads else innings
    if family == "basketball":
        return Fraction(43 if league.startswith("nba") else 35)
    if family == "icehockey":
        return Fraction(55 if league.startswith(("nhl", "ahl")) else 60)
    return {"americanfootball": Fraction(55), "soccer": Fraction(90)}.get(family)


def deciding_score(q: Question) -> tuple[int, int] | None:
    family = q.sport.partition("_")[0]
    assert q.home is not None
    assert q.away is not None
    if family != "soccer" and not (q.market == "h2h" and q.three_way):
        return q.home, q.away
    told = q.overtime
    if told is None and not plays_on(q.sport):
        told = False
    furthest = {"icehockey": 1, "rugbyleague": 4}.get(family)
    if told is None and furthest is not None and not -furthest <= q.home - q.away <= furthest:
        told = False
    if told is False:
        return q.home, q.away
    if q.regulation is not None:
        return q.regulation
    plays_on_when_level = family in ("americanfootball", "basketball", "baseball", "icehockey", "rugbyleague")
    if q.market == "h2h" and plays_on_when_level and (told is True or q.home == q.away):
        return 0, 0
    return None


def by_score(q: Question, score: tuple[int, int]) -> str:
    home, away = score
    if q.market == "h2h":
        if home == away:
            return ("won" if q.side == "draw" else "lost") if q.three_way else "push"
        return "won" if q.side == ("home" if home > away else "away") else "lost"
    assert q.point is not None
    ends = [whole_or_half(q, line, home, away) for line in lines(q.point)]
    if len(set(ends)) == 1:
        return ends[0]
    return "half_won" if "won" in ends else "half_lost"


def lines(point: Fraction) -> list[Fraction]:
    """A quarter line is two bets (rule 4)."""
    if point.denominator == 4:
        return [point - Fraction(1, 4), point + Fraction(1, 4)]
    return [point]


def whole_or_half(q: Question, line: Fraction, home: int, away: int) -> str:
    if q.market == "spreads":
        mine, other = (home, away) if q.side == "home" else (away, home)
        mine_with_points = mine + line
        if mine_with_points == other:
            return "push"
        return "won" if mine_with_points > other else "lost"
    together = home + away
    if together == line:
        return "push"
    return "won" if (together > line) == (q.side == "over") else "lost"


def pays(legs: list[tuple[Fraction, str]], cents: int) -> tuple[str, int | None]:
    """Return (what a parlay is called, what it pays): each leg's return is staked on the next."""
    if any(word == "lost" for _, word in legs):
        return "lost", 0
    if any(word == "open" for _, word in legs):
        return "open", None
    money = Fraction(cents)
    for price, word in legs:
        if word == "won":
            money *= price
        elif word == "half_won":
            money = money / 2 * price + money / 2
        elif word == "half_lost":
            money /= 2
    called = [word for _, word in legs if word not in ("push", "void")]
    if not called:
        called = ["void" if all(word == "void" for _, word in legs) else "push"]
    worst = min(called, key=["half_lost", "half_won", "won", "push", "void"].index)
    return worst, int((2 * money + 1) // 2)
