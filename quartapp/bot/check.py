"""Whether a sentence may be said: every numeral and every name stands in what it cites, and it claims nothing it may not.

What is in doubt is refused. A refused sentence is dropped, and nothing is lost with it: the answer from documents alone
is always there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from quartapp.bot.facts import Fact
from quartapp.bot.lexicon import FORBIDDEN, GENERAL, MONTHS, NICKNAMES, STARTERS, WEEKDAYS
from quartapp.bot.numerals import Sayable, amounts, numerals

SENTENCE_LETTERS = 600
FACTS_CITED = 24
NORMALISED = 1_024  # texts remembered: the names of one answer's facts are read for each of its sentences
MASK = "\u00a4"  # stands where a name was, so that what is around it does not run together
_CAPITAL = re.compile(r"(?<![\w'])[^\W\d_][\w'&.-]*")
_WORD = re.compile(r"[\w']+")


@lru_cache(maxsize=NORMALISED)
def normalise(text: str) -> str:
    """Return a text in one spelling: compatible forms, plain spaces, straight quotes."""
    text = unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\u2212", "-")
    return " ".join(text.split())


def problem(text: str, facts: Sequence[Fact], known: Iterable[str] = ()) -> str | None:
    """Return why a sentence may not be said, None where it may.

    `known` are distinctive words of the names in every document: saying one that is not cited is a lie in any letters.

    >>> price = Fact("/api/game/1", '"a"', "/x/price_american", -150, "price", ("Dallas Cowboys", "DraftKings"))
    >>> problem("The Dallas Cowboys are -150 at DraftKings, 60% implied.", [price]) is None
    True
    >>> problem("The Dallas Cowboys are -160 at DraftKings.", [price])
    'the figure -160'
    >>> problem("The Dallas Eagles are -150.", [price])
    'the name eagles'
    """
    if len(text) > SENTENCE_LETTERS or len(facts) > FACTS_CITED:
        return "its length"
    text = normalise(text)
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cn", "Cs") for letter in text):
        return "a character that is not shown"
    names = sorted({normalise(name) for fact in facts for name in fact.names}, key=len, reverse=True)
    urls = [fact.value for fact in facts if fact.path.endswith("/url") and isinstance(fact.value, str)]
    plain = text
    for url in urls:
        plain = plain.replace(url, MASK)
    masked = mask(plain, names)
    claim = FORBIDDEN.search(masked)
    if claim is not None:
        return f"the claim {claim.group().strip()}"
    sayable = Sayable(facts)
    if amounts(masked):
        return "an amount in words"
    for numeral in numerals(masked):
        if not sayable.allows(numeral):
            return f"the figure {numeral.text}"
    foreign = _foreign(masked)
    return foreign or _name_problem(masked, sayable, known)


def mask(text: str, names: Sequence[str]) -> str:
    """Return a text without the names that it may say: whole ones in any letters, then a beginning or an end of one."""
    if not names:
        return text
    text = re.sub(_any(names), MASK, text, flags=re.IGNORECASE)
    parts: set[str] = set()
    for name in names:
        words = name.split()
        for cut in range(1, len(words)):
            parts |= {" ".join(words[:cut]), " ".join(words[cut:])}
    parts = {part for part in parts if part[0].isupper() or part[0].isdigit()}
    if not parts:
        return text

    def replace(found: re.Match[str]) -> str:
        # "Dallas Eagles" is neither the Cowboys nor the Eagles: a part stands alone among capitals.
        before = re.search(r"([^\W\d_][\w'-]*)\s$", found.string[: found.start()])
        joined = (
            before is not None and before.group(1)[0].isupper() and before.group(1).casefold() not in STARTERS
        )
        follows = re.match(r"\s[A-Z]", found.string[found.end() :])
        return found.group() if joined or follows else MASK

    return re.sub(_any(sorted(parts, key=len, reverse=True)), replace, text)


def _any(names: Sequence[str]) -> str:
    return rf"(?<![\w])(?:{'|'.join(map(re.escape, names))})(?!\w)"


def _foreign(text: str) -> str | None:
    for letter in text:
        if letter.isalpha() and "LATIN" not in unicodedata.name(letter, ""):
            return "letters of another alphabet"
        if not letter.isascii() and unicodedata.category(letter) in ("Nd", "Nl", "No"):
            return "digits of another alphabet"
    return None


def _name_problem(text: str, sayable: Sayable, known: Iterable[str]) -> str | None:
    named = NICKNAMES | frozenset(known)
    for word in _WORD.findall(text.casefold()):
        if word.removesuffix("'s") in named:
            return f"the name {word}"
    for place, found in enumerate(_CAPITAL.finditer(text)):
        word = found.group().rstrip(".").removesuffix("'s")
        small = word.casefold()
        if not word[:1].isupper() and not any(letter.isupper() for letter in word):
            continue
        if small in MONTHS or small in WEEKDAYS:
            if not _is_day_of(small, sayable):
                return f"the day {word}"
            continue
        starts = place == 0 and not text[: found.start()].strip(" \"'(")
        if small in GENERAL or (starts and small in STARTERS):
            continue
        return f"the name {word}"
    return None


def _is_day_of(word: str, sayable: Sayable) -> bool:
    return any((MONTHS[day.month - 1] == word) or (WEEKDAYS[day.weekday()] == word) for day in sayable.days)
