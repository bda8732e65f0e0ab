"""What a job says of itself, made fit for the ledger: redacted, of bounded size, and JSON that PostgreSQL accepts.

Nothing here raises, because a run whose closing row is refused would be taken for lost and run a second time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import islice
from typing import Any

from ops.telemetry.logs import redact

__all__ = ["clean_text", "plain_stats"]

MAX_TEXT = 2_000
MAX_ITEMS = 200
MAX_DEPTH = 6
MAX_INTEGER = 2**53  # beyond it JSON's readers round
READ_CHARACTERS = 20_000  # of a text; redaction of more would hold up the event loop

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL has neither NUL nor lone surrogates


def clean_text(value: object, limit: int = MAX_TEXT) -> str:
    r"""Return `value` as text that can be stored.

    >>> clean_text("a\x00b")
    'a\ufffdb'
    """
    try:
        text = value if type(value) is str else str(value)
        text = str.__str__(text)[:READ_CHARACTERS]
    except Exception:  # an object whose __str__ fails is still worth its class
        text = f"<{type(value).__name__}>"
    return redact(_UNSTORABLE.sub("\ufffd", text))[:limit]


def plain_stats(stats: object) -> dict[str, Any]:
    """Return a run's stats as a JSON object, whatever the job returned.

    >>> plain_stats({"rows": 3, "ratio": float("nan"), 7: {"a"}})
    {'rows': 3, 'ratio': None, '7': ['a']}
    >>> plain_stats([1])
    {'result': [1]}
    """
    if stats is None:
        return {}
    value = _plain(stats, MAX_DEPTH)
    return value if isinstance(value, dict) else {"result": value}


def _plain(value: object, depth: int) -> Any:
    try:
        return _converted(value, depth)
    except Exception:  # a mapping that fails when it is walked, a number that fails when it is compared
        return f"<{type(value).__name__}>"


def _converted(value: object, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) <= MAX_INTEGER else clean_text(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) or depth == 0:
        return clean_text(value)
    if isinstance(value, Mapping):
        pairs = islice(value.items(), MAX_ITEMS)
        return {clean_text(name, 100): _plain(item, depth - 1) for name, item in pairs}
    if isinstance(value, list | tuple | set | frozenset):
        items: Iterable[object] = islice(value, MAX_ITEMS)
        return [_plain(item, depth - 1) for item in items]
    return clean_text(value)
