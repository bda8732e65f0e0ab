"""Which bets are worth publishing: few, fresh, and worth their price by everybody else's prices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from quartapp.odds.value import TOO_GOOD_EDGE

MOST_A_DAY = 8
FEWEST_BOOKS = 4  # three others judge the one that quotes
LEAST_EDGE = 0.02
LEAST_WIN = 0.15  # below it an edge rests on a fraction of a point of probability, less than books differ by
FRESH = timedelta(minutes=30)
SOONEST, LATEST = timedelta(hours=1), timedelta(hours=48)

GameName = tuple[str, str, str, datetime]  # sport, home, away, start: one game under two ids has one name


@dataclass(frozen=True, slots=True)
class Candidate:
    """A price at one bookmaker. `win` and `push` are by the other books; a half result counts as half of each.

    `marked`: the market shows what is too good to be true.
    """

    game: GameName
    game_id: str
    market: str
    outcome: str
    bookmaker: str
    decimal: float
    win: float
    push: float
    edge: float
    books: int
    updated: datetime
    marked: bool = False

    @property
    def starts(self) -> datetime:
        """When the game begins."""
        return self.game[3]


# In order: what each asks, and what to say when no price meets it of those that met the ones before.
_RULES: tuple[tuple[Callable[[Candidate, datetime], bool], str], ...] = (
    (
        lambda one, now: SOONEST < one.starts - now <= LATEST,
        f"No game with prices of three books begins between {SOONEST // timedelta(hours=1)} and "
        f"{LATEST // timedelta(hours=1)} hours from now.",
    ),
    (
        lambda one, now: one.updated >= now - FRESH,
        f"No price of a game ahead was confirmed in the last {FRESH // timedelta(minutes=1)} minutes.",
    ),
    (
        lambda one, now: one.books >= FEWEST_BOOKS,
        f"No market of a game ahead has fresh prices of {FEWEST_BOOKS} books.",
    ),
    (
        lambda one, now: one.edge >= LEAST_EDGE and one.win >= LEAST_WIN,
        f"No bookmaker pays {LEAST_EDGE:.0%} more than its price is worth by the other books.",
    ),
    (
        lambda one, now: one.edge <= TOO_GOOD_EDGE and not one.marked,
        "What pays more than it is worth pays too much to be true: a mistake, or news.",
    ),
)
ALL = len(_RULES)


def rules_met(one: Candidate, now: datetime) -> int:
    """Return how many rules a candidate meets before one that it does not; `ALL`: it may be published."""
    return next((number for number, (rule, _) in enumerate(_RULES) if not rule(one, now)), ALL)


def why_none(furthest: int) -> str:
    """Return why there is no pick, where the best candidate met so many rules."""
    return _RULES[furthest][1] if furthest < ALL else "Each game with such a price has had its pick."


def choose(
    candidates: Iterable[Candidate], taken: Collection[GameName | str], published: int, now: datetime
) -> list[Candidate]:
    """Return the picks to publish, the best first: one a game, and with those `published` today at most eight.

    `taken`: names and ids of games that have had a pick. A game whose start moves has another name and its id still.
    """
    games = set(taken)
    chosen: list[Candidate] = []
    for one in sorted(
        candidates, key=lambda one: (-one.edge, one.game_id, one.market, one.outcome, one.bookmaker)
    ):
        known = one.game in games or one.game_id in games
        if rules_met(one, now) == ALL and not known and published + len(chosen) < MOST_A_DAY:
            games |= {one.game, one.game_id}
            chosen.append(one)
    return chosen
