"""What an answer may rest on: one value of one document at its version, and what it may be called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from typing_extensions import TypedDict

Kind = Literal["price", "probability", "point", "number", "money", "time", "text"]


class Citation(TypedDict):
    """Where a figure or a name stands: `path` is a JSON pointer into the document of that ETag."""

    n: int
    document: str
    etag: str
    path: str
    value: float | str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of a document. `names` are the team, book and player names that it lets a sentence say.

    `beside` are facts that are cited with it: an analysis knows a book by its key, and another document its name.
    """

    document: str
    etag: str
    path: str
    value: Any
    kind: Kind
    names: tuple[str, ...] = ()
    label: str = ""
    beside: tuple[Fact, ...] = ()

    @property
    def place(self) -> tuple[str, str, str]:
        """What makes it this fact and no other."""
        return self.document, self.etag, self.path


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and the facts that it rests on."""

    text: str
    facts: tuple[Fact, ...] = ()


@dataclass(slots=True)
class Citations:
    """Numbers the facts of one answer in the order in which they are first cited."""

    _numbers: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def cite(self, facts: tuple[Fact, ...]) -> tuple[list[int], list[Citation]]:
        """Return the numbers of `facts`, and the citations among them that were not made before."""
        numbers: list[int] = []
        new: list[Citation] = []
        for fact in facts:
            number = self._numbers.get(fact.place)
            if number is None:
                number = self._numbers[fact.place] = len(self._numbers) + 1
                new.append(
                    {
                        "n": number,
                        "document": fact.document,
                        "etag": fact.etag,
                        "path": fact.path,
                        "value": fact.value,
                    }
                )
            if number not in numbers:
                numbers.append(number)
        return numbers, new


def pointer(*parts: str | int) -> str:
    """Return a JSON pointer (RFC 6901).

    >>> pointer("game", "bookmakers", 0, "a/b")
    '/game/bookmakers/0/a~1b'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


@dataclass(frozen=True, slots=True)
class Source:
    """A document at its version, read."""

    key: str
    etag: str
    content: dict[str, Any]

    def at(self, *parts: str | int) -> Any:
        """Return the value at a path, None where there is none."""
        value: Any = self.content
        for part in parts:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def fact(self, *parts: str | int, kind: Kind, names: tuple[str, ...] = (), label: str = "") -> Fact:
        """Return the value at a path as a fact."""
        return Fact(self.key, self.etag, pointer(*parts), self.at(*parts), kind, names, label)
