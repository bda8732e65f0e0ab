"""What a model's sentence says of athletes: each one's own state, injury and team, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quartapp.bot.check import normalise
from quartapp.bot.facts import Fact
from quartapp.bot.mentions import Mention, mentions

_STATES = frozenset(
    """
    out questionable doubtful probable active inactive healthy available suspended fit cleared injured playing starting
    sidelined unavailable without missing hurt injury injuries status
    """.split()  # noqa: SIM905
)
_PARTS = frozenset(
    """
    knee ankle hamstring illness shoulder back calf groin wrist elbow foot toe hand finger thumb hip quad quadriceps
    concussion head neck ribs rib achilles acl mcl thigh shin leg arm flu covid fracture sprain strain broken torn tore
    """.split()  # noqa: SIM905
)
_GENERAL = frozenset(("injured", "injury", "injuries", "status"))
_FILL = "\u00a4"
_OF_TEAM = re.compile(r"[^\u00a4]*\b(?:of|for)\s+(?:the\s+)?|\s*\((?:the\s+)?", re.IGNORECASE)
_STATE_OF_TEAM = re.compile(r"\u00a4+\s+(?:is|are)\s+(?!without|missing)", re.IGNORECASE)
_AS_IS = re.compile(r"\bas\s+(?:is|are)\b", re.IGNORECASE)
_WHOSE = re.compile(r"\b(?:of|for)\s+(?:the\s+)?$", re.IGNORECASE)
_AND = re.compile(r"\s*(?:(?:of|for)\s+(?:the\s+)?\u00a4+|\(\u00a4+\))?[\s,]*(?:and|&)?\s*", re.IGNORECASE)


def athlete_problem(text: str, athletes: Sequence[Fact], playing: Sequence[Mention]) -> str | None:
    """Return a state, an injury or a team that is said of an athlete who has another; `playing` is where teams stand."""
    own = {normalise(fact.names[0]): fact for fact in athletes}
    whole = {name.casefold(): name for name in own}
    named = mentions(text, own)
    if any(text[one.start : one.end].casefold() not in whole for one in named):
        return "the state of whom"
    if not named:
        wrong = _words(text) & (_STATES | _PARTS) - {"playing", "available"}
        return "the state of nobody" if wrong else None
    own_teams = mentions(text, {name for fact in athletes for name in fact.names[1:2]})
    inside = [(one.start, one.end) for one in named]
    teams = sorted(
        one for one in {*own_teams, *playing} if not any(start <= one.start < end for start, end in inside)
    )
    plain = text
    for one in teams:
        plain = plain[: one.start] + _FILL * (one.end - one.start) + plain[one.end :]
    if any(not _WHOSE.search(plain[: one.start()]) for one in _STATE_OF_TEAM.finditer(plain)):
        return "the state of a team"
    if _AS_IS.search(plain):
        return "the state of another"
    leading = _words(plain[: named[0].start]) & (_STATES | _PARTS)
    for place, mention in enumerate(named):
        fact = own[whole[text[mention.start : mention.end].casefold()]]
        begins, ends = _predicate(plain, named, place)
        said = leading | (_words(plain[begins:ends]) & (_STATES | _PARTS))
        problem = _state_problem(said, fact) or _team_problem(plain, mention, ends, teams, fact)
        if problem is not None:
            return problem
    return None


def _predicate(text: str, named: Sequence[Mention], place: int) -> tuple[int, int]:
    """Return where the words about an athlete are: behind it, or behind the last of those named with it."""
    last = place
    while last + 1 < len(named) and _AND.fullmatch(text[named[last].end : named[last + 1].start]):
        last += 1
    return named[last].end, named[last + 1].start if last + 1 < len(named) else len(text)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.casefold()))


def _state_problem(said: set[str], fact: Fact) -> str | None:
    allowed = {word for name in fact.names[2:] for word in _words(name)} | _GENERAL
    if "out" in allowed:
        allowed |= {"without", "missing"}
    wrong = said - allowed
    if wrong:
        return f"the state {min(wrong)} of another"
    return None if said - _GENERAL else "no state"


def _team_problem(text: str, mention: Mention, ends: int, teams: Sequence[Mention], fact: Fact) -> str | None:
    """Return whether an athlete is said to be of another team: that of "of the Chiefs" behind it, or the last before."""
    behind = [
        one
        for one in teams
        if mention.end <= one.start < ends and _OF_TEAM.fullmatch(text[mention.end : one.start])
    ]
    before = [one for one in teams if one.end <= mention.start]
    nearest = behind[0] if behind else before[-1] if before else None
    return None if nearest is None or normalise(fact.names[1]) in nearest.names else "the team of another"
