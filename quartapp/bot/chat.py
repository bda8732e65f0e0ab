"""One answer, from a message to its last event.

Whatever a model writes is cut into sentences, and each is checked against the facts that it cites; what does not check
is never sent. An answer with nothing left, or whose model failed before its first sentence, is made from the documents
alone. The generator ends by itself in every case, in `done` or in `error`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from quartapp.bot import figures
from quartapp.bot.asked import Asked, Told
from quartapp.bot.catalogue import Catalogue, Catalogues
from quartapp.bot.check import problem
from quartapp.bot.context import gather, sayable
from quartapp.bot.facts import Citations, Fact, Sentence
from quartapp.bot.library import Library
from quartapp.bot.prompt import messages
from quartapp.bot.question import Question, understand
from quartapp.bot.sentences import Sentences, Written
from quartapp.documents.held import HeldDocuments

MOST_SENTENCES = 10
MOST_LETTERS = 6_000  # of a model's text; one that never ends is left there
RESTARTING = {"code": "restarting", "detail": "This server is being restarted; ask again."}


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


class Bot:
    """Answers from the documents of this process."""

    def __init__(self, documents: HeldDocuments, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self.library = Library(documents)
        self._catalogues = Catalogues(documents)

    def wants_model(self, asked: Asked, now: datetime) -> list[Fact]:
        """Return the facts that a model may phrase for this message; none where it is better answered without one."""
        catalogue = self._catalogues.now()
        question = self._understood(asked, catalogue, now)
        if question.care is not None or not question.games:
            return []
        facts = gather(question, self.library, catalogue, asked.region)
        return [fact for fact in facts if sayable(fact)]

    async def answer(
        self,
        asked: Asked,
        told: Told,
        now: datetime,
        writer: Writer | None = None,
        *,
        note: str | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Yield the events between `start` and `done`; `told` says in the end what happened.

        `note` goes first: why this answer is made otherwise than `start` said.
        """
        catalogue = self._catalogues.now()
        citations = Citations()
        if note is not None:
            for event in _events(Sentence(note), citations, told):
                yield event
        if writer is not None and (facts := self.wants_model(asked, now)):
            told.mode = "model"
            try:
                async with aclosing(self._phrased(asked, facts, writer, catalogue, told)) as phrased:
                    async for sentence in phrased:
                        for event in _events(sentence, citations, told):
                            yield event
                        if self._stopping.is_set():
                            break
            except WriterError as problem_met:
                told.error = problem_met.code
                if told.texts:
                    told.failed = True
                    yield Event("error", {"code": problem_met.code, "detail": problem_met.detail})
                    return
            if told.texts and not self._stopping.is_set():
                return
            told.mode = "figures"
        if not (self._stopping.is_set() and told.texts):
            for sentence in figures.answer(
                self._understood(asked, catalogue, now), self.library, catalogue, asked.region
            ):
                for event in _events(sentence, citations, told):
                    yield event
                if self._stopping.is_set():
                    break
                await asyncio.sleep(0)
        if self._stopping.is_set():
            told.error, told.failed = "restarting", True
            yield Event("error", RESTARTING)

    def _understood(self, asked: Asked, catalogue: Catalogue, now: datetime) -> Question:
        return understand(asked.message, catalogue, now, sport=asked.sport, game_id=asked.game_id)

    async def _phrased(
        self, asked: Asked, facts: list[Fact], writer: Writer, catalogue: Catalogue, told: Told
    ) -> AsyncGenerator[Sentence, None]:
        """Yield the sentences of a model's text that check, as they come."""
        cut = Sentences()
        letters = sent = 0
        async with aclosing(writer.write(messages(asked.message, facts, asked.history))) as pieces:
            async for piece in pieces:
                letters += len(piece)
                for written in cut.add(piece):
                    if (sentence := _checked(written, facts, catalogue, told)) is not None:
                        sent += 1
                        yield sentence
                if letters > MOST_LETTERS or sent >= MOST_SENTENCES:
                    return
        for written in cut.end():
            if (sentence := _checked(written, facts, catalogue, told)) is not None:
                yield sentence


def _checked(written: Written, facts: Sequence[Fact], catalogue: Catalogue, told: Told) -> Sentence | None:
    marked = [facts[number - 1] for number in written.cited if 1 <= number <= len(facts)]
    cited = tuple(dict.fromkeys(one for fact in marked for one in (fact, *fact.beside)))
    why = problem(written.text, cited, catalogue.distinctive)
    if why is None and not cited:
        why = "no citation"
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
