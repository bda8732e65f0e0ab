"""A model's text as sentences, each with the numbers it cites, as soon as each is whole."""

from __future__ import annotations

import re
from typing import NamedTuple

_MARKS = r"(?:\s*\[[\d,\s]+\])*"
_END = re.compile(rf"[.!?]['\")]?{_MARKS}(?=\s)|\n+")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:St|vs|No|Jr|Sr|Dr|Mr|Mt|Ft|[A-Z])\.$")
_MARK = re.compile(r"\s*\[([\d,\s]+)\]")
_EMPHASIS = re.compile(r"\*+|(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)|`")
_BULLET = re.compile(r"^(?:[-*•#>\s](?![\d.]))+")  # the sign of "-129" is none
UNFINISHED_LETTERS = 1_000  # a sentence that does not end by then is none


class Written(NamedTuple):
    """A sentence as it was written, without its marks."""

    text: str
    cited: tuple[int, ...]


class Sentences:
    """Cuts a stream of text into sentences."""

    def __init__(self) -> None:
        self._rest = ""

    def add(self, piece: str) -> list[Written]:
        """Take another piece, return the sentences that it ends.

        >>> cut = Sentences()
        >>> cut.add("St. Louis is 2.5 [1]. The tot"), cut.add("al is 9 [2]."), cut.end()
        ([Written(text='St. Louis is 2.5.', cited=(1,))], [], [Written(text='The total is 9.', cited=(2,))])
        """
        self._rest += piece
        whole: list[Written] = []
        start = 0
        for end in _END.finditer(self._rest):
            head = self._rest[start : end.end()]
            after = self._rest[end.end() :].lstrip()
            if _ABBREVIATION.search(self._rest[start : end.start() + 1]):
                continue
            if not after or after.startswith("["):
                break  # a mark may still follow
            whole += _written(head)
            start = end.end()
        self._rest = self._rest[start:]
        if len(self._rest) > UNFINISHED_LETTERS:
            self._rest = ""
        return whole

    def end(self) -> list[Written]:
        """Return what is left, if it is a sentence."""
        rest, self._rest = self._rest, ""
        return _written(rest) if re.search(rf"[.!?]['\")]?{_MARKS}\s*$", rest) else []


def _written(text: str) -> list[Written]:
    cited = tuple(
        dict.fromkeys(
            int(number) for marks in _MARK.findall(text) for number in re.findall(r"\d{1,4}", marks)
        )
    )
    plain = _MARK.sub("", text).strip()
    plain = _BULLET.sub("", _EMPHASIS.sub("", plain))
    return [Written(plain, cited)] if re.search(r"\w", plain) else []
