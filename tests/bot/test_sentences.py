"""A model's sentences, one by one: what a hostile one would write is refused, what an honest one would write is not."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from quartapp.bot.binding import binding_problem
from quartapp.bot.catalogue import Catalogue, Catalogues
from quartapp.bot.check import FACTS_CITED, problem
from quartapp.bot.facts import Fact
from quartapp.bot.game_facts import MARKETS, GameFacts, read_game
from quartapp.bot.library import Library
from quartapp.bot.line_told import line
from quartapp.bot.vague import vague_problem
from tests.bot.stand import HERE, held, world

DATA = tomllib.loads((HERE / "golden" / "sentences.toml").read_text("utf-8"))


class Cited:
    """The facts that the sentences cite."""

    def __init__(self) -> None:
        documents = held(world())
        self._library = Library(documents)
        self.catalogue: Catalogue = Catalogues(documents).now()

    def game(self, team: str) -> GameFacts:
        listed = next(game for game in self.catalogue.games if team in (game.home, game.away))
        game = read_game(self._library, listed.id)
        assert game is not None
        return game

    def facts(self, name: str) -> tuple[Fact, ...]:
        chiefs = self.game("Kansas City Chiefs")
        chances = [fact for *_, fact in chiefs.chances()]
        makers: dict[str, Callable[[], Any]] = {
            "winner": lambda: [*self.quoted(chiefs, "h2h"), *chances],
            "total": lambda: self.quoted(chiefs, "totals")[:3],
            "spread": lambda: self.quoted(chiefs, "spreads")[:3],
            "all": lambda: [chiefs.start(), *chances, *self.best(chiefs), *self.lines(chiefs)],
            "injuries": lambda: [fact for *_, facts in chiefs.injuries() for fact in facts],
            "live": lambda: self.game("Miami Heat").scores(),
            "final": lambda: self.game("Baltimore Ravens").scores(),
        }
        game = {"live": self.game("Miami Heat"), "final": self.game("Baltimore Ravens")}.get(name, chiefs)
        return tuple(dict.fromkeys((*game.teams(), *makers[name]())))[:FACTS_CITED]

    @staticmethod
    def quoted(game: GameFacts, market: str) -> list[Fact]:
        return [fact for quote in game.quotes(market, "draftkings") for fact in quote.facts]

    @staticmethod
    def best(game: GameFacts) -> list[Fact]:
        return [
            fact
            for key in MARKETS
            for priced, edge in game.best(key)
            for fact in (*priced.facts, *((edge,) if edge else ()))
        ]

    @staticmethod
    def lines(game: GameFacts) -> list[Fact]:
        return [
            fact
            for key in ("spreads", "totals")
            for fact in next(line(key, game, None)).facts
            if fact.path.endswith("/point")
        ]

    def why_not(self, row: dict[str, str]) -> str | None:
        facts = self.facts(row["facts"])
        return (
            problem(row["text"], facts, self.catalogue.distinctive)
            or vague_problem(row["text"], facts)
            or binding_problem(row["text"], facts)
        )


@pytest.fixture(scope="module")
def cited() -> Cited:
    return Cited()


def test_a_hostile_sentence_is_refused(cited: Cited) -> None:
    assert len(DATA["lies"]) >= 140
    assert not [row["text"] for row in DATA["lies"] if cited.why_not(row) is None]


def test_an_honest_sentence_is_let_through(cited: Cited) -> None:
    held_back = [(row["text"], why) for row in DATA["truths"] if (why := cited.why_not(row)) is not None]
    assert not held_back
