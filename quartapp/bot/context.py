"""The facts that a model may phrase: those of the games that a question is about, bounded, numbered from 1."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from quartapp.bot import figures
from quartapp.bot.catalogue import Catalogue
from quartapp.bot.check import problem
from quartapp.bot.facts import Fact
from quartapp.bot.game_facts import read_game
from quartapp.bot.library import Reads
from quartapp.bot.line_told import other_side
from quartapp.bot.numerals import parse_time
from quartapp.bot.question import Question
from quartapp.odds.market_keys import MARKETS

FACTS = 60
LETTERS = 6_000  # about 1,500 tokens
REMEMBERED = 1_024  # facts: what some twenty games have


def gather(question: Question, reads: Reads, catalogue: Catalogue, region: str | None) -> Iterator[Fact]:
    """Yield the facts for a question that a model may phrase, the nearest first; none where no game is asked about.

    Facts that were looked at and may not be said count too: what is asked bounds the work.
    """
    seen: set[tuple[str, str, str]] = set()
    letters = 0
    for fact in _facts(question, reads, catalogue, region):
        if fact.place in seen:
            continue
        letters += len(line(0, fact)) + 1
        if letters > LETTERS or len(seen) >= FACTS:
            return
        seen.add(fact.place)
        shared = sayable(fact)
        if shared is not None:
            yield shared


def _facts(question: Question, reads: Reads, catalogue: Catalogue, region: str | None) -> Iterator[Fact]:
    for sentence in figures.sentences(question, reads, catalogue, region):
        yield from sentence.facts
    for listed in dict.fromkeys(game for one in question.every for game in one.games):
        game = read_game(reads, listed.id)
        if game is None:
            continue
        yield from (*game.teams(), game.start(), *(game.scores() or ()))
        yield from (fact for *_, fact in game.chances())
        for key in MARKETS:
            point = game.field(key, "point", kind="point")
            yield from () if point is None else (point,)
            other = other_side(game, point.value) if key == "spreads" and point is not None else None
            yield from () if other is None else (other, *other.beside)
            for priced, edge in game.best(key):
                yield from priced.facts
                yield from () if edge is None else (edge,)
        for *_, facts in game.injuries():
            yield from facts


def line(number: int, fact: Fact) -> str:
    """Return a fact as the model reads it: data, in one line.

    >>> line(3, Fact("/api/game/1", '"a"', "/game/scores/home", 24, "number", ("Dallas Cowboys",), "home score"))
    '[3] home score (Dallas Cowboys) = 24'
    """
    moment = parse_time(fact.value) if fact.kind == "time" else None
    value = f"{moment:%Y-%m-%d} at {moment:%H:%M} UTC" if moment else " ".join(str(fact.value).split())[:80]
    names = f" ({', '.join(fact.names)})" if fact.names and value not in fact.names else ""
    return f"[{number}] {fact.label or fact.path.rpartition('/')[2]}{names} = {value}"


def sayable(fact: Fact) -> Fact | None:
    """Return a fact whose own words may reach a reader; None for one that is no part of a context.

    Many ask about one game: equal facts are checked once, and are one object.
    """
    try:
        return _shared(fact)
    except TypeError:  # a value that is a list has no hash
        return fact if _passes(fact) else None


def _passes(fact: Fact) -> bool:
    return bool(fact.names) if fact.kind == "text" else problem(f"It is {fact.value}.", [fact]) is None


@lru_cache(maxsize=REMEMBERED)
def _shared(fact: Fact) -> Fact | None:
    return fact if _passes(fact) else None
