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

    def __init__(self, documents: HeldDocuments, make: Callable[..., T], most: int) -> None:
        self._documents = documents
        self._make = make
        self._most = most
        self._made: OrderedDict[tuple[str, ...], tuple[list[Copy], T]] = OrderedDict()

    def of(self, *keys: str) -> T | None:
        """Return what is made of the bodies of the published documents under `keys`; None if one is missing."""
        copies = [copy for key in keys if (copy := self._documents.peek(key)) is not None]
        if len(copies) < len(keys):
            self._made.pop(keys, None)
            return None
        made = self._made.get(keys)
        if made is not None and made[0] == copies:  # the very same: copies are equal to none but themselves
            self._made.move_to_end(keys)
            return made[1]
        value = self._make(*(copy.body for copy in copies))
        self._made[keys] = copies, value
        self._made.move_to_end(keys)
        if len(self._made) > self._most:
            self._made.popitem(last=False)
        return value
