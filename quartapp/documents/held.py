"""The published documents that this web process has in memory. Pure memory: `follow` keeps it fresh."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ops.telemetry.events import emit
from quartapp.documents.copy import Copy
from quartapp.documents.derived import Derived
from quartapp.documents.table import Published

COPY_OVERHEAD_BYTES = 2_000  # heads and entries: what a document costs beside its bodies, measured
FREE_SHARE = 0.1  # room is made in one go, not for each document anew


class Description(NamedTuple):
    """What the publisher's addresses say of a key: the route for metrics, and a Link header.

    Nothing is computed from a document that stands `alone`: computed answers stay when it changes.
    """

    route: str
    link: str | None = None
    alone: bool = False


Describe = Callable[[str, bytes], Description]


class HeldDocuments:
    """All documents of a web process. `get` is a dictionary look-up.

    Beyond `max_bytes` the least recently used documents keep their brotli body alone, a tenth of the whole, from
    which the others are made again when someone asks: no published document is ever missing.
    """

    def __init__(self, *, max_bytes: int, describe: Describe = lambda key, _: Description(key)) -> None:
        self._max_bytes = max_bytes
        self._describe = describe
        self._copies: dict[str, Copy] = {}
        self._bytes = 0
        self._room_from = (
            max_bytes  # grows where nothing more can be packed: else each document would try again
        )
        self._in_step_at: float | None = None
        self.derived = Derived()
        self.version = 0
        self.warm = False
        self.stale = True

    # --- reading

    def get(self, key: str) -> Copy | None:
        """Return the document under a canonical key, or the answer computed for it."""
        copy = self._copies.get(key)
        if copy is None:
            return self.derived.get(key)
        copy.used = time.monotonic()
        if copy.packed:
            self._unpack(copy)
        return copy

    def peek(self, key: str) -> Copy | None:
        """Return a published document without counting that as a visitor's use of it."""
        return self._copies.get(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys of published documents that begin with `prefix`."""
        return (key for key in self._copies if key.startswith(prefix))

    @property
    def complete(self) -> bool:
        """Whether a document that is not here does not exist: in step, and something was published."""
        return self.warm and not self.stale and self.version > 0

    @property
    def age_seconds(self) -> int:
        """Seconds since these documents were known to be the newest; 0 while they are."""
        return self.stale_seconds or 0

    @property
    def stale_seconds(self) -> int | None:
        """None while these documents are known to be the newest, else for how long they have not been."""
        if not self.stale:
            return None
        return int(time.monotonic() - (self._in_step_at or 0.0))

    @property
    def unseen_seconds(self) -> float | None:
        """Seconds since this process was last in step; None when it never was."""
        return None if self._in_step_at is None else time.monotonic() - self._in_step_at

    @property
    def counts(self) -> tuple[int, int]:
        """Return (documents, bytes) in memory."""
        return len(self._copies), self._bytes

    # --- what `follow` writes

    def apply(self, documents: Iterable[Published], version: int) -> None:
        """Take over documents and tombstones as they are in `version`; never an older one after a newer."""
        alone = [self._put(document) for document in documents]
        if version != self.version:
            self.version = version
            if not alone or not all(alone):
                self.derived.forget()

    def replace(self, documents: Iterable[Published], version: int) -> None:
        """Take over the whole of what is published: what is not among `documents` is gone."""
        listed = {document.key: document for document in documents}
        for key in self._copies.keys() - listed.keys():
            self._bytes -= self._copies.pop(key).size
            self.derived.forget()
        self.apply(listed.values(), version)

    def in_step(self) -> None:
        """Note that these documents are the newest."""
        self._in_step_at = time.monotonic()
        if self.stale:
            emit("documents_fresh", version=self.version, documents=len(self._copies))
        self.warm, self.stale = True, False

    def out_of_step(self) -> None:
        """Note that newer documents may exist."""
        self.stale = True

    def stand_in(self, document: Published) -> None:
        """Answer with `document` until a newer version than its own is published under its key."""
        self._take(document)

    def _put(self, document: Published) -> bool:
        """Take a published document over, if it is newer; return whether it stands alone."""
        existing = self._copies.get(document.key)
        if existing is not None and existing.version >= document.version:
            return True
        if document.body is None:
            self._bytes -= existing.size if existing else 0
            self._copies.pop(document.key, None)
            return False
        return self._take(document)

    def _take(self, document: Published) -> bool:
        existing = self._copies.get(document.key)
        self._bytes -= existing.size if existing else 0
        said = self._describe(document.key, document.body or b"")
        copy = Copy(
            document.key,
            document.version,
            document.etag.encode(),
            document.bodies,
            document.published_at,
            route=said.route,
            link=said.link,
            overhead=COPY_OVERHEAD_BYTES,
        )
        copy.used = existing.used if existing else 0.0
        self._copies[document.key] = copy
        self._bytes += copy.size
        if self._bytes > self._room_from:
            self._make_room()
        return said.alone

    def _unpack(self, copy: Copy) -> None:
        before = copy.size
        copy.unpack()
        self._bytes += copy.size - before
        if self._bytes > self._room_from:
            self._make_room(but=copy)

    def _make_room(self, but: Copy | None = None) -> None:
        goal = self._max_bytes * (1 - FREE_SHARE)
        for copy in sorted(self._copies.values(), key=lambda each: each.used):
            if self._bytes <= goal:
                break
            if copy is not but:
                before = copy.size
                copy.pack()
                self._bytes -= before - copy.size
        self._room_from = max(self._max_bytes, int(self._bytes * (1 + FREE_SHARE)))
        if self._bytes > self._max_bytes:
            emit("documents_over_budget", bytes=self._bytes)
