"""Reads a case: "SPORT: HOME 2-1 AWAY, after overtime, 1-1 in regulation; HOME -0.75: half_won"."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

CASES = Path(__file__).parent / "cases"
_LINE = re.compile(
    r"(?P<sport>\w+): (?P<home>\w+) (?P<score>\d+-\d+|v) (?P<away>\w+)(?P<facts>(?:, [^,;]+)*);"
    r" (?P<bet>[^:;]+): (?P<grade>\w+)"
)


@dataclass
class Case:
    """A line of a file, in plain values."""

    sport: str
    market: str
    side: str
    point: Decimal | None
    three_way: bool
    grade: str
    score: tuple[int, int] | None
    fate: str = "final"
    overtime: bool | None = False
    regulation: tuple[int, int] | None = None
    played: Decimal | None = None
    begun_hours: int = 0
    asked_hours: int = 4


def lines_of(name: str) -> list[str]:
    listed: list[str] = tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))["cases"]
    assert len(listed) == len(set(listed)), f"{name} has a line twice"
    return listed


def read_case(line: str) -> Case:
    match = _LINE.fullmatch(line)
    assert match, f"not a case: {line}"
    market, side, point, three_way = _bet(match["bet"], match["home"], match["away"])
    score = None if match["score"] == "v" else _score(match["score"])
    case = Case(match["sport"], market, side, point, three_way, match["grade"], score)
    for fact in match["facts"].split(", ")[1:]:
        _take(case, fact)
    return case


def _score(text: str) -> tuple[int, int]:
    home, away = text.split("-")
    return int(home), int(away)


def _bet(text: str, home: str, away: str) -> tuple[str, str, Decimal | None, bool]:
    name, _, rest = text.partition(" ")
    side = {home: "home", away: "away", "draw": "draw", "over": "over", "under": "under"}[name]
    if rest in ("to win", "in three-way"):
        return "h2h", side, None, rest == "in three-way"
    return ("totals" if side in ("over", "under") else "spreads"), side, Decimal(rest), False


def _take(case: Case, fact: str) -> None:
    if fact == "after overtime":
        case.overtime = True
    elif fact == "overtime not told":
        case.overtime = None
    elif match := re.fullmatch(r"(\d+-\d+) in regulation", fact):
        case.regulation = _score(match[1])
    elif match := re.fullmatch(r"begun (\d+) h late", fact):
        case.begun_hours = int(match[1])
    elif match := re.fullmatch(r"asked (\d+) h on", fact):
        case.asked_hours = int(match[1])
    elif match := re.fullmatch(r"(final|abandoned|suspended) after ([\d.]+) (?:minutes|innings)", fact):
        case.fate, case.played = match[1], Decimal(match[2])
    else:
        assert fact in (
            "abandoned", "suspended", "postponed", "cancelled", "no contest", "forfeit", "live", "scheduled",
        ), f"not a fact: {fact}"  # fmt: skip
        case.fate = fact.replace(" ", "_")
