"""The published documents that this web process holds in memory, kept fresh from PostgreSQL.

One connection of its own listens for notifications and asks every few seconds as well, for one that was
missed. While PostgreSQL is away the documents stay, and `stale` is true.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import asyncpg
import brotli
import orjson

from ops.database import DatabaseUnavailable, connect
from ops.telemetry.logs import get_logger, redact
from quartapp.documents.copy import Copy
from quartapp.documents.table import CHANNEL, Published, load_one, load_since

log = get_logger(__name__)

POLL_SECONDS = 4.0
RECONNECT_SECONDS = 0.5
ANSWER_SECONDS = 10.0
FULL_RELOAD_AFTER_SECONDS = 12 * 3600.0  # tombstones live two days; a longer absence must not miss one
DERIVED_BYTES = 16 * 1024 * 1024
DERIVED_OVERHEAD_BYTES = 5_000  # header lists and entries: what an answer of a few bytes was measured to cost


def copy_of(document: Published, link: str | None) -> Copy:
    """Return a published document, ready to send."""
    assert document.body is not None
    bodies = {"identity": document.body}
    if document.body_br:
        bodies["br"] = document.body_br
    if document.body_gzip:
        bodies["gzip"] = document.body_gzip
    return Copy(
        document.key,
        document.version,
        document.etag.encode(),
        bodies,
        document.published_at,
        route=route_of(document.key),
        size=document.size,
        link=link.encode() if link else None,
    )


def next_link(document: Published) -> str | None:
    """Return the Link header of a page of games that another follows."""
    if not document.key.startswith("/api/games") or document.body is None:
        return None
    page = orjson.loads(document.body)
    if not page.get("next"):
        return None
    parameters = {"cursor": page["next"]} | ({"sport": page["sport"]} if page.get("sport") else {})
    return f'</api/games?{urlencode(parameters)}>; rel="next"'


def route_of(key: str) -> str:
    """Return the route that a document answers, for metrics."""
    path = key.partition("?")[0]
    if path.startswith("/api/game/"):
        return "/api/game/<game_id>"
    return "/api/analysis/<game_id>" if path.startswith("/api/analysis/") else path


def canonical(path: str, query: str) -> str:
    """Return the key of a request target: its query sorted.

    >>> canonical("/api/games", "sport=nfl&cursor=x")
    '/api/games?cursor=x&sport=nfl'
    """
    if not query:
        return path
    return f"{path}?{urlencode(sorted(parse_qsl(query, keep_blank_values=True)))}"


class HeldDocuments:
    """All documents of a web process. `get` is a dictionary look-up; `keep_fresh` is its background task."""

    def __init__(
        self, dsn: str, *, max_bytes: int, listen: bool = True, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._dsn = dsn
        self._max_bytes = max_bytes
        self._listen = listen
        self._poll_seconds = poll_seconds
        self._held: dict[str, Copy] = {}
        self._dropped: dict[str, int] = {}
        self._derived: OrderedDict[str, tuple[int, Copy]] = OrderedDict()
        self._derived_bytes = 0
        self._bytes = 0
        self._wake = asyncio.Event()
        self._connection: asyncpg.Connection[Any] | None = None
        self._in_step_at = 0.0
        self.version = 0
        self.warm = False
        self.stale = True

    # --- reading

    def get(self, key: str) -> Copy | None:
        """Return the document under a canonical key, if it is in memory."""
        held = self._held.get(key)
        if held is None:
            derived = self._derived.get(key)
            return derived[1] if derived is not None and derived[0] == self.version else None
        held.used = time.monotonic()
        return held

    async def fetch(self, key: str) -> Copy | None:
        """Return a document that memory had no room for. Raises OSError and its like without PostgreSQL."""
        if key not in self._dropped or self._connection is None:
            return None
        async with asyncio.timeout(ANSWER_SECONDS):
            document = await load_one(self._connection, key)
        if document is None or document.body is None:
            return None
        self._apply(document)
        return self._held.get(key)

    @property
    def age_seconds(self) -> int:
        """Seconds since these documents were known to be the newest; 0 while they are."""
        return int(time.monotonic() - self._in_step_at) if self.stale else 0

    @property
    def stale_seconds(self) -> int | None:
        """None while these documents are known to be the newest, else for how long they have not been."""
        return self.age_seconds if self.stale else None

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`."""
        return (key for key in self._held if key.startswith(prefix))

    @property
    def counts(self) -> tuple[int, int]:
        """Return (documents, bytes) in memory."""
        return len(self._held), self._bytes

    # --- answers computed from documents

    def derive(self, key: str, body: bytes, published_at: datetime, link: str | None) -> Copy:
        """Keep an answer that was computed from documents, until one of them changes."""
        etag = '"' + hashlib.blake2b(body, digest_size=12).hexdigest() + '"'
        large = len(body) >= 1024
        document = Published(
            key,
            self.version,
            etag,
            body,
            brotli.compress(body, quality=4) if large else None,
            gzip.compress(body, 5, mtime=0) if large else None,
            published_at,
        )
        held = copy_of(document, link)
        held.size += DERIVED_OVERHEAD_BYTES + 4 * len(key)
        old = self._derived.pop(key, None)
        self._derived[key] = (self.version, held)
        self._derived_bytes += held.size - (old[1].size if old else 0)
        while self._derived_bytes > DERIVED_BYTES and len(self._derived) > 1:
            _, (_, gone) = self._derived.popitem(last=False)
            self._derived_bytes -= gone.size
        return held

    # --- staying fresh

    async def keep_fresh(self, stop: asyncio.Event) -> None:
        """Follow what is published until `stop`; PostgreSQL may come and go."""
        while not stop.is_set():
            try:
                await self._follow(stop)
            except (*DatabaseUnavailable, ValueError) as problem:
                if not self.stale or not self._in_step_at:
                    log.warning("documents cannot be refreshed", error=redact(repr(problem)))
                self._lost()
                await self._pause(stop, RECONNECT_SECONDS)
        self._lost()

    async def _follow(self, stop: asyncio.Event) -> None:
        connection = await connect(self._dsn, timeout=3, application_name="parlaygorilla-documents")
        try:
            connection.add_termination_listener(lambda _: self._lost())
            if self._listen:
                await connection.add_listener(CHANNEL, lambda *_: self._wake.set())
            if self._in_step_at and time.monotonic() - self._in_step_at > FULL_RELOAD_AFTER_SECONDS:
                self._forget()
            self._connection = connection
            while not stop.is_set():
                self._wake.clear()
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._catch_up(connection)
                self._in_step_at = time.monotonic()
                if self.stale:
                    log.info("documents are fresh", version=self.version, documents=len(self._held))
                self.warm, self.stale = True, False
                await self._pause(stop, self._poll_seconds)
                if connection.is_closed():
                    raise ConnectionResetError("the connection was closed")
        finally:
            self._connection = None
            connection.terminate()

    async def _catch_up(self, connection: asyncpg.Connection[Any]) -> None:
        while documents := await load_since(connection, self.version):
            for document in documents:
                self._apply(document)
            self.version = documents[-1].version

    def _apply(self, document: Published) -> None:
        held = self._held.get(document.key)
        if held is not None and held.version >= document.version:
            return  # never an older body after a newer one
        self._bytes -= held.size if held else 0
        self._dropped.pop(document.key, None)
        if document.body is None:
            self._held.pop(document.key, None)
            return
        fresh = copy_of(document, next_link(document))
        fresh.used = held.used if held else 0.0
        self._held[document.key] = fresh
        self._bytes += fresh.size
        if self._bytes > self._max_bytes:
            self._make_room()

    def _make_room(self) -> None:
        """Drop the least recently used bodies until a tenth is free; their keys stay known."""
        for held in sorted(self._held.values(), key=lambda one: one.used):
            if self._bytes <= self._max_bytes * 0.9 or len(self._held) == 1:
                return
            del self._held[held.key]
            self._dropped[held.key] = held.version
            self._bytes -= held.size

    def _forget(self) -> None:
        self._held.clear()
        self._dropped.clear()
        self._derived.clear()
        self._bytes = self._derived_bytes = self.version = 0

    def _lost(self) -> None:
        self.stale = True
        self._wake.set()

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        waiters = {asyncio.ensure_future(stop.wait()), asyncio.ensure_future(self._wake.wait())}
        if seconds == RECONNECT_SECONDS:
            self._wake.clear()
        await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for waiter in waiters:
            waiter.cancel()
