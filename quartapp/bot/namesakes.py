"""Teams of one name, and words that are a name in some places alone: which of them is meant."""

from __future__ import annotations

import re
from typing import Protocol, TypeVar

PARTS_OF_NICKNAMES = ("golden", "nittany", "crimson", "fighting", "scarlet", "horned", "tar", "blue", "red")
COLLEGE = frozenset(("americanfootball_ncaaf", "basketball_ncaab"))
_CLUB = re.compile(r"\b(?:fc|sc|cf|afc)\b", re.IGNORECASE)


class Named(Protocol):
    """A team."""

    @property
    def sport(self) -> str:
        """Its sport."""

    @property
    def name(self) -> str:
        """Its name."""


T = TypeVar("T", bound=Named)


def a_name(spoken: list[tuple[str, bool]], place: int) -> bool:
    """Return whether a common word is a name: it has a capital, or stands against another."""
    beside = {word for word, _ in spoken[max(0, place - 1) : place + 2]}
    return spoken[place][1] or bool(beside & {"v", "vs", "versus"})


def likelier(teams: list[T], word: str, message: str) -> list[T]:
    """Return which of several teams of one name are meant: all of them where nothing tells.

    A club's FC counts, a nickname is a whole one ("Eagles", not "Golden Eagles"), and of two the professionals have it.
    """
    club = _CLUB.search(message)
    if club and (
        clubs := [team for team in teams if club.group().casefold() in team.name.casefold().split()]
    ):
        return clubs
    whole = [
        team
        for team in teams
        if not any(f" {part} {word}" in f" {team.name.casefold()}" for part in PARTS_OF_NICKNAMES)
    ]
    teams = whole or teams
    professional = [team for team in teams if team.sport not in COLLEGE]
    nickname = all(team.name.casefold().endswith(f" {word}") for team in teams)
    return professional if nickname and len(teams) == 2 and len(professional) == 1 else teams
