"""Which numerals a sentence says, and which ones a value lets it say: as it is, rounded, as a percentage, as a price.

A sign counts: -150 is another price than 150. Figures written as words count as figures too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, NamedTuple

from quartapp.bot.facts import Fact
from quartapp.odds.formats import (
    PriceError,
    american_to_decimal,
    decimal_to_fractional,
    display_american,
)

_NUMERAL = re.compile(
    r"""
      (?P<date>\d{4}-\d{2}-\d{2})
    | (?P<time>\d{1,2}:\d{2}(?::\d{2})?)
    | (?P<fraction>\d+/\d+)
    | (?P<number>(?:(?<![\w.,)\]])[+\-])?\d+(?:,\d{3})*(?:\.\d+)?|(?<!\w)[+\-]?\.\d+)
      (?P<percent>\s?(?:%|percent\b|per\ cent\b))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORDS = {
    "zero": 0, "nil": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
# They say how many, and of nothing that a document holds.
_AMOUNTS = re.compile(
    r"\b(?:dozens?|hundreds?|thousands?|millions?|billions?|twice|thrice|doubled?|triple[ds]?|quadrupled?|tenfold)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\b(" + "|".join(_WORDS) + r")\b", re.IGNORECASE)
_ONE_OF = re.compile(
    r"\bmore than one\b|\bone of\b|\bno one\b|\bone another\b|\bone by one\b|\bwhich one\b", re.IGNORECASE
)
SIGNIFICANT = 2  # a rounded figure keeps as many digits, because 2 is no fair word for 1.91


class Numeral(NamedTuple):
    """One numeral as it is written. `value` is None for dates, times and fractions."""

    text: str
    value: Decimal | None
    places: int
    percent: bool
    start: int = 0


def numerals(text: str) -> Iterator[Numeral]:
    """Yield the numerals of a text.

    >>> [one.text for one in numerals("won 27-24, at -150 (1.67, 3/2), 52.5% on 2026-11-29 at 18:00, by three")]
    ['27', '24', '-150', '1.67', '3/2', '52.5', '2026-11-29', '18:00', 'three']
    """
    text = text.replace("\u2212", "-").replace("\u2013", "-").replace("\u2014", " - ")
    for found in _NUMERAL.finditer(text):
        written = found.group("number")
        if written is None:
            yield Numeral(found.group(), None, 0, False, found.start())
            continue
        plain = written.replace(",", "")
        places = len(plain.partition(".")[2])
        yield Numeral(written, Decimal(plain), places, found.group("percent") is not None, found.start())
    rest = _ONE_OF.sub(lambda found: " " * len(found.group()), text)
    for word in _WORD.finditer(rest):
        after = rest[word.end() :].lstrip().casefold()
        is_percent = after.startswith(("percent", "per cent", "%"))
        yield Numeral(word.group(), Decimal(_WORDS[word.group().casefold()]), 0, is_percent, word.start())


def amounts(text: str) -> bool:
    """Return whether a text says how many in words that no value can be held against."""
    return _AMOUNTS.search(text) is not None


class Sayable:
    """The numerals that facts let a sentence say."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._numbers: list[Decimal] = []
        self._percents: list[Decimal] = []
        self._texts: set[str] = set()
        self.days: set[datetime] = set()
        for fact in facts:
            self._add(fact)

    def allows(self, numeral: Numeral) -> bool:
        """Return whether a numeral may be said."""
        if numeral.value is None:
            return numeral.text in self._texts
        if numeral.percent:
            return any(_rounds_to(value, numeral, whole=True) for value in self._percents)
        return any(_rounds_to(value, numeral, whole=False) for value in self._numbers)

    def _add(self, fact: Fact) -> None:
        value = fact.value
        if fact.kind == "time":
            self._add_time(value)
        elif isinstance(value, bool) or value is None:
            return
        elif isinstance(value, int | float):
            number = Decimal(str(value))
            self._numbers.append(number)
            if fact.kind == "probability":
                self._add_probability(number)
            elif fact.kind == "price":
                self._add_price(number, is_american=fact.path.endswith("price_american"))
            elif fact.kind == "money":
                self._numbers.append(number / 100)
        elif isinstance(value, str):
            self._add_text(value, fact)

    def _add_text(self, value: str, fact: Fact) -> None:
        if fact.kind == "price":
            try:
                self._add_price(Decimal(value), is_american=not fact.path.endswith("price_decimal"))
            except InvalidOperation:
                return
            return
        for numeral in numerals(value):
            self._texts.add(numeral.text)
            if numeral.value is not None:
                (self._percents if numeral.percent else self._numbers).append(numeral.value)

    def _add_probability(self, value: Decimal) -> None:
        self._percents.append(value * 100)

    def _add_price(self, value: Decimal, *, is_american: bool) -> None:
        try:
            decimal = american_to_decimal(value) if is_american else Fraction(value)
            american = value if is_american else Decimal(display_american(decimal))
        except PriceError:
            return
        self._numbers += [american, Decimal(decimal.numerator) / decimal.denominator]
        self._percents.append(Decimal(100) * decimal.denominator / decimal.numerator)
        self._texts.add(decimal_to_fractional(decimal))

    def _add_time(self, value: Any) -> None:
        moment = parse_time(value)
        if moment is not None:
            self.days.add(moment)
            self._texts |= {
                moment.strftime("%Y-%m-%d"),
                moment.strftime("%H:%M"),
                moment.strftime("%H:%M:%S"),
            }
            self._numbers += [Decimal(moment.day), Decimal(moment.year)]


def parse_time(value: Any) -> datetime | None:
    """Return a document's time."""
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, TypeError):
        return None


def _rounds_to(value: Decimal, numeral: Numeral, *, whole: bool) -> bool:
    said = numeral.value
    assert said is not None
    if said == value:
        return True
    step = Decimal(1).scaleb(-numeral.places)
    if abs(said - value) * 2 > step:  # just in the middle both are right: floats are rounded as they are held
        return False
    if whole:
        return True
    digits = len(str(abs(said)).replace(".", "").lstrip("0"))
    return digits >= SIGNIFICANT and (numeral.places > 0 or abs(said) >= 100)
