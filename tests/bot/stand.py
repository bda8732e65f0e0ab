"""A small world of documents, as a web process holds them, for asking the bot without any process."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson

from quartapp.api.bot.parlays import ParlayReads
from quartapp.api.parlays.games import Games
from quartapp.api.parlays.priced import PricedReads
from quartapp.api.parlays.suggestions import Suggestions
from quartapp.bot.asked import Refused
from quartapp.bot.chat import Bot
from quartapp.bot.facts import Source
from quartapp.bot.parlay_asked import AskedLeg
from quartapp.documents.held import HeldDocuments
from quartapp.documents.table import Published
from quartapp.publish import addresses, rules

T = TypeVar("T")
HERE = Path(__file__).parent
NOW = datetime(2026, 11, 26, 1, 2, tzinfo=UTC)


def world() -> dict[str, Any]:
    """Return the documents by key, made by the sandbox."""
    content: dict[str, Any] = json.loads((HERE / "documents.json").read_text("utf-8"))
    return {**content, addresses.RULES: {"generated_at": "2026-11-26T00:59:19Z", **rules.content()}}


def held(content: Mapping[str, Any]) -> HeldDocuments:
    """Return documents as a web process in step holds them."""
    documents = HeldDocuments(max_bytes=64 * 1024 * 1024)
    publish_into(documents, content)
    return documents


def publish_into(
    documents: HeldDocuments, content: Mapping[str, Any] | None = None, version: int = 1
) -> None:
    """Let `documents` hold the small world, or `content`."""
    bodies = {key: orjson.dumps(body) for key, body in (world() if content is None else content).items()}
    documents.apply(
        [Published(key, version, etag_of(body), body, None, None, NOW) for key, body in bodies.items()],
        version,
    )
    documents.in_step()


def etag_of(body: bytes) -> str:
    """Return the version of a document as the small world has it."""
    return f'"{hashlib.sha256(body).hexdigest()[:24]}"'


class Asking:
    """The small world and a bot that answers from it at `NOW`.

    `documents` has what it cites beside the published documents: the parlays that it read; `etags` their versions.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.documents: dict[str, Any] = dict(content)
        self.etags = {key: etag_of(orjson.dumps(body)) for key, body in content.items()}
        self.published = published = held(content)
        games = Games(published)
        self._parlays = ParlayReads(
            published,
            PricedReads(published, games, lambda: NOW),
            Suggestions(published, games, lambda: NOW),
        )
        self.bot = Bot(published, asyncio.Event(), self)

    async def priced(self, legs: Sequence[AskedLeg], bookmaker: str | None) -> Source | Refused:
        return self._noted(await self._parlays.priced(legs, bookmaker))

    async def suggested(
        self, legs: int, risk: str, sport: str | None, bookmaker: str | None
    ) -> Source | None:
        return self._noted(await self._parlays.suggested(legs, risk, sport, bookmaker))

    def _noted(self, read: T) -> T:
        if isinstance(read, Source):
            self.documents[read.key] = read.content
            self.etags[read.key] = read.etag
        return read


def events_of(body: bytes | str) -> list[tuple[str, dict[str, Any]]]:
    """Return the server-sent events of a whole answer, comments left out."""
    text = body.decode() if isinstance(body, bytes) else body
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found
