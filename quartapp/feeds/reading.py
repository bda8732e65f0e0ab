"""An answer read item by item: what is odd is left out at the smallest level that stays true, and counted.

One odd price must not cost a league its odds, and an answer that is odd all over must not pass for a sound
one: `Reading.trouble` names it once more than a tenth of any level, and more than one item, was left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, overload

from quartapp.feeds.errors import FeedShapeError
from quartapp.feeds.shape import MisshapenError, is_identity, kind

T = TypeVar("T")

ODD_SHARE = 0.1


@dataclass(slots=True)
class Tally:
    """Counts what an answer holds and what of it is odd, level by level (event, book, market, detail)."""

    seen: Counter[str] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    first: str = ""

    def note(self, level: str, path: str, what: str) -> None:
        """Count something odd that is left out."""
        self.odd[level] += 1
        self.first = self.first or f"{path.lstrip('.')} {what}".strip()

    def each(self, level: str, value: Any, parse: Callable[[Any, str], T], path: str) -> list[T]:
        """Return the items of the list `value` that could be read. Raises MisshapenError when it is no list."""
        if not isinstance(value, list):
            raise MisshapenError(f"is {kind(value)} where a list belongs", path)
        read: list[T] = []
        for number, item in enumerate(value):
            self.seen[level] += 1
            place = f"{path}[{number}]"
            try:
                if not isinstance(item, dict):
                    raise MisshapenError(f"is {kind(item)} where an object belongs")
                read.append(parse(item, place))
            except MisshapenError as problem:
                self.note(level, place + problem.path, problem.what)
            except KeyError as problem:
                self.note(level, f"{place}.{problem.args[0]}", "is missing")
        return read

    def spare(self, read: Callable[[Any, str], T], item: Any, key: str, path: str, instead: T) -> T:
        """Return a detail that is worth less than what it stands beside: `instead` when it is odd."""
        self.seen["detail"] += 1
        try:
            return read(item, key)
        except MisshapenError as problem:
            self.note("detail", path + problem.path, problem.what)
        except KeyError:
            self.note("detail", f"{path}.{key}", "is missing")
        return instead

    @property
    def trouble(self) -> str | None:
        """What is wrong with the whole: more than a tenth of a level, and more than one of it, is odd."""
        for level, count in self.odd.items():
            if count > 1 and count > self.seen[level] * ODD_SHARE:
                return f"{count} of {self.seen[level]} {level}s are not as documented; first: {self.first}"
        return None


@dataclass(frozen=True, slots=True)
class Reading(Sequence[T], Generic[T]):
    """The sound items of an answer.

    Attributes:
        left_out: how many odd things were left out, by level.
        trouble: why the run should fail although the sound items are kept; None when all is well enough.
        unread: identities of items that were listed and could not be read: what is held of them stays.
        nameless: True when the identity of an odd item could not be read either, so that nobody can tell
            which of the items that are held is no longer listed.
    """

    items: tuple[T, ...]
    left_out: Counter[str] = field(default_factory=Counter)
    trouble: str | None = None
    unread: frozenset[str] = frozenset()
    nameless: bool = False

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        """Return an item."""
        return self.items[index]

    def __len__(self) -> int:
        """Return how many items are sound."""
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        """Yield the sound items."""
        return iter(self.items)


def settle(
    upstream: str, answer: str, tally: Tally, items: Sequence[T], body: Any, identity: Callable[[Any], Any],
    read: Callable[[T], str],
) -> Reading[T]:  # fmt: skip
    """Return what was read of the list `body`: each identity once. Raises FeedShapeError when nothing is sound.

    `identity` finds the identity in an item of the body, `read` in what was read of it.
    """
    once: dict[str, T] = {}
    for item in items:
        if read(item) in once:
            tally.note(answer, "", f"{read(item)!r:.60} is listed twice")
        once.setdefault(read(item), item)
    if body and not once:
        raise FeedShapeError(f"{upstream}: the {answer} answer has a changed shape: {tally.first}")
    named = [identity(item) if isinstance(item, dict) else None for item in body]
    known = {str(one) for one in named if is_identity(one)}
    trouble = tally.trouble
    return Reading(
        tuple(once.values()),
        tally.odd,
        trouble and f"{upstream}: of the {answer} answer {trouble}",
        frozenset(known - once.keys()),
        not all(is_identity(one) for one in named),
    )
