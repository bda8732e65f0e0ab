"""What is made of a document's JSON (parsed, indexed) is made once a version of it, not once a question."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from quartapp.documents.copy import Copy
from quartapp.documents.held import HeldDocuments

T = TypeVar("T")


class Prepared(Generic[T]):
    """Remembers what `make` makes of documents, of the `most` last used ones, until each is replaced."""

    def __init__(self, documents: HeldDocuments, make: Callable[[bytes], T], most: int) -> None:
        self._documents = documents
        self._make = make
        self._most = most
        self._made: OrderedDict[str, tuple[Copy, T]] = OrderedDict()

    def of(self, key: str) -> T | None:
        """Return what is made of the published document under `key`; None if there is none."""
        copy = self._documents.peek(key)
        if copy is None:
            self._made.pop(key, None)
            return None
        made = self._made.get(key)
        if made is not None and made[0] is copy:
            self._made.move_to_end(key)
            return made[1]
        value = self._make(copy.body)
        self._made[key] = copy, value
        self._made.move_to_end(key)
        if len(self._made) > self._most:
            self._made.popitem(last=False)
        return value
