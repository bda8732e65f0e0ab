"""Words of a model that say how much, when or who in a way that nothing can be held against."""

# ruff: noqa: E501 - a pattern reads better whole

from __future__ import annotations

import re
from collections.abc import Sequence

from quartapp.bot.check import MASK, normalise
from quartapp.bot.facts import Fact
from quartapp.bot.lexicon import MONTHS, WEEKDAYS
from quartapp.bot.spelling import EVERYDAY

_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_UNITS = "one|two|three|four|five|six|seven|eight|nine"
_AMOUNTS = re.compile(
    rf"""
      \bhal(?:f|ves|ved)\b | \b(?:thirds?|fourths?|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|eleventh|twelfth|\w+teenth|\w+tieth)\b
    | \b(?:{_TENS})(?:{_UNITS})\b | \b(?:first|second)\s+(?:place|seed|half|quarter|time|game|win|loss|in)\b
    | \bevens?\b | \beven[ -]money\b | \bcoin[ -]?(?:flip|toss)\b | \btoss[ -]?up\b | \bpick[ -]?'?em\b | \bcouple\b | \bpair\b | \bmajority\b | \bminority\b
    | \bcentur(?:y|ies)\b | \bscores?\s+of\b(?!\s+\d) | \ba\s+score\b(?!\s+of\s+\d) | \bsingle\b | \bdozens?\b | \b(?:touchdown|field\s+goal|possession|safety|home\s+run)s?\b
    | \bnoon\b | \bmidnight\b | \bmorning\b | \bafternoon\b | \bevening\b | \btonight\b | \btoday\b | \btomorrow\b | \byesterday\b
    | \b(?:last|next)\s+(?:year|month|week|weekend|season|night|time|meeting|game)\b | \bthis\s+(?:year|month|week|weekend|season)\b | \b(?:hours?|minutes?|days?|weeks?|months?|years?|decades?)\b
    | \b(?:undefeated|unbeaten|winless|streak|record|champion\w*|title|playoff\w*|ranked|top)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Cities and states of teams, which say a team in small letters too.
_PLACES = frozenset(
    """
    alabama anaheim arizona atlanta baltimore birmingham boston brooklyn buffalo calgary california carolina charlotte
    chicago cincinnati cleveland colorado columbus dallas denver detroit edmonton florida georgia houston indiana
    indianapolis jacksonville kansas kentucky leeds leicester liverpool london madrid manchester memphis miami michigan
    milan milwaukee minnesota montreal munich nashville nebraska newcastle nottingham ohio oklahoma oregon orlando
    ottawa paris philadelphia philly phoenix pittsburgh portland sacramento seattle sheffield southampton tampa tennessee
    texas toronto utah vancouver vegas vienna washington winnipeg wisconsin
    """.split()  # noqa: SIM905
)
_BOOKS = re.compile(
    r"\bsky\s?bet\b|\bat\s+stake\b|\bpaddy\b|\bcoral\b|\bsportingbet\b|\bhard\s?rock\b|\bgolden\s?bet\b",
    re.IGNORECASE,
)
_DAYS = frozenset((*MONTHS, *WEEKDAYS)) - {"may", "march", "august"}


def vague_problem(text: str, facts: Sequence[Fact]) -> str | None:
    """Return what a sentence says that no fact can bear out, None where there is nothing.

    >>> vague_problem("It is even money.", ()), vague_problem("the lions play detroit", ())
    ('the amount even', 'the name lions')
    """
    text = normalise(text)
    names = {normalise(name) for fact in facts for name in fact.names}
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", MASK, text, flags=re.IGNORECASE)
    amount = _AMOUNTS.search(text)
    if amount is not None:
        return f"the amount {amount.group()}"
    book = _BOOKS.search(text)
    if book is not None:
        return f"the name {book.group()}"
    own = {word for name in names for word in name.casefold().split()}
    for word in re.findall(r"[a-z]+", text.casefold()):
        if word in EVERYDAY | _PLACES and word not in own:
            return f"the name {word}"
        if word in _DAYS and not any(fact.kind == "time" for fact in facts):
            return f"the day {word}"
    return None
