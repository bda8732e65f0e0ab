"""Answers from documents alone: templates, each sentence with the facts that it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from quartapp.bot import closing_told, game_told, general, line_told, parlay_told, texts
from quartapp.bot.asked import Refused
from quartapp.bot.catalogue import Catalogue
from quartapp.bot.check import problem
from quartapp.bot.facts import Sentence, Source
from quartapp.bot.game_facts import MARKETS, GameFacts, read_game
from quartapp.bot.library import Reads
from quartapp.bot.question import Question
from quartapp.bot.said import percent, points
from quartapp.bot.topics import Topic

SENTENCES = 12
BOOKS_TOLD = 2
_LEVEL = re.compile(r"\btie[sd]?\b|\bdraws?\b|\blevel\b|\bpush\b", re.IGNORECASE)


def answer(question: Question, reads: Reads, catalogue: Catalogue, region: str | None) -> list[Sentence]:
    """Return the sentences that answer a question; at the least what the bot can answer."""
    return list(sentences(question, reads, catalogue, region))


def sentences(
    question: Question,
    reads: Reads,
    catalogue: Catalogue,
    region: str | None,
    parlay: Source | Refused | None = None,
) -> Iterator[Sentence]:
    """Yield the sentences of an answer, each made when it is asked for.

    `parlay`: the parlay that it asks the price of, or that is suggested to it.

    Each has passed the same check as a model's would: a document's text is data, whoever wrote it.
    """
    told: set[str] = set()
    for one in question.every:
        most, said = len(told) + SENTENCES // len(question.every), False
        for sentence in _answer(one, reads, catalogue, region, parlay if one.legs or one.wish else None):
            if problem(sentence.text, sentence.facts) is not None:
                continue
            said = True
            if sentence.text not in told:
                told.add(sentence.text)
                yield sentence
            if len(told) == most:
                break
        if not said:
            told.add(texts.NOT_ABLE)
            yield from (Sentence(texts.NOT_ABLE), Sentence(texts.ABLE[0]))


def _answer(
    question: Question,
    reads: Reads,
    catalogue: Catalogue,
    region: str | None,
    parlay: Source | Refused | None,
) -> Iterator[Sentence]:
    if question.care is not None:
        yield from general.caring(question.care, reads, region)
        if question.care not in ("stake", "promise"):
            return
    if question.care is None and parlay is not None:
        if isinstance(parlay, Refused):
            yield from parlay_told.refused(parlay, question.legs, reads)
        elif question.wish is not None:
            yield from parlay_told.suggested(parlay, reads)
        else:
            book = line_told.book_asked(question.book, reads, catalogue)
            yield from parlay_told.priced(parlay, reads, book)
        return
    games = [facts for game in question.games if (facts := read_game(reads, game.id)) is not None]
    if "book" in question.strangers and games:
        yield Sentence(texts.STRANGE_BOOK)
    if "team" in question.strangers and games:
        yield Sentence(texts.STRANGER)
    if question.beyond and question.care is None and games:
        yield Sentence(texts.BEYOND)
    if question.athletes and question.care is None:
        for athlete in question.athletes:
            if (facts := read_game(reads, athlete.game_id)) is not None:
                yield from game_told.injuries(facts, question.teams, athlete.name)
        if not games or set(question.topics) <= {"game", "injuries", "schedule", "status"}:
            return
    if games:
        topics: Iterable[Topic] = question.topics
        if question.care is not None:
            topics = ("chance", "price")
        elif question.beyond and question.topics == ("game",):
            topics = ("schedule", "chance")
        for facts in games:
            for topic in topics:
                yield from _of_game(topic, facts, question, reads, catalogue)
        return
    if question.unclear:
        yield from general.unclear(question, reads, catalogue)
        return
    if question.care is None:
        yield from general.answer(question, reads, catalogue, region)


def _of_game(
    topic: Topic, facts: GameFacts, question: Question, reads: Reads, catalogue: Catalogue
) -> Iterator[Sentence]:
    if topic in ("line", "price", "spread", "total", "chance", "hold", "arbitrage") and facts.status in (
        "live",
        "final",
    ):
        yield game_told.where_it_stands(facts)
        if facts.status == "final" and facts.market("h2h") is None:
            yield from closing_told.closing(facts)
            return
        if facts.status == "final":
            yield Sentence(texts.OVER)
    if topic in ("line", "price", "spread", "total"):
        for key in question.books[:BOOKS_TOLD] or (None,):
            book = line_told.book_asked(key, reads, catalogue)
            if topic == "line" and question.line is not None:
                yield from line_told.answer(question.line, facts, book)
            elif topic == "price":
                yield from line_told.prices("h2h", facts, book)
            else:
                yield from line_told.line("spreads" if topic == "spread" else "totals", facts, book)
    elif topic == "chance":
        yield from game_told.chances(facts)
        if _LEVEL.search(question.message):
            yield from game_told.level(facts)
    elif topic == "arbitrage":
        yield from closing_told.arbitrage(facts)
    elif topic == "closing":
        yield from closing_told.closing(facts)
    elif topic == "hold":
        yield from closing_told.hold(facts)
    elif topic == "injuries":
        yield from game_told.injuries(facts, question.teams)
    elif topic == "movement":
        yield from _movement(facts)
    elif topic == "form":
        yield from _form(facts)
    elif topic in ("score", "schedule"):
        yield game_told.where_it_stands(facts)
    elif topic == "status":
        yield from game_told.updated(facts)
    elif topic == "books":
        yield from _books(facts)
    elif topic in ("parlay", "priced", "picks"):
        yield from general.of(topic, question, reads)
    else:
        yield game_told.where_it_stands(facts)
        if facts.status == "final":
            yield from closing_told.closing(facts)
            return
        yield from game_told.chances(facts)
        for key in question.books[:BOOKS_TOLD] or (None,):
            book = line_told.book_asked(key, reads, catalogue)
            yield from line_told.prices("h2h", facts, book)
            yield from line_told.line("spreads", facts, book)
            yield from line_told.line("totals", facts, book)


def _movement(facts: GameFacts) -> Iterator[Sentence]:
    told = False
    for key, market in MARKETS.items():
        opened, current = (
            facts.field(key, "movement", name, kind="probability" if key == "h2h" else "point")
            for name in ("open", "current")
        )
        if opened is None or current is None:
            continue
        told = True
        first, last = ((percent if key == "h2h" else points)(fact.value) for fact in (opened, current))
        whose = "" if key == "totals" else f" of {facts.home}"
        verb = (
            f"opened at {first} and stands at {last}"
            if opened.value != current.value
            else f"opened at {first} and has not moved"
        )
        what = "probability" if key == "h2h" else market
        yield Sentence(f"The {what}{whose} {verb}.", (*facts.teams(), opened, current))
    if not told:
        yield Sentence(f"No line movement is known for {facts.away} at {facts.home}.", facts.teams())


def _form(facts: GameFacts) -> Iterator[Sentence]:
    for side, name in (("home", facts.home), ("away", facts.away)):
        results = facts.analysis.at("analysis", "form", side, "results") if facts.analysis else None
        if results and facts.analysis:
            fact = facts.analysis.fact("analysis", "form", side, "results", kind="text", names=(results,))
            yield Sentence(f"The last results of {name}, newest first: {results}.", (*facts.teams(), fact))
        else:
            yield Sentence(f"No results of {name} are recorded yet.", facts.teams())


def _books(facts: GameFacts) -> Iterator[Sentence]:
    books = facts.books()
    if books:
        told = ", ".join(fact.names[0] for fact in books.values())
        yield Sentence(
            f"Books that quote {facts.away} at {facts.home}: {told}.", (*facts.teams(), *books.values())
        )
