"""Regions as TOML: read with every mistake named by its place, and written in the form that is read."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from quartapp.members.regions import CODE, DEFAULT, Helpline, Region, Regions, RegionsError

_KEYS = {"age", "text", "helplines"}
_PACKAGED = Path(__file__).with_name("regions.toml")


@cache
def packaged() -> Regions:
    """Return the regions that an installation begins with.

    >>> packaged().minimum_age("US-NH"), packaged().minimum_age("US-NJ"), packaged().minimum_age("XX")
    (18, 21, 21)
    """
    return Regions(parse(_PACKAGED.read_text("utf-8")))


def parse(text: str) -> dict[str, Region]:
    """Return the regions of a TOML text. Raises RegionsError with the place of the first mistake."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise RegionsError(f"is not TOML: {problem}") from None
    return {code: read_region(code, table) for code, table in tables.items()}


def read_region(code: str, table: Any) -> Region:
    """Return one region of its table. Raises RegionsError."""
    if code != DEFAULT and not CODE.fullmatch(code):
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


def as_toml(region: Region) -> str:
    """Return a region as TOML; JSON's texts are TOML's as well."""
    lines = [f"[{region.code}]"]
    if region.age is not None:
        lines.append(f"age = {region.age}")
    if region.text is not None:
        lines.append(f"text = {_text(region.text)}")
    if region.helplines:
        rows = [
            f"  {{ name = {_text(line.name)}, phone = {_text(line.phone)}, url = {_text(line.url)} }},"
            for line in region.helplines
        ]
        lines += ["helplines = [", *rows, "]"]
    return "\n".join(lines)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
