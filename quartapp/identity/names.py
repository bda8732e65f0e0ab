"""The names of one team, by league: kept as data in teams.txt, extended by operators, never guessed at.

A line of teams.txt is a team: its names, with " = " between them, the first being ours. A head in brackets names the
leagues whose teams follow. Names are compared in one spelling (`quartapp.team_names.words`): accents, "St." and
"State", "FC" and the like make no difference, so most teams need one name only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

from quartapp.team_names import words

Teams = Mapping[tuple[str, ...], str]


class Names:
    """A league's names: the seed, and what operators added, as pairs (name, the team's other name)."""

    def __init__(self, sport_key: str, added: Iterable[tuple[str, str]] = ()) -> None:
        self._teams = dict(seeded().get(sport_key, {}))
        for name, team in added:
            self._teams[words(name)] = self.find(team) or team

    def find(self, name: str) -> str | None:
        """Return our name of a team; None where the table does not know it.

        >>> Names("basketball_nba").find("LA Clippers"), Names("basketball_nba").find("Paris Basketball")
        ('Los Angeles Clippers', None)
        """
        return self._teams.get(words(name))

    def key(self, name: str) -> tuple[str, ...]:
        """Return what two names of one team have in common: an unknown name equals itself alone."""
        return words(self.find(name) or name)


@cache
def seeded() -> dict[str, dict[tuple[str, ...], str]]:
    """Return the table that ships with the code, by league."""
    return read_teams(files("quartapp.identity").joinpath("teams.txt").read_text(encoding="utf-8"))


def read_teams(text: str) -> dict[str, dict[tuple[str, ...], str]]:
    """Return our names by league and spelling. Raises ValueError when a spelling means two teams of a league."""
    leagues: dict[str, dict[tuple[str, ...], str]] = {}
    current: Sequence[str] = ()
    for written in text.splitlines():
        line = written.split("#", 1)[0].strip()
        if line.startswith("["):
            current = line.strip("[]").split()
        elif line:
            ours, *others = (name.strip() for name in line.split("="))
            for league in current:
                _add(leagues.setdefault(league, {}), league, ours, (ours, *others))
    return leagues


def _add(teams: dict[tuple[str, ...], str], league: str, ours: str, names: Iterable[str]) -> None:
    for name in names:
        before = teams.setdefault(words(name), ours)
        if before != ours:
            raise ValueError(f"teams.txt: {name!r} of {league} means both {before!r} and {ours!r}")
