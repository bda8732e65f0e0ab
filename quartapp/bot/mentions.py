"""Where a text names somebody, by the whole of a name or a part of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from quartapp.bot.check import normalise


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
    meant: dict[str, set[str]] = {}
    for name in map(normalise, names):
        words = name.split()
        for part in {
            name,
            *(" ".join(words[:cut]) for cut in range(1, len(words))),
            *(" ".join(words[cut:]) for cut in range(1, len(words))),
        }:
            if part == name or part[0].isupper() or part[0].isdigit():
                meant.setdefault(part.casefold(), set()).add(name)
    if not meant:
        return []
    pattern = "|".join(map(re.escape, sorted(meant, key=len, reverse=True)))
    found = re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.IGNORECASE)
    return [Mention(one.start(), one.end(), frozenset(meant[one.group().casefold()])) for one in found]
