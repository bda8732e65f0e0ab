"""The biggest favourite, the lowest total, the closest game: of the games that are listed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from quartapp.bot.catalogue import Listed
from quartapp.bot.facts import Fact, Sentence
from quartapp.bot.game_facts import GameFacts, read_game
from quartapp.bot.library import Reads
from quartapp.bot.said import percent

MOST_GAMES = 60  # looked at; of more of them nobody is called the first
_MOST = r"(?:biggest|largest|heaviest|strongest|surest|safest|highest|most)"
_LEAST = r"(?:smallest|lowest|least|tightest|closest|narrowest)"
_FAVOURITE = re.compile(
    rf"\b{_MOST}\s+(?:\w+\s+)?(?:favou?rites?|chalk)\b|\bmost\s+likely\s+to\s+win\b", re.IGNORECASE
)
_UNDERDOG = re.compile(
    rf"\b(?:{_MOST}|{_LEAST})\s+(?:\w+\s+)?(?:underdogs?|dogs?|long\s?shots?)\b", re.IGNORECASE
)
_CLOSEST = re.compile(
    r"\b(?:tightest|closest|narrowest|most\s+even)\s+(?:\w+\s+)?(?:game|match|matchup|spread|line)s?\b|\bcoin\s?flips?\b",
    re.IGNORECASE,
)
_TOTAL = re.compile(rf"\b({_MOST}|{_LEAST})\s+(?:\w+\s+)?(?:totals?|over[ /-]?unders?|o/u)\b", re.IGNORECASE)


def asked(message: str) -> bool:
    """Return whether a message asks which of the games is the first by something.

    >>> asked("who is the biggest favorite today"), asked("lowest total in the nba"), asked("biggest game")
    (True, True, False)
    """
    return any(pattern.search(message) for pattern in (_FAVOURITE, _UNDERDOG, _CLOSEST, _TOTAL))


def answer(message: str, listed: Sequence[Listed], reads: Reads) -> Iterator[Sentence]:
    """Yield the first of the games by what is asked; nothing where they are too many to look at."""
    if len(listed) > MOST_GAMES:
        return
    games = [facts for game in listed if (facts := read_game(reads, game.id)) is not None]
    if total := _TOTAL.search(message):
        yield from _total(games, highest=re.search(_MOST, total[1], re.IGNORECASE) is not None)
        return
    if _CLOSEST.search(message):
        yield from _closest(games)
        return
    chances = [
        (value, name, fact, game) for game in games for name, value, fact in game.chances() if name != "Draw"
    ]
    if not chances:
        return
    lowest = _UNDERDOG.search(message) is not None
    value, name, fact, game = (min if lowest else max)(chances, key=lambda one: one[0])
    yield Sentence(
        f"The {'lowest' if lowest else 'highest'} consensus probability to win of these games: {name} "
        f"{percent(value)}, in {game.away} at {game.home}.",
        (*game.teams(), fact),
    )


def _closest(games: Sequence[GameFacts]) -> Iterator[Sentence]:
    rows = [(game, [one for one in game.chances() if one[0] != "Draw"]) for game in games]
    rows = [(game, sides) for game, sides in rows if len(sides) == 2]
    if rows:
        game, sides = min(rows, key=lambda row: abs(row[1][0][1] - row[1][1][1]))
        said = ", ".join(f"{name} {percent(value)}" for name, value, _ in sides)
        yield Sentence(
            f"The closest of these games by the consensus is {game.away} at {game.home}: {said}.",
            (*game.teams(), *(fact for *_, fact in sides)),
        )


def _total(games: Sequence[GameFacts], *, highest: bool) -> Iterator[Sentence]:
    points: list[tuple[float, Fact, GameFacts]] = [
        (fact.value, fact, game)
        for game in games
        if (fact := game.field("totals", "point", kind="point")) is not None
    ]
    if points:
        value, fact, game = (max if highest else min)(points, key=lambda one: one[0])
        yield Sentence(
            f"The {'highest' if highest else 'lowest'} consensus total of these games: {value:g}, as in {game.away} at "
            f"{game.home}.",
            (*game.teams(), fact),
        )
