"""Keeps the documents in memory in step with PostgreSQL, which may come and go.

One connection of its own listens for notifications and asks every few seconds as well, for one that was missed.
While PostgreSQL is away the documents stay, and are `stale`.
"""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from ops.database import DatabaseUnavailable, check_primary, connect
from ops.tasks import first_of, waited
from ops.telemetry.events import emit
from ops.telemetry.logs import redact
from quartapp.documents.held import HeldDocuments
from quartapp.documents.table import CHANNEL, load_all, load_since

POLL_SECONDS = 4.0
RECONNECT_SECONDS = 0.5
ANSWER_SECONDS = 10.0
RELOAD_AFTER_SECONDS = 12 * 3600.0  # tombstones live two days; a longer absence must not miss one


class Follower:
    """Follows what is published, into `documents`."""

    def __init__(
        self,
        documents: HeldDocuments,
        dsn: str,
        *,
        listen: bool = True,
        poll_seconds: float = POLL_SECONDS,
        reload_after_seconds: float = RELOAD_AFTER_SECONDS,
    ) -> None:
        self._reload_after_seconds = reload_after_seconds
        self._documents = documents
        self._dsn = dsn
        self._listen = listen
        self._poll_seconds = poll_seconds
        self._wake = asyncio.Event()
        self.tried = asyncio.Event()  # the documents are here, or PostgreSQL is away

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`."""
        told = False
        while not stop.is_set():
            try:
                await self._follow(stop)
            except (*DatabaseUnavailable, ValueError) as problem:
                if not self._documents.stale or not told:
                    emit("documents_stale", error=redact(repr(problem)))
                    told = True
                self._documents.out_of_step()
                self.tried.set()
                await waited(stop, RECONNECT_SECONDS)
        self._documents.out_of_step()

    async def _follow(self, stop: asyncio.Event) -> None:
        connection = await connect(self._dsn, timeout=3, application_name="parlaygorilla-documents")
        try:
            connection.add_termination_listener(lambda _: self._lost())
            if self._listen:
                await connection.add_listener(CHANNEL, lambda *_: self._wake.set())
            while not stop.is_set():
                self._wake.clear()
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._catch_up(connection)
                    await check_primary(connection)
                self._documents.in_step()
                self.tried.set()
                await first_of(stop, self._wake, self._poll_seconds)
                if connection.is_closed():
                    raise ConnectionResetError("the connection was closed")
        finally:
            connection.terminate()

    async def _catch_up(self, connection: asyncpg.Connection[Any]) -> None:
        documents = self._documents
        if (documents.unseen_seconds or 0.0) > self._reload_after_seconds:
            everything = await load_all(connection)
            documents.replace(everything, max((one.version for one in everything), default=0))
        while newer := await load_since(connection, documents.version):
            documents.apply(newer, newer[-1].version)

    def _lost(self) -> None:
        self._documents.out_of_step()
        self._wake.set()
