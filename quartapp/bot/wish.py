"""The suggestion of a parlay that a message asks for."""

# ruff: noqa: E501 - a pattern reads better whole

from __future__ import annotations

import re
from typing import NamedTuple

from quartapp.bot.parlay_asked import PARLAY_WANTED

_SUGGEST = re.compile(
    r"\bsafe\w*\b|\bdegen\w*\b|\bplease\b|\b(?:want|need)\b|\bsuggest\w*\b|\brecommend\w*\b|\bbuild\b|\bgive me\b|\bgood\b|\bbest\b|\bany\b|\bideas?\b|\bshow me\b",
    re.IGNORECASE,
)


class Wish(NamedTuple):
    """A suggestion that is asked for."""

    legs: int
    risk: str


def wish_of(message: str) -> Wish | None:
    """Return the suggestion that a message asks for.

    >>> wish_of("suggest a safe 4 leg parlay"), wish_of("what is a parlay?")
    (Wish(legs=4, risk='conservative'), None)
    """
    if not (PARLAY_WANTED.search(message) and _SUGGEST.search(message)):
        return None
    number = re.search(
        r"\b(?:([2-9]|10)|(two)|(three)|(four)|(five))[- ]?(?:legs?|legged|folds?|teams?|picks?)\b",
        message,
        re.IGNORECASE,
    )
    words = {2: 2, 3: 3, 4: 4, 5: 5}
    legs = 3
    if number is not None:
        legs = int(number.group(1)) if number.group(1) else words[number.lastindex or 3]
    small = message.casefold()
    risk = "conservative" if re.search(r"\bsafe\w*|\bconservative|\blow[- ]risk", small) else "balanced"
    if re.search(r"\bdegen|\blong\s?shot|\bhigh[- ]risk|\brisky|\bcrazy", small):
        risk = "degen"
    return Wish(legs, risk)
