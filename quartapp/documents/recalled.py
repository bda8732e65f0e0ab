"""Answers made of rows that no document holds: fetched when someone asks, kept while nothing newer is published.

Bounded in every way that a visitor could drive: bytes kept, answers that are "there is none" included; fetches at once;
questions that wait. Equal questions that come together are fetched once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from ops.stores import Unavailable
from ops.telemetry.events import emit
from ops.telemetry.logs import redact
from quartapp.documents.copy import Copy
from quartapp.documents.derived import BusyError
from quartapp.documents.held import HeldDocuments

KEPT_BYTES = 4 * 1024 * 1024
ENTRY_BYTES = 3_000  # beside the body: headers of each answer, and the entry itself
ABSENT_BYTES = 500
PACKED_SHARE = 2  # a body is kept with what it is compressed to
AT_ONCE = 2  # of the pool's connections: accounts need the others
MAX_WAITING = 32
FETCH_SECONDS = 3.0


class Found(NamedTuple):
    """What was fetched. `changed_at`: when it last changed, so that every process gives it the same ETag."""

    body: bytes
    changed_at: datetime
    route: str
    link: str | None = None


class Recalled(NamedTuple):
    """An answer; `stale_seconds` is None unless it may be older than what is stored. `copy` None: there is none."""

    copy: Copy | None
    stale_seconds: int | None = None


class _Kept(NamedTuple):
    version: int
    copy: Copy | None
    size: int


Fetch = Callable[[], Awaitable[Found | None]]


class Recall:
    """The fetched answers of a web process. One is right as long as the process's documents have the same version."""

    def __init__(
        self, documents: HeldDocuments, *, max_bytes: int = KEPT_BYTES, max_waiting: int = MAX_WAITING
    ) -> None:
        self._documents = documents
        self._max_bytes = max_bytes
        self._max_waiting = max_waiting
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[_Kept]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self.bytes = 0

    def kept(self, key: str) -> Recalled | None:
        """Return the answer to `key` that needs no fetch: nothing was published since, or nobody can look."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._documents.stale:  # what is there stays there; what is not may have come
            return Recalled(kept.copy, self._documents.stale_seconds) if kept.copy else None
        if kept.version != self._documents.version:
            return None
        self._kept.move_to_end(key)
        return Recalled(kept.copy)

    async def fetch(self, key: str, work: Fetch) -> Recalled:
        """Return the answer to `key` as it is stored now; the one kept, marked, where the store is away.

        Raises BusyError, and one of `Unavailable` where none is kept.
        """
        task = self._under_way.get(key)
        if task is None:
            if len(self._under_way) >= self._max_waiting:
                raise BusyError
            task = self._under_way[key] = asyncio.create_task(self._fetch(key, work))
            task.add_done_callback(lambda done: self._end(key, done))
        try:
            return Recalled((await asyncio.shield(task)).copy)
        except Unavailable as problem:
            kept = self._kept.get(key)
            if kept is None or kept.copy is None:
                raise
            emit("store_unavailable", waiting="recall", error=redact(repr(problem)))
            return Recalled(kept.copy, self._documents.age_seconds)

    def _end(self, key: str, task: asyncio.Task[_Kept]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # seen, though whoever asked may have left

    async def _fetch(self, key: str, work: Fetch) -> _Kept:
        version = self._documents.version  # of before: what is published meanwhile is asked for anew
        async with asyncio.timeout(FETCH_SECONDS), self._turns:
            found = await work()
        copy = None if found is None else _copy(key, found)
        size = ABSENT_BYTES if found is None else ENTRY_BYTES + PACKED_SHARE * len(found.body)
        return self._keep(key, _Kept(version, copy, size + 4 * len(key)))

    def _keep(self, key: str, kept: _Kept) -> _Kept:
        before = self._kept.pop(key, None)
        if before is not None:
            self.bytes -= before.size
            if before.copy is not None and kept.copy is not None and before.copy.etag == kept.copy.etag:
                kept = kept._replace(copy=before.copy)  # with what it was compressed to
        self._kept[key] = kept
        self.bytes += kept.size
        while self.bytes > self._max_bytes and len(self._kept) > 1:
            self.bytes -= self._kept.popitem(last=False)[1].size
        return kept


def _copy(key: str, found: Found) -> Copy:
    etag = b'"%s"' % hashlib.blake2b(found.body, digest_size=12).hexdigest().encode()
    return Copy(
        key,
        0,
        etag,
        {"identity": found.body},
        found.changed_at,
        route=found.route,
        link=found.link,
        computed=True,
    )
