"""The documents in memory, read: each once a version."""

from __future__ import annotations

from typing import Any, Protocol

import orjson

from quartapp.bot.facts import Source
from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.publish import addresses

MOST_READ = 64  # of the largest documents that are some ten megabytes
TRACK_RECORD, PICKS, STATUS = addresses.track_record(), addresses.PICKS, addresses.STATUS


class Reads(Protocol):
    """Where documents come from."""

    def read(self, key: str) -> Source | None:
        """Return the document under a key at its version."""


class Library:
    """The documents of this process."""

    def __init__(self, documents: HeldDocuments) -> None:
        self._documents = documents
        self._read: Prepared[Any] = Prepared(documents, orjson.loads, MOST_READ)

    def read(self, key: str) -> Source | None:
        """Return the document under a key at its version."""
        content = self._read.of(key)
        copy = self._documents.peek(key)
        if copy is None or not isinstance(content, dict):
            return None
        return Source(key, copy.etag.decode(), content)


def help_for(reads: Reads, region: str | None) -> Source | None:
    """Return the nearest help for a region: its own, its country's, everybody's."""
    country = region.partition("-")[0] if region else None
    for code in (region, country, "default", None):
        source = reads.read(addresses.help_of(code)) if code or code is None else None
        if source is not None and source.at("helplines"):
            return source
    return None
