"""The seeded table against every name of both sources: who is matched, and that nobody is taken for another.

both_sources.txt holds the names and where they were found. docs/teams.md shows the shares, and is held to them here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from quartapp.feeds.espn import BOARDS
from quartapp.identity.names import Names

ROOT = Path(__file__).parents[2]
SHARE = 0.995
# Whole names themselves: what both sources mean by "Milan", and another club of the Champions League's leagues.
MEANT = {("Milan", "AC Milan"), ("angers", "Angers")}


@dataclass(frozen=True)
class Listed:
    """A team of a league under both sources' names; `words`: what ESPN calls it besides."""

    odds_api: tuple[str, ...]
    espn: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.odds_api + self.espn


def read() -> dict[str, list[Listed]]:
    leagues: dict[str, list[Listed]] = {}
    current: list[str] = []
    for line in (ROOT / "tests/identity/both_sources.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = line.strip("[]").split()
        elif line and not line.startswith("#"):
            odds_api, espn, words = (*line.split(" | "), "")[:3]
            columns = (
                tuple(name.strip() for name in column.split(" / ") if name.strip() not in ("", "-"))
                for column in (odds_api, espn, words)
            )
            team = Listed(*columns)
            for league in current:
                leagues.setdefault(league, []).append(team)
    return leagues


TEAMS = read()


@dataclass
class Coverage:
    """How many of a league's names the table knows, by source, and which it does not."""

    league: str
    odds_api: int = 0
    espn: int = 0
    unknown: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        return 1 - len(self.unknown) / (self.odds_api + self.espn)

    def row(self) -> str:
        rest = ", ".join(self.unknown) or "none"
        return f"| {self.league} | {self.odds_api} | {self.espn} | {100 * self.share:.1f} % | {rest} |"


def coverage(league: str) -> Coverage:
    """Return it: a name is matched when the table knows it and takes it for the team that the other source lists."""
    names = Names(league)
    found = Coverage(league)
    for team in TEAMS[league]:
        ours = names.find(team.espn[0])
        found.odds_api += len(team.odds_api)
        found.espn += len(team.espn)
        found.unknown += tuple(name for name in team.names if ours is None or names.find(name) != ours)
    return found


@pytest.mark.parametrize("league", sorted(TEAMS))
def test_99_5_percent_of_a_league_s_names_are_matched_across_the_sources(league: str) -> None:
    found = coverage(league)
    print(found.row())
    assert found.share >= SHARE, found.row()


def test_the_document_shows_what_is_measured() -> None:
    """`print(coverage(league).row())` writes a row anew."""
    shown = (ROOT / "docs/teams.md").read_text(encoding="utf-8")
    assert [coverage(league).row() for league in sorted(TEAMS) if coverage(league).row() not in shown] == []


def test_every_league_that_a_scoreboard_serves_is_listed_whole() -> None:
    assert set(BOARDS) <= set(TEAMS)
    counts = {
        "americanfootball_nfl": 32,
        "basketball_nba": 30,
        "basketball_wnba": 15,
        "baseball_mlb": 30,
        "icehockey_nhl": 32,
        "soccer_usa_mls": 30,
    }
    assert {league: len(TEAMS[league]) for league in counts} == counts
    assert len(TEAMS["basketball_ncaab"]) >= 365
    assert len(TEAMS["americanfootball_ncaaf"]) >= 260


@pytest.mark.parametrize("league", sorted(TEAMS))
def test_no_name_of_a_team_is_taken_for_another_team_s(league: str) -> None:
    names = Names(league)
    owner: dict[tuple[str, ...], str] = {}
    for team in TEAMS[league]:
        for name in team.names:
            assert owner.setdefault(names.key(name), team.espn[0]) == team.espn[0], name
    for team in TEAMS[league]:
        for word in team.words:  # what a board does not name a team by is its own team's, or nobody's
            assert names.find(word) in (None, names.find(team.espn[0])), word


def spellings(name: str) -> Iterator[str]:
    """Yield ways to write a name that change nothing."""
    yield name.upper()
    yield name.lower()
    yield f"  {name} "
    yield name.replace(" ", "  ")
    yield name.replace(" ", "\u00a0")
    yield unicodedata.normalize("NFD", name)
    yield "".join(one for one in unicodedata.normalize("NFD", name) if not unicodedata.combining(one))
    yield name.replace("'", "\u2019")
    yield name.replace("'", "")
    yield name.replace("&", " and ")
    yield name.replace("-", " ")
    yield re.sub(r"\bState\b", "St", name)
    yield re.sub(r"\bState\b", "St.", name)
    yield re.sub(r"\bSt\b(?!\.)", "State", name)
    yield re.sub(r"\b(St\.|Saint) ", "St ", name)


@pytest.mark.parametrize("league", sorted(TEAMS))
def test_a_name_is_its_team_s_however_it_is_written(league: str) -> None:
    names = Names(league)
    wrong = [
        (written, names.find(written))
        for team in TEAMS[league]
        for name in team.names
        for written in spellings(name)
        if names.find(written) != names.find(name)
    ]
    assert wrong == []


def misspellings(name: str) -> Iterator[str]:
    """Yield the name with a letter lost, a letter too many, two letters exchanged, a word lost."""
    for place in range(len(name)):
        yield name[:place] + name[place + 1 :]
        yield name[:place] + name[place] + name[place:]
        if place:
            yield name[: place - 1] + name[place] + name[place - 1] + name[place + 1 :]
    parts = name.split()
    for place in range(len(parts)):
        yield " ".join(parts[:place] + parts[place + 1 :])


@pytest.mark.parametrize("league", sorted(TEAMS))
def test_a_misspelt_name_is_never_another_team(league: str) -> None:
    names = Names(league)
    listed = {name.casefold() for team in TEAMS[league] for name in team.names}
    wrong = {
        (written, taken)
        for team in TEAMS[league]
        for name in team.names
        for own in (names.find(name),)
        for written in misspellings(name)
        for taken in (names.find(written),)
        if taken not in (None, own) and written.casefold() not in listed
    }
    assert wrong <= MEANT


@pytest.mark.parametrize(
    ("league", "names"),
    [
        ("americanfootball_nfl", ("New York Giants", "New York Jets")),
        ("americanfootball_nfl", ("Los Angeles Rams", "Los Angeles Chargers", "St. Louis Rams")),
        ("basketball_nba", ("LA Clippers", "Los Angeles Lakers")),
        ("baseball_mlb", ("Chicago Cubs", "Chicago White Sox")),
        ("baseball_mlb", ("Los Angeles Angels", "Los Angeles Dodgers")),
        ("icehockey_nhl", ("New York Rangers", "New York Islanders")),
        ("icehockey_nhl", ("Utah Mammoth", "Arizona Coyotes")),
        ("soccer_epl", ("Manchester United", "Manchester City")),
        ("soccer_epl", ("West Ham United", "West Bromwich Albion")),
        ("soccer_usa_mls", ("LA Galaxy", "Los Angeles FC")),
        ("soccer_usa_mls", ("New York City FC", "Red Bull New York")),
        ("soccer_italy_serie_a", ("Inter Milan", "AC Milan")),
        ("soccer_france_ligue_one", ("Paris FC", "Paris Saint-Germain")),
        ("soccer_spain_la_liga", ("Atlético Madrid", "Real Madrid", "Athletic Club")),
        ("soccer_spain_la_liga", ("Deportivo", "Deportivo Alavés")),
        ("soccer_uefa_champs_league", ("Slavia Prague", "Sparta Prague")),
        ("soccer_uefa_champs_league", ("Inter Milan", "AC Milan")),
        ("basketball_ncaab", ("Miami Hurricanes", "Miami (OH) RedHawks")),
        ("basketball_ncaab", ("USC Trojans", "South Carolina Gamecocks", "South Carolina Upstate Spartans",
                              "South Carolina State Bulldogs")),
        ("basketball_ncaab", ("Georgia Bulldogs", "Georgia State Panthers", "Georgia Southern Eagles",
                              "Georgia Tech Yellow Jackets")),
        ("basketball_ncaab", ("Texas A&M Aggies", "Texas A&M-CC Islanders", "Texas A&M-Commerce Lions",
                              "Texas State Bobcats", "Texas Southern Tigers", "Texas Tech Red Raiders")),
        ("basketball_ncaab", ("UL Monroe Warhawks", "Louisiana Ragin' Cajuns", "Louisiana Tech Bulldogs",
                              "LSU Tigers", "SE Louisiana Lions")),
        ("basketball_ncaab", ("Loyola (Chi) Ramblers", "Loyola (MD) Greyhounds", "Loyola Marymount Lions")),
        ("basketball_ncaab", ("Saint Joseph's Hawks", "St. John's Red Storm", "Saint Mary's Gaels",
                              "Mt. St. Mary's Mountaineers", "St. Thomas Tommies")),
        ("basketball_ncaab", ("Ole Miss Rebels", "Mississippi St Bulldogs", "Miss Valley St Delta Devils",
                              "Southern Miss Golden Eagles")),
        ("basketball_ncaab", ("Ohio Bobcats", "Ohio State Buckeyes")),
        ("americanfootball_ncaaf", ("Albany", "Alabama Crimson Tide")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)  # fmt: skip
def test_teams_of_near_names_are_never_one(league: str, names: tuple[str, ...]) -> None:
    table = Names(league)
    assert None not in {table.find(name) for name in names}
    kept = {table.key(name) for name in names}
    moved = {"St. Louis Rams"} & set(names)  # the Los Angeles Rams until 2015
    assert len(kept) == len(names) - len(moved)


def test_a_renamed_team_is_found_under_both_names() -> None:
    for league, old, new in (
        ("baseball_mlb", "Oakland Athletics", "Athletics"),
        ("baseball_mlb", "Cleveland Indians", "Cleveland Guardians"),
        ("americanfootball_nfl", "Washington Football Team", "Washington Commanders"),
        ("icehockey_nhl", "Utah Hockey Club", "Utah Mammoth"),
        ("soccer_usa_mls", "New York Red Bulls", "Red Bull New York"),
        ("basketball_ncaab", "IUPUI Jaguars", "IU Indianapolis Jaguars"),
        ("basketball_ncaab", "St. Thomas-Minnesota Tommies", "St. Thomas Tommies"),
        ("basketball_ncaab", "New Orleans Privateers", "LSU New Orleans Privateers"),
    ):
        assert Names(league).key(old) == Names(league).key(new), (old, new)
