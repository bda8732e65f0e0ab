"""The lawful age and the helplines of each region: data with defaults, a country's for its parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

DEFAULT = "default"
CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Helpline:
    """Who helps; `phone` is empty where there is only a page."""

    region: str
    name: str
    phone: str
    url: str


@dataclass(frozen=True, slots=True)
class Region:
    """What is known of one region; None where its country or the default has it."""

    code: str
    age: int | None
    helplines: tuple[Helpline, ...]
    text: str | None


@dataclass(frozen=True, slots=True)
class Help:
    """What a person in a region is told: the lawful age in years, the nearest helplines first, a text."""

    age: int
    helplines: tuple[Helpline, ...]
    text: str


class RegionsError(ValueError):
    """A file of regions that cannot be used; the message names the place and what is allowed there."""


class Regions:
    """Every region that is known."""

    def __init__(self, regions: Mapping[str, Region]) -> None:
        default = regions.get(DEFAULT)
        if default is None or default.age is None or default.text is None:
            raise RegionsError("[default] needs an age and a text")
        self._default_age, self._default_text = default.age, default.text
        self._regions = dict(regions)

    def __iter__(self) -> Any:
        return iter(self._regions.values())

    def with_changes(self, changed: Mapping[str, Region]) -> Regions:
        """Return these regions with `changed` in the place of their own."""
        return Regions({**self._regions, **changed})

    def help_of(self, code: str) -> Help:
        """Return the help for a region: its own lines, its country's, then the default's."""
        known = [self._regions[one] for one in chain(code) if one in self._regions]
        return Help(
            next((one.age for one in known if one.age is not None), self._default_age),
            tuple(line for one in known for line in one.helplines),
            next((one.text for one in known if one.text is not None), self._default_text),
        )

    def minimum_age(self, code: str) -> int:
        """Return the age in years from which betting is lawful there."""
        return self.help_of(code).age


def region_code(text: str) -> str:
    """Return a region's code in its one form. Raises ValueError for a text of another form.

    >>> region_code("us-nj"), region_code(" GB ")
    ('US-NJ', 'GB')
    """
    code = text.strip().upper()
    if not CODE.fullmatch(code):
        raise ValueError("must be an ISO 3166 code: a country such as GB, or a part of one such as US-NJ")
    return code


def age_on(born: date, today: date) -> int:
    """Return somebody's age in whole years. Born on 29 February, one is a year older on 1 March.

    >>> age_on(date(2004, 2, 29), date(2025, 2, 28)), age_on(date(2004, 2, 29), date(2025, 3, 1))
    (20, 21)
    """
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def chain(code: str) -> list[str]:
    """Return where to look for a region: itself, its country, the default.

    >>> chain("US-NJ")
    ['US-NJ', 'US', 'default']
    """
    return list(dict.fromkeys([code, code.partition("-")[0], DEFAULT]))
