"""One answer, from a message to its last event.

Whatever a model writes is cut into sentences, and each is checked against the facts that it cites; what does not check
is never sent. An answer with nothing left, or whose model failed before its first sentence, is made from the documents
alone. The generator ends by itself in every case, in `done` or in `error`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from quartapp.bot import figures
from quartapp.bot.asked import Asked, Parlays, Refused, Told
from quartapp.bot.catalogue import Catalogue, Catalogues
from quartapp.bot.context import gather
from quartapp.bot.facts import Citations, Fact, Sentence, Source
from quartapp.bot.halt import RESTARTING, Halt, HaltedError, until
from quartapp.bot.library import Library
from quartapp.bot.phrased import phrased_problem
from quartapp.bot.prompt import messages
from quartapp.bot.question import Question
from quartapp.bot.sentences import Sentences, Written
from quartapp.bot.sides import Sides, games_of
from quartapp.bot.thread import understood
from quartapp.bot.turns import Turns
from quartapp.documents.held import HeldDocuments

MOST_SENTENCES = 10
MOST_LETTERS = 6_000  # of a model's text; one that never ends is left there


class Event(NamedTuple):
    """A server-sent event."""

    name: str
    data: dict[str, Any]


class WriterError(Exception):
    """A model gave no answer, or broke off. `code` is for programs."""

    def __init__(self, code: str, detail: str) -> None:
        self.code, self.detail = code, detail
        super().__init__(detail)


class Writer(Protocol):
    """A model: yields its text in pieces. Raises WriterError."""

    def write(self, asked: list[dict[str, str]]) -> AsyncGenerator[str, None]:
        """Return the answer to messages."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a message asks, and the facts that a model may phrase for it; none where it is better answered without one."""

    question: Question
    catalogue: Catalogue
    facts: list[Fact]


class Bot:
    """Answers from the documents of this process."""

    def __init__(
        self, documents: HeldDocuments, stopping: asyncio.Event, parlays: Parlays | None = None
    ) -> None:
        self._stopping = stopping
        self._parlays = parlays
        self._library = Library(documents)
        self._catalogues = Catalogues(documents)
        self._turns = Turns()

    async def consider(self, asked: Asked, now: datetime, *, phrased: bool) -> Matter:
        """Return what a message asks, with the facts for a model if it is to be `phrased`. It costs some milliseconds."""
        matter = await self._turns.result(self._understood(asked, now))
        question = matter.question
        phrasable = any(one.games for one in question.every) and not any(one.legs for one in question.every)
        if not phrased or question.care is not None or not phrasable:
            return matter
        facts = gather(question, self._library, matter.catalogue, asked.region)
        return replace(matter, facts=await self._turns.all(facts))

    async def answer(
        self,
        asked: Asked,
        told: Told,
        now: datetime,
        writer: Writer | None = None,
        *,
        matter: Matter | None = None,
        note: str | None = None,
        halt: Halt | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Yield the events between `start` and `done`; `told` says in the end what happened.

        `matter` is what `consider` made of the message, if that is done. `note` goes first: why this answer is made
        otherwise than `start` said. `halt` ends it at once, with an `error`.
        """
        halt = halt or Halt()
        citations = Citations()
        if note is not None:
            for event in _events(Sentence(note), citations, told):
                yield event
        try:
            matter = matter or await self.consider(asked, now, phrased=writer is not None)
            async with aclosing(self._sentences(asked, told, matter, writer, halt)) as sentences:
                async for sentence in sentences:
                    for event in _events(sentence, citations, told):
                        yield event
                    halt.check()
                    if self._stopping.is_set():
                        raise HaltedError(*RESTARTING)
        except (WriterError, HaltedError) as end:
            told.error, told.failed = end.code, True
            yield Event("error", {"code": end.code, "detail": end.detail})

    async def _sentences(
        self, asked: Asked, told: Told, matter: Matter, writer: Writer | None, halt: Halt
    ) -> AsyncGenerator[Sentence, None]:
        """Yield a model's sentences, or those of the documents where there is no model or nothing of it is left."""
        if writer is not None and matter.facts:
            told.mode = "model"
            said = len(told.texts)
            try:
                async with aclosing(self._phrased(asked, matter, writer, told, halt)) as phrased:
                    async for sentence in phrased:
                        yield sentence
            except WriterError as problem_met:
                told.error = problem_met.code
                if len(told.texts) > said:
                    raise
            if len(told.texts) > said:
                return
            told.mode = "figures"
        halt.check()
        parlay = await self._parlay(matter.question)
        told_by_documents = figures.sentences(
            matter.question, self._library, matter.catalogue, asked.region, parlay
        )
        for sentence in await self._turns.all(told_by_documents):
            yield sentence

    async def _parlay(self, question: Question) -> Source | Refused | None:
        """Return the parlay that a question asks the price of, or to be suggested."""
        if self._parlays is None or question.care is not None:
            return None
        for one in question.every:
            if one.legs:
                return await self._parlays.priced(one.legs, one.book)
            if one.wish is not None:
                return await self._parlays.suggested(one.wish.legs, one.wish.risk, one.sport, one.book)
        return None

    def _understood(self, asked: Asked, now: datetime) -> Generator[None, None, Matter]:
        catalogue = self._catalogues.now()
        yield
        question = yield from understood(asked, catalogue, now)
        return Matter(question, catalogue, [])

    async def _phrased(
        self, asked: Asked, matter: Matter, writer: Writer, told: Told, halt: Halt
    ) -> AsyncGenerator[Sentence, None]:
        """Yield the sentences of a model's text that check, as they come."""
        cut, games = Sentences(), games_of(matter.facts)
        letters = sent = 0
        written_by = writer.write(messages(asked.message, matter.facts, asked.history))
        async with aclosing(until(halt, written_by)) as pieces:
            async for piece in pieces:
                letters += len(piece)
                for written in cut.add(piece):
                    if (sentence := _checked(written, matter, games, told)) is not None:
                        sent += 1
                        yield sentence
                if letters > MOST_LETTERS or sent >= MOST_SENTENCES:
                    return
        for written in cut.end():
            if (sentence := _checked(written, matter, games, told)) is not None:
                yield sentence


def _checked(written: Written, matter: Matter, games: Mapping[str, Sides], told: Told) -> Sentence | None:
    facts = matter.facts
    marked = [facts[number - 1] for number in written.cited if 1 <= number <= len(facts)]
    cited = tuple(dict.fromkeys(one for fact in marked for one in (fact, *fact.beside)))
    why = phrased_problem(written.text, cited, games, matter.catalogue.distinctive)
    if why is None and written.text in told.texts:
        why = "said before"
    if why is None:
        return Sentence(written.text, cited)
    told.dropped.append(why)
    return None


def _events(sentence: Sentence, citations: Citations, told: Told) -> list[Event]:
    numbers, new = citations.cite(sentence.facts)
    told.texts.append(sentence.text)
    told.citations += new
    return [
        *(Event("cite", dict(citation)) for citation in new),
        Event("text", {"text": sentence.text, "citations": numbers}),
    ]
