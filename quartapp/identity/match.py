"""Which event of a scoreboard is which of our games: by league, time and both teams; nothing is guessed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from quartapp.identity.names import Names
from quartapp.records import GameReport

NEAR = timedelta(
    hours=4
)  # how far two sources' starts of one game lie apart where the teams meet more than once
SAME_DAY = timedelta(hours=12)  # where as many games as events stand against each other, in order
TWICE_A_DAY = (
    "baseball_"  # here a lone event hours away can be the day's other game, of which the source has one yet
)
ONE_START = timedelta(minutes=30)  # two entries this close are one game, listed twice


@dataclass(frozen=True, slots=True)
class OurGame:
    """A game as The Odds API lists it."""

    id: str
    home_team: str
    away_team: str
    commence_time: datetime


T = TypeVar("T", OurGame, GameReport)
U = TypeVar("U", OurGame, GameReport)


@dataclass(frozen=True, slots=True)
class Match:
    """What a scoreboard says of one of our games. `swapped`: its home side is our away side."""

    report: GameReport
    swapped: bool

    @property
    def score(self) -> tuple[int, int] | None:
        """(our home, our away)."""
        home, away = self.report.home_score, self.report.away_score
        return None if home is None or away is None else self._ours((home, away))

    @property
    def regulation(self) -> tuple[int, int] | None:
        """The same at the end of regulation, where it was played on and that was told."""
        return self.report.regulation and self._ours(self.report.regulation)

    def _ours(self, score: tuple[int, int]) -> tuple[int, int]:
        home, away = score
        return (away, home) if self.swapped else (home, away)


def match(games: Sequence[OurGame], reports: Sequence[GameReport], names: Names) -> dict[str, Match]:
    """Return what the board says of each game that it has beyond doubt, by our game's id."""
    ours: dict[frozenset[tuple[str, ...]], list[OurGame]] = {}
    for game in games:
        ours.setdefault(frozenset((names.key(game.home_team), names.key(game.away_team))), []).append(game)
    theirs: dict[frozenset[tuple[str, ...]], list[GameReport]] = {}
    for report in reports:
        theirs.setdefault(frozenset((names.key(report.home_team), names.key(report.away_team))), []).append(
            report
        )
    apart = NEAR if names.sport_key.startswith(TWICE_A_DAY) else SAME_DAY
    found: dict[str, Match] = {}
    for teams, listed in ours.items():
        for same, report in _pairs(_by_start(listed), _by_start(theirs.get(teams, ())), apart):
            for game in same:
                swapped = names.key(game.home_team) != names.key(report.home_team)
                found[game.id] = Match(report, swapped)
    return found


def _by_start(listed: Sequence[T]) -> list[list[T]]:
    """Return entries in order of time, those of one start together."""
    groups: list[list[T]] = []
    for one in sorted(listed, key=lambda each: (each.commence_time, each.id)):
        if groups and one.commence_time - groups[-1][0].commence_time < ONE_START:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _pairs(
    ours: Sequence[list[OurGame]], theirs: Sequence[list[GameReport]], apart: timedelta
) -> list[tuple[list[OurGame], GameReport]]:
    # An entry that nothing is near is of another day, one that was put off, say: it does not count here.
    ours, theirs = _within(ours, theirs, apart), _within(theirs, ours, apart)
    if len(ours) == len(theirs):
        pairs = list(zip(ours, theirs, strict=True))
        if all(_apart(games, reports) <= apart for games, reports in pairs):
            return [(games, only) for games, reports in pairs if (only := _only(reports)) is not None]
    found: list[tuple[list[OurGame], GameReport]] = []
    for games in ours:
        near = [reports for reports in theirs if _apart(games, reports) <= NEAR]
        if len(near) != 1:
            continue
        rivals = [other for other in ours if _apart(other, near[0]) <= NEAR]
        only = _only(near[0])
        if len(rivals) == 1 and only is not None:
            found.append((games, only))
    return found


def _within(groups: Sequence[list[T]], others: Sequence[list[U]], apart: timedelta) -> list[list[T]]:
    return [group for group in groups if any(_apart(group, other) <= apart for other in others)]


def _apart(entries: Sequence[OurGame | GameReport], others: Sequence[OurGame | GameReport]) -> timedelta:
    return abs(entries[0].commence_time - others[0].commence_time)


def _only(reports: Sequence[GameReport]) -> GameReport | None:
    """Return the one event of a start; of two that say the same the first, of two that differ none."""
    said = {
        (one.status, frozenset(((one.home_team, one.home_score), (one.away_team, one.away_score))))
        for one in reports
    }
    return reports[0] if len(said) == 1 else None
