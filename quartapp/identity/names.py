"""The names of one team, by league: kept as data in teams.txt, extended by operators, never guessed at.

A line of teams.txt is a team: its names, with " = " between them, the first being ours. A head in brackets names the
leagues whose teams follow. Names are compared in one spelling (`quartapp.team_names.words`): accents, "St." and
"State", "FC" and the like make no difference, so most teams need one name only. Where nothing but its legal form tells
a team from others of its place ("Paris FC", "Los Angeles FC"), the form is part of the name: the bare place is nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

from quartapp.team_names import all_words, without_form, words

Teams = Mapping[tuple[str, ...], str]


class Names:
    """A league's names: the seed, and what operators added, as pairs (name, the team's other name)."""

    def __init__(self, sport_key: str, added: Iterable[tuple[str, str]] = ()) -> None:
        self.sport_key = sport_key
        self._teams = dict(seeded().get(sport_key, {}))
        for name, team in added:
            ours = self.find(team)
            if ours is None:
                ours = self._teams[words(team)] = team
            self._teams[words(name)] = ours

    def find(self, name: str) -> str | None:
        """Return our name of a team; None where the table does not know it.

        >>> Names("basketball_nba").find("LA Clippers"), Names("basketball_nba").find("Paris Basketball")
        ('Los Angeles Clippers', None)
        >>> mls = Names("soccer_usa_mls")
        >>> mls.find("LAFC"), mls.find("LA Galaxy"), mls.find("Los Angeles")
        ('Los Angeles FC', 'LA Galaxy', None)
        """
        whole = all_words(name)
        return self._teams.get(whole) or self._teams.get(without_form(whole))

    def key(self, name: str) -> tuple[str, ...]:
        """Return what two names of one team have in common: an unknown name equals itself alone."""
        ours = self.find(name)
        return ("", *words(name)) if ours is None else (ours,)


def without_counterpart(ours: Iterable[str], theirs: Iterable[str], names: Names) -> list[str]:
    """Return the teams of one source that the other's list does not have.

    >>> without_counterpart(["Los Angeles Clippers", "Utah Jazz"], ["LA Clippers"], Names("basketball_nba"))
    ['Utah Jazz']
    """
    keys = {names.key(name) for name in theirs}
    return [name for name in ours if names.key(name) not in keys]


@cache
def seeded() -> dict[str, dict[tuple[str, ...], str]]:
    """Return the table that ships with the code, by league."""
    return read_teams(files("quartapp.identity").joinpath("teams.txt").read_text(encoding="utf-8"))


def read_teams(text: str) -> dict[str, dict[tuple[str, ...], str]]:
    """Return our names by league and spelling. Raises ValueError when a spelling means two teams of a league."""
    leagues: dict[str, dict[tuple[str, ...], str]] = {}
    forms: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {}  # by spelling, the one with the legal form
    current: Sequence[str] = ()
    for written in text.splitlines():
        line = written.split("#", 1)[0].strip()
        if line.startswith("["):
            current = line.strip("[]").split()
        elif line:
            ours, *others = (name.strip() for name in line.split("="))
            for league in current:
                _add(leagues.setdefault(league, {}), league, ours, (ours, *others))
                forms.setdefault(league, {}).update(
                    {words(name): all_words(name) for name in (ours, *others)}
                )
    for league, teams in leagues.items():
        _tell_apart(teams, forms[league])
    return leagues


def _add(teams: dict[tuple[str, ...], str], league: str, ours: str, names: Iterable[str]) -> None:
    for name in names:
        before = teams.setdefault(words(name), ours)
        if before != ours:
            raise ValueError(f"teams.txt: {name!r} of {league} means both {before!r} and {ours!r}")


def _tell_apart(teams: dict[tuple[str, ...], str], forms: Mapping[tuple[str, ...], tuple[str, ...]]) -> None:
    """Keep the legal form of a name that without it is the beginning of another team's."""
    for spelt in list(teams):
        rivals = (other for other in teams if other[: len(spelt)] == spelt and teams[other] != teams[spelt])
        if forms[spelt] != spelt and next(rivals, None) is not None:
            teams[forms[spelt]] = teams.pop(spelt)
