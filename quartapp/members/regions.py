"""The lawful age and the helplines of each region: data with defaults, a country's for its parts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

DEFAULT = "default"
_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_KEYS = {"age", "text", "helplines"}
_PACKAGED = Path(__file__).with_name("regions.toml")


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
        """Return the help for a region: its own lines, its country's, then the default's.

        >>> packaged().help_of("US-NH").age, packaged().help_of("US-NJ").age, packaged().help_of("XX").age
        (18, 21, 21)
        """
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
    if not _CODE.fullmatch(code):
        raise ValueError("must be an ISO 3166 code: a country such as GB, or a part of one such as US-NJ")
    return code


def age_on(born: date, today: date) -> int:
    """Return somebody's age in whole years. Born on 29 February, one is a year older on 1 March.

    >>> age_on(date(2004, 2, 29), date(2025, 2, 28)), age_on(date(2004, 2, 29), date(2025, 3, 1))
    (20, 21)
    """
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@cache
def packaged() -> Regions:
    """Return the regions that an installation begins with."""
    return Regions(parse(_PACKAGED.read_text("utf-8")))


def minimum_age(code: str) -> int:
    """Return the packaged age of a region; `Regions.minimum_age` of those that operators loaded goes before it."""
    return packaged().minimum_age(code)


def parse(text: str) -> dict[str, Region]:
    """Return the regions of a TOML text. Raises RegionsError with the place of the first mistake."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise RegionsError(f"is not TOML: {problem}") from None
    return {code: read_region(code, table) for code, table in tables.items()}


def read_region(code: str, table: Any) -> Region:
    """Return one region of its table. Raises RegionsError."""
    if code != DEFAULT and not _CODE.fullmatch(code):
        raise RegionsError(f"[{code}] is not a region: write a code such as GB or US-NJ, or {DEFAULT}")
    if not isinstance(table, dict) or not table.keys() <= _KEYS:
        raise RegionsError(f"[{code}] may hold {', '.join(sorted(_KEYS))}")
    age = table.get("age")
    if age is not None and (type(age) is not int or not 16 <= age <= 30):
        raise RegionsError(f"[{code}] age must be a whole number of years from 16 to 30")
    text = table.get("text")
    if text is not None and (not isinstance(text, str) or not text.strip()):
        raise RegionsError(f"[{code}] text must be a text")
    lines = table.get("helplines") or []
    if not isinstance(lines, list):
        raise RegionsError(f"[{code}] helplines must be a list")
    return Region(code, age, tuple(_helpline(code, line) for line in lines), text and text.strip())


def _helpline(code: str, line: Any) -> Helpline:
    if not isinstance(line, dict) or not line.keys() <= {"name", "phone", "url"}:
        raise RegionsError(f"[{code}] a helpline has a name, a phone and a url")
    name, phone, url = (line.get(key, "") for key in ("name", "phone", "url"))
    if not all(isinstance(value, str) for value in (name, phone, url)) or not name:
        raise RegionsError(f"[{code}] a helpline needs a name; phone and url are texts")
    if not phone and not url:
        raise RegionsError(f"[{code}] {name} needs a phone or a url")
    if url and not url.startswith("https://"):
        raise RegionsError(f"[{code}] the url of {name} must begin with https://")
    return Helpline("" if code == DEFAULT else code, name, phone, url)


def chain(code: str) -> list[str]:
    """Return where to look for a region: itself, its country, the default.

    >>> chain("US-NJ")
    ['US-NJ', 'US', 'default']
    """
    return list(dict.fromkeys([code, code.partition("-")[0], DEFAULT]))
