"""Prices and lines of a game as they are said: the best ones, one book's, and whether a line is still there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from quartapp.bot.catalogue import Catalogue
from quartapp.bot.facts import Fact, Sentence
from quartapp.bot.game_facts import MARKETS, GameFacts, Priced, read_game
from quartapp.bot.library import Reads
from quartapp.bot.question import Line
from quartapp.bot.said import facts_of, percent, pointed, price_text

BOOKS_TOLD = 6
GAMES_LOOKED_AT = 40


class Book(NamedTuple):
    """A book that is asked about, and a fact that lets its name be said; None where no game near has it."""

    key: str
    title: Fact | None

    @property
    def name(self) -> str:
        """Its name, as it may be said."""
        return self.title.names[0] if self.title else "That book"

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What lets it be said."""
        return () if self.title is None else (self.title,)


def book_asked(key: str | None, reads: Reads, catalogue: Catalogue) -> Book | None:
    """Return the book of a key, with its name from the first game that it quotes."""
    if key is None:
        return None
    for listed in catalogue.games[:GAMES_LOOKED_AT]:
        game = read_game(reads, listed.id)
        title = game.books().get(key) if game else None
        if title is not None:
            return Book(key, title)
    return Book(key, None)


def prices(key: str, facts: GameFacts, book: Book | None) -> Iterator[Sentence]:
    """Yield a book's prices of a market; the best ones and what they return on average without a book."""
    if book is not None:
        yield from _at_book(key, facts, book)
        return
    best = list(facts.best(key))
    if not best:
        yield Sentence(
            f"No book quotes the {MARKETS[key]} of {facts.away} at {facts.home} now.", facts.teams()
        )
        return
    told = "; ".join(f"{one.outcome} {price_text(one)} at {one.book}" for one, _ in best)
    yield Sentence(f"The best {MARKETS[key]} prices: {told}.", facts_of(one for one, _ in best))
    for one in _highest(key, facts, {one.outcome for one, _ in best}) if key == "h2h" else ():
        yield Sentence(
            f"No best price of {one.outcome} is published; the highest quoted is {price_text(one)} at {one.book}.",
            facts_of((one,)),
        )
    edges = [(one.outcome, edge) for one, edge in best if edge is not None]
    if key == "h2h" and edges:
        said = ", ".join(f"{outcome} {percent(edge.value, sign=True)}" for outcome, edge in edges)
        yield Sentence(
            f"The average return by the other books: {said}.",
            tuple(edge for _, edge in edges),
        )


def _highest(key: str, facts: GameFacts, known: set[str]) -> Iterator[Priced]:
    """Yield the highest price that is quoted of each outcome without a published best one."""
    highest: dict[str, Priced] = {}
    for quote in facts.quotes(key):
        other = highest.get(quote.outcome)
        if quote.outcome not in known and (other is None or quote.decimal > other.decimal):
            highest[quote.outcome] = quote
    yield from highest.values()


def _at_book(key: str, facts: GameFacts, book: Book) -> Iterator[Sentence]:
    quoted = list(facts.quotes(key, book.key))
    if quoted:
        told = ", ".join(f"{one.outcome}{pointed(one)} {price_text(one)}" for one in quoted)
        yield Sentence(f"At {quoted[0].book} the {MARKETS[key]} prices are {told}.", facts_of(quoted))
    else:
        yield Sentence(
            f"{book.name} does not quote the {MARKETS[key]} of {facts.away} at {facts.home} now.",
            (*facts.teams(), *book.facts),
        )


def line(key: str, facts: GameFacts, book: Book | None) -> Iterator[Sentence]:
    """Yield where a market's consensus line stands, and its prices."""
    point = facts.field(
        key,
        "point",
        kind="point",
        label=f"consensus line of {facts.home}" if key == "spreads" else "consensus total",
    )
    if point is None:
        yield Sentence(
            f"No book quotes a {MARKETS[key]} for {facts.away} at {facts.home} now.", facts.teams()
        )
        return
    cited: tuple[Fact, ...] = (*facts.teams(), point)
    about = f"{point.value:g}"
    if key == "spreads":
        about = f"{facts.home} {point.value:+g}" if point.value else f"{facts.home} level, {point.value:g}"
        other = other_side(facts, point.value)
        if other is not None:
            about += f", {facts.away} {other.value:+g}"
            cited = (*cited, other)
    yield Sentence(f"The consensus {MARKETS[key]} of {facts.away} at {facts.home} is {about}.", cited)
    yield from prices(key, facts, book)


def other_side(facts: GameFacts, home: float) -> Fact | None:
    """Return the away team's point as a book quotes it against the home team's."""
    return next(
        (
            fact
            for quote in facts.quotes("spreads")
            if home and quote.outcome == facts.away and quote.point == -home
            for fact in quote.facts
            if fact.path.endswith("/point")
        ),
        None,
    )


def answer(asked: Line, facts: GameFacts, book: Book | None) -> Iterator[Sentence]:
    """Yield who quotes a line, or that nobody does; the message's own figure is said only where a book quotes it."""
    quoted = [
        quote
        for quote in facts.quotes(asked.market, book.key if book else None)
        if (quote.outcome, quote.point) == (asked.outcome, asked.point)
    ]
    quoted = sorted(quoted, key=lambda quote: -quote.decimal)[:BOOKS_TOLD]
    if quoted:
        told = "; ".join(f"{price_text(quote)} at {quote.book}" for quote in quoted)
        where = f"{asked.outcome}{pointed(quoted[0])}, {facts.away} at {facts.home}"
        yield Sentence(f"Quoted now, {where}: {told}.", (*facts.teams(), *facts_of(quoted)))
        return
    who, cited = (book.name, book.facts) if book else ("No book", ())
    yield Sentence(
        f"{who} {'does not quote' if book else 'quotes'} that line of {facts.away} at {facts.home} now.",
        (*facts.teams(), *cited),
    )
    yield from prices(asked.market, facts, book) if book else line(asked.market, facts, None)
