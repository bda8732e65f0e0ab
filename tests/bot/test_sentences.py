"""A model's sentences, one by one: what a hostile one would write is refused, what an honest one would write is not."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from quartapp.bot.catalogue import Catalogue, Catalogues
from quartapp.bot.check import FACTS_CITED, problem
from quartapp.bot.facts import Fact
from quartapp.bot.game_facts import MARKETS, GameFacts, read_game
from quartapp.bot.library import Library
from quartapp.bot.line_told import line
from quartapp.bot.phrased import phrased_problem
from quartapp.bot.plain import plain_name
from quartapp.bot.sides import games_of
from tests.bot.stand import HERE, held, world

UNSEEN = tomllib.loads((HERE / "golden" / "unseen.toml").read_text("utf-8"))
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
        games = {"soccer": [self.game("Leeds United")], "two": [chiefs, self.game("Dallas Cowboys")]}
        if name in games:
            several = [fact for game in games[name] for fact in self.whole(game, len(games[name]) == 1)]
            return tuple(dict.fromkeys(several))[:FACTS_CITED]
        chances = [fact for *_, fact in chiefs.chances()]
        makers: dict[str, Callable[[], Any]] = {
            "winner": lambda: [*self.quoted(chiefs, "h2h"), *chances],
            "total": lambda: self.quoted(chiefs, "totals")[:3],
            "spread": lambda: self.quoted(chiefs, "spreads")[:3],
            "all": lambda: [chiefs.start(), *chances, *self.best(chiefs), *self.lines(chiefs)],
            "injuries": lambda: [fact for *_, facts in chiefs.injuries() for fact in facts],
            "hold": lambda: [*chances, chiefs.field("h2h", "hold", kind="probability")],
            "live": lambda: self.game("Miami Heat").scores(),
            "final": lambda: self.game("Baltimore Ravens").scores(),
        }
        game = {"live": self.game("Miami Heat"), "final": self.game("Baltimore Ravens")}.get(name, chiefs)
        return tuple(dict.fromkeys((*game.teams(), *makers[name]())))[:FACTS_CITED]

    def whole(self, game: GameFacts, with_lines: bool) -> list[Fact]:
        winner = [fact for priced, _ in game.best("h2h") for fact in priced.facts]
        chances = [fact for *_, fact in game.chances()]
        points = [game.field(key, "point", kind="point") for key in ("spreads", "totals")]
        lines = [game.start(), *self.best(game), *(point for point in points if point)]
        return [*game.teams(), *chances, *(lines if with_lines else winner)]

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

    def why_not(self, row: dict[str, str], *, part: int = 0) -> str | None:
        """Return why a sentence is refused that cites the facts of its row, all of them or a `part`."""
        facts = self.facts(row["facts"])
        games = games_of(facts)
        if part:
            chance = random.Random(f"{part} {row['text']}")
            facts = tuple(chance.sample(facts, chance.randint(1, len(facts))))
        facts = tuple(dict.fromkeys(cited for fact in facts for cited in (fact, *fact.beside)))
        return phrased_problem(row["text"], facts, games, self.catalogue.distinctive)


def unseen(kind: str) -> list[dict[str, str]]:
    return [
        {"facts": facts, "text": text}
        for group in UNSEEN[kind].values()
        for facts, texts in group.items()
        for text in texts
    ]


@pytest.fixture(scope="module")
def cited() -> Cited:
    return Cited()


def test_a_hostile_sentence_is_refused(cited: Cited) -> None:
    lies = DATA["lies"] + unseen("lies")
    assert len(lies) >= 1_200
    assert not [row["text"] for row in lies if cited.why_not(row) is None]


def test_a_hostile_sentence_is_refused_whatever_it_cites(cited: Cited) -> None:
    lies = DATA["lies"] + unseen("lies")
    assert not [row["text"] for row in lies for part in (1, 2, 3) if cited.why_not(row, part=part) is None]


def test_an_honest_sentence_is_let_through(cited: Cited) -> None:
    truths = DATA["truths"] + unseen("truths")
    held_back = [(row["text"], why) for row in truths if (why := cited.why_not(row)) is not None]
    assert not held_back


def test_a_figure_just_in_the_middle_may_be_rounded_either_way() -> None:
    price = Fact("/api/parlays/priced?leg=1", '"1"', "/price_decimal", 3.315, "price", ("Pinnacle",))
    said = [
        text for text in ("3.3", "3.30", "3.31", "3.32", "3.33") if problem(f"It is {text}.", [price]) is None
    ]
    assert said == ["3.3", "3.31", "3.32"]


@pytest.mark.parametrize(
    "name",
    ["evil.com", "t.me/locks", "1-800-555-0199", "555 0199 222", "Mahomes -500", "Chiefs +900", "Chiefs Win 30-3",
     "Take Chiefs", "Hammer The Over", "Promo Code", "Odds 1.01"],
)  # fmt: skip
def test_a_name_that_is_an_address_a_price_or_a_tip_is_none(name: str) -> None:
    assert plain_name(name) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [("The Chiefs are -141 at DraftKings.", "the figure -141"),
     ("The Chiefs and the Dallas Cowboys are -140.", "the name cowboys"),
     ("The Chiefs are guaranteed at -140.", "the claim guaranteed")],
)  # fmt: skip
def test_the_check_of_every_sentence_refuses_alone(cited: Cited, text: str, why: str) -> None:
    assert problem(text, cited.facts("winner"), cited.catalogue.distinctive) == why
