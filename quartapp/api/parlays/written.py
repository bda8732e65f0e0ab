"""Parts of answers that do not change with the clock, written as JSON once: each answer adds their prices' ages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson


class Ages(dict["datetime | None", int]):
    """How old a price is at `now`, in seconds, by when it was confirmed. Most prices were confirmed together."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __missing__(self, updated: datetime | None) -> int:
        age = 0 if updated is None else max(0, int((self.now - updated).total_seconds()))
        self[updated] = age
        return age


def before_age(shown: Mapping[str, Any]) -> bytes:
    """Return as JSON what ends with `odds_age_seconds`, up to the age.

    >>> before_age({"price": "105", "odds_age_seconds": None})
    b'{"price":"105","odds_age_seconds":'
    """
    return orjson.dumps({**shown, "odds_age_seconds": 0})[: -len("0}")]


def json_list(parts: Iterable[bytes]) -> Any:
    """Return a list for JSON, of parts that are JSON already; their types are checked where they are written."""
    return orjson.Fragment(b"[" + b",".join(parts) + b"]")
