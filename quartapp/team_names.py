"""One team under two feeds' names: The Odds API says "Los Angeles Clippers", ESPN "LA Clippers".

Names are compared word by word in one spelling. A short form ("Montreal", "Ohio St") is the one team of the
league whose name begins or ends with it, and nobody when two do: a wrong team is worse than none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_LETTERS = str.maketrans(
    {"ø": "o", "ß": "ss", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i", "ð": "d"}
)
_WORDS = {
    "la": ("los", "angeles"),
    "lafc": ("los", "angeles", "fc"),
    "ny": ("new", "york"),
    "nyc": ("new", "york", "city"),
    "okc": ("oklahoma", "city"),
    "state": ("st",),
    "saint": ("st",),
    "utd": ("united",),
    "man": ("manchester",),
    "nc": ("north", "carolina"),
    "uconn": ("connecticut",),
    "umass": ("massachusetts",),
    "pitt": ("pittsburgh",),
    "psg": ("paris", "st", "germain"),
    "wolves": ("wolverhampton", "wanderers"),
    "spurs": ("tottenham", "hotspur"),
    "internazionale": ("inter", "milan"),
}
_ONLY_ALONE = ("spurs", "wolves", "pitt")  # San Antonio Spurs are not Tottenham
_CLUB = frozenset(("fc", "cf", "sc", "afc", "ac", "as", "ssc", "and", "the"))
# Words that make another school of the same place: Ohio is not Ohio State.
_ANOTHER = frozenset(
    (
        "st",
        "tech",
        "a",
        "am",
        "central",
        "southern",
        "northern",
        "eastern",
        "western",
        "south",
        "north",
        "east",
        "west",
        "international",
        "christian",
        "oh",
        "fl",
    )
)


def words(name: str) -> tuple[str, ...]:
    """Return a name's words in one spelling.

    >>> words("LA Clippers") == words("Los Angeles Clippers")
    True
    >>> words("Montréal Canadiens"), words("Ohio State"), words("St. Louis Blues")
    (('montreal', 'canadiens'), ('ohio', 'st'), ('st', 'louis', 'blues'))
    """
    return without_form(all_words(name))


def without_form(whole: tuple[str, ...]) -> tuple[str, ...]:
    """Return a name's words without those of its legal form, unless it has no others."""
    return tuple(word for word in whole if word not in _CLUB) or whole


def all_words(name: str) -> tuple[str, ...]:
    """Return a name's words in one spelling, those of its legal form too.

    >>> words("Paris FC"), all_words("Paris FC")
    (('paris',), ('paris', 'fc'))
    """
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = plain.replace("'", "").replace("\u2019", "").replace("\u02bb", "").replace("&", " and ")
    split = re.findall(r"[^\W_]+", plain)
    return tuple(word for written in split for word in _spelt_out(written, alone=len(split) == 1))


def _spelt_out(word: str, *, alone: bool) -> tuple[str, ...]:
    return (word,) if word in _ONLY_ALONE and not alone else _WORDS.get(word, (word,))


class TeamNames:
    """A league's teams as one feed names them; finds one by another feed's name."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._exact: dict[tuple[str, ...], str | None] = {}
        for name in sorted(self._names):
            spelt = words(name)
            # Two teams in one spelling are told apart by their exact names alone.
            self._exact[spelt] = None if spelt in self._exact else name

    def find(self, name: str) -> str | None:
        """Return what the league calls a team, None when no team or more than one could be meant.

        >>> league = TeamNames(["LA Clippers", "Los Angeles Lakers", "Utah Jazz", "Montreal Canadiens"])
        >>> league.find("Los Angeles Clippers"), league.find("Montréal"), league.find("Los Angeles")
        ('LA Clippers', 'Montreal Canadiens', None)
        >>> TeamNames(["Ohio State Buckeyes"]).find("Ohio") is None
        True
        """
        if name in self._names:
            return name
        spelt = words(name)
        if spelt in self._exact:
            return self._exact[spelt]
        near = [
            listed for listed in self._exact if _is_short_for(spelt, listed) or _is_short_for(listed, spelt)
        ]
        return self._exact[near[0]] if len(near) == 1 else None


def _is_short_for(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Return whether a name is a longer one's beginning or end, and the rest names no other team."""
    if not short or len(short) >= len(long):
        return False
    if long[: len(short)] == short:
        return not set(long[len(short) :]) & _ANOTHER
    return long[-len(short) :] == short and not set(long[: -len(short)]) & _ANOTHER
