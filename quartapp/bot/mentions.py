"""Where a text names somebody, by the whole of a name or a part of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from quartapp.bot.check import normalise

REMEMBERED = 256  # sets of names: those of one answer are looked for in each of its sentences


class Mention(NamedTuple):
    """Where a text names somebody, and whom it may mean."""

    start: int
    end: int
    names: frozenset[str]


def mentions(text: str, names: Iterable[str]) -> list[Mention]:
    """Return where a text says one of these names, or a beginning or an end of one, in order.

    >>> [one.names for one in mentions("The Browns at Kansas City", ["Kansas City Chiefs", "Cleveland Browns"])]
    [frozenset({'Cleveland Browns'}), frozenset({'Kansas City Chiefs'})]
    """
    meant, pattern = _parts(frozenset(map(normalise, names)))
    if pattern is None:
        return []
    found = pattern.finditer(text)
    return [Mention(one.start(), one.end(), meant[one.group().casefold()]) for one in found]


@lru_cache(maxsize=REMEMBERED)
def _parts(names: frozenset[str]) -> tuple[dict[str, frozenset[str]], re.Pattern[str] | None]:
    """Return whom each name and part of one may mean, and a pattern of them all."""
    meant: dict[str, set[str]] = {}
    for name in names:
        words = name.split()
        for part in {
            name,
            *(" ".join(words[:cut]) for cut in range(1, len(words))),
            *(" ".join(words[cut:]) for cut in range(1, len(words))),
        }:
            if part == name or part[0].isupper() or part[0].isdigit():
                meant.setdefault(part.casefold(), set()).add(name)
    if not meant:
        return {}, None
    parts = "|".join(map(re.escape, sorted(meant, key=len, reverse=True)))
    pattern = re.compile(rf"(?<!\w)(?:{parts})(?!\w)", re.IGNORECASE)
    return {part: frozenset(whole) for part, whole in meant.items()}, pattern
