"""The words and signs a model's sentence may be made of, beside the names and figures of what it cites.

The list is closed, because what a liar may say is not: a number in another language, a nickname, praise, a rumour or a
tip has a word that is not here, whatever it is. What the words here claim together, binding.py and claims.py hold
against the facts.
"""

# ruff: noqa: E501 - a pattern reads better whole

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from quartapp.bot.check import MASK, mask, normalise
from quartapp.bot.facts import Fact
from quartapp.bot.lexicon import MONTHS, WEEKDAYS

_WORDS = frozenset(
    """
    a an the and of for with in on at by to as is are it while whereas but also which per against versus vs v than
    price prices priced odds moneyline moneylines spread spreads handicap line lines total totals point points goals runs
    game match matchup contest fixture kickoff kick-off tip-off start starts starting begins scheduled time date utc
    consensus market markets book books bookmaker bookmakers sportsbook sportsbooks current currently now about around
    roughly approximately decimal american fractional opened opening opens
    probability probabilities chance chances percent percentage imply implies implied implying edge edges
    hold vig margin overround favorite favorites favourite favourites favored favoured underdog underdogs slight narrow
    slim modest heavy strong clear big winner wins winning
    has have offer offers offering list lists listed listing quote quotes quoted show shows post posts give gives giving
    gets getting receiving lays laying make makes see sees puts pay pays paying cost costs stand stands sit sits carries priced comes
    host hosts hosting visit visits visiting travel travels play plays playing face faces facing meet meets beating
    lead leads leading trail trails trailing ahead behind won beat defeated lost losing final ended finished
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
# Words that say one thing together and could say anything alone.
_PHRASES = re.compile(
    r"""
      \b(?:home|away|road|visiting)\s+(?:team|side|favou?rite|underdog)s?\b | \((?:home|away)\) | \bat\s+home\b | \bon\s+the\s+road\b | \b(?:more|less|most)\s+likely\b
    | \bto\s+win(?:\s+outright)?\b | \bset\s+(?=at\b|for\b) |
      \b(?:best|highest)\s+(?:available\s+)?(?=(?:\u00a4\s+)?(?:winner|spread|total|over|under|moneylines?|price[sd]?|odds|decimal|american|handicap)\b) | \bof\s+the\s+time\b | \b(?:favou?red|favou?rites?|lead)\s+over\s+(?:the\s+)?(?=\u00a4) | \bat\s+that\s+price\b | \bhead[- ]to[- ]head\b | \baccording\s+to\b | \bcompared\s+(?:with|to)\b
    | \bwin\s+(?:probability|probabilities|chances?)\b | \b(?:probability|chances?)\s+that\b | \bon\s+average\b
    | \b(?:kicks|tips)\s+off\b | \b(?:final|away|home|current)?\s*score(?:\s+(?:is|was|of|stands)\b|:) | \bpick'?em\b | \b(?:away|home)\s+score\b
    | \bboth\s+at\b | \bbetween\s+(?:the\s+)?(?=\u00a4) | \bamong\s+(?=books|bookmakers)
    | \bwill\s+(?=(?:host|play|face|visit|meet|start|travel)\b) | \b(?:an?|the)\s+\u00a4\s+win(?=\s+(?:is|at|price|costs?)\b) | ,?\s\bor\s+(?=\d+\.\d+\s+(?:in\s+)?decimal)
    | \bwin\s+(?=\d[\d.]*\s?%\s+of\s+the\s+time)
    | \b(?:is|are)\s+given\b | \b(?:is|are)\s+(?:up|down)\s+(?=\d+-\d) | \u00a4\s+takes?\s+on\s+(?:the\s+)?(?=\u00a4)
    | \baverage\s+(?:return|edge|hold)s?\b | \bthis\s+(?:game|match|matchup)\b | \bcomes?\s+in\s+at\b
    """,
    re.VERBOSE | re.IGNORECASE,
)  # fmt: skip
# The words of a sentence about an athlete: what he has and how he is stands in names that the fact lets it say.
_INJURY_WORDS = frozenset(
    """
    a an the and of for with is are as also has have list lists listed report reports reported ruled injury injuries
    injured issue problem due to while who without missing on in status both
    """.split()  # noqa: SIM905
)
_SHOWN = re.compile(rf"[A-Za-z0-9 .,;:()'\"%+/&{MASK}-]*")
_ENDED = re.compile(r"\b(?:is|are|it|game|match|contest|now)\s+(?:over|under)\b(?!\s*[\d(])", re.IGNORECASE)
_ORDER = re.compile(
    r"(?:^|[,;:.(]\s*|\band\s+)(?:give|make|see|play|pay|offer|list|show|quote|post|lay|get|put|stand|sit|meet|face|host|visit|travel|lead|trail|beat)\b",
    re.IGNORECASE,
)
# A figure is one figure: whatever stands between or behind its digits would make another of it.
_BROKEN = re.compile(
    r"\d\s+[+-]?\.?\d|\d['_]|\d[A-Za-z]|[A-Za-z]\d|[+-]\s+[+-]?\.?\d|\d\.\d+\.\d|\.000\b|-0(?!\.?\d)|(?<!\d)/|/(?!\d)|--|(?<=[^\s(])\+|[A-Za-z]-\d"
)
_DATED = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def wording_problem(text: str, facts: Sequence[Fact]) -> str | None:
    """Return what a model's sentence says that is neither a name, nor a figure, nor a word of the list; else None.

    >>> wording_problem("The best price is -140.", ()), wording_problem("Hammer the moneyline.", ())
    (None, 'the word hammer')
    """
    names = sorted({normalise(name) for fact in facts for name in fact.names}, key=len, reverse=True)
    if any(_is_disguised(letter) for letter in text):
        return "a letter in disguise"
    plain = mask(normalise(text).replace("\u2013", "-"), names)
    if not _SHOWN.fullmatch(plain):
        return "a sign that no sentence needs"
    if _ENDED.search(text):
        return "that it is over"
    if _ORDER.search(plain):
        return "what to do"
    said = _PHRASES.sub(MASK, re.sub(r"\bwill\s+be\s+(?=without\b)", "", plain))
    if _BROKEN.search(_DATED.sub(MASK, said)):
        return "a broken figure"
    athletes = [fact for fact in facts if fact.path.endswith("/athlete")]
    is_of_athlete = any(
        normalise(fact.names[0]).casefold() in normalise(text).casefold() for fact in athletes
    )
    allowed = _INJURY_WORDS if is_of_athlete else _WORDS
    days = {*MONTHS, *WEEKDAYS} if any(fact.kind == "time" for fact in facts) else set()
    for word in re.findall(r"[a-z]+(?:[-'][a-z]+)*", said.casefold()):
        if word.removesuffix("'s") not in allowed | days and not (word == "s" and "'s" in said):
            return f"the word {word}"
    return None


def _is_disguised(letter: str) -> bool:
    """Return whether a letter becomes another in the one spelling: a full-width digit, a keycap, a small figure."""
    if letter.isascii() or letter.isspace():
        return False
    return letter.isnumeric() or unicodedata.normalize("NFKC", letter) != letter
