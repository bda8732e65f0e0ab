"""Reading an answer strictly: what is not as documented is one error that names the place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from quartapp.feeds.errors import FeedShapeError

TEXT_CHARACTERS = 200
IDENTITY_CHARACTERS = 128
_IDENTITY = re.compile(rf"[A-Za-z0-9_.:~-]{{1,{IDENTITY_CHARACTERS}}}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class MisshapenError(ValueError):
    """A place in an answer that is not as documented; `path` grows as the error rises."""

    def __init__(self, what: str, path: str = "") -> None:
        self.what = what
        self.path = path
        super().__init__(f"{path.lstrip('.')} {what}".strip())


@contextmanager
def reading(upstream: str, answer: str) -> Iterator[None]:
    """Turn what is found misshapen inside into one FeedShapeError of that upstream's answer."""
    try:
        yield
    except MisshapenError as problem:
        raise FeedShapeError(f"{upstream}: the {answer} answer has a changed shape: {problem}") from None


@contextmanager
def at(path: str) -> Iterator[None]:
    """Put `path` before the place of what is found misshapen inside."""
    try:
        yield
    except MisshapenError as problem:
        raise MisshapenError(problem.what, path + problem.path) from None
    except KeyError as problem:
        raise MisshapenError("is missing", f"{path}.{problem.args[0]}") from None
    except (TypeError, AttributeError):
        raise MisshapenError("is not an object", path) from None


def text(one: Any, key: str, longest: int = TEXT_CHARACTERS) -> str:
    """Return the text under `key`: there, not blank, and fit to be stored and shown.

    PostgreSQL keeps no NUL, UTF-8 no lone surrogate, and an index no text of kilobytes.
    """
    value = one[key]
    if not isinstance(value, str) or not value.strip():
        raise MisshapenError(f"is {kind(value)} where text belongs", f".{key}")
    if len(value) > longest:
        raise MisshapenError(f"is {len(value)} characters long; {longest} are kept", f".{key}")
    if not _is_known_storable(value):
        raise MisshapenError("holds characters that are no text", f".{key}")
    return value


def name_of(one: Any, key: str) -> str:
    """Return the identity under `key`, which stands in addresses: letters, digits and ``_.:~-``."""
    value = one[key]
    if is_identity(value):
        return str(value)
    raise MisshapenError(f"is {kind(value)} where an identity belongs", f".{key}")


def is_identity(value: Any) -> bool:
    """Return whether a value can be an identity."""
    return isinstance(value, str) and len(value) <= IDENTITY_CHARACTERS and _is_known_identity(value)


# An answer says the same names and times at every book: each is looked at once.
@lru_cache(maxsize=4096)
def _is_known_identity(value: str) -> bool:
    return _IDENTITY.fullmatch(value) is not None


def is_storable(value: str) -> bool:
    """Return whether a text has neither control characters nor lone surrogates."""
    return not _UNFIT.search(value)


_is_known_storable = lru_cache(maxsize=4096)(is_storable)


def number(one: Any, key: str, largest: Decimal) -> Decimal:
    """Return the number under `key`, exactly as it was spelt; at most `largest` on either side of zero."""
    value = one[key]
    if type(value) is not int and type(value) is not float:
        raise MisshapenError(f"is {kind(value)} where a number belongs", f".{key}")
    # repr of a float is its shortest spelling, so what was sent; an int is not spelt out before it is bounded.
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite() or abs(exact) > largest:
        raise MisshapenError(f"is {value!r:.40}, which no price or point is", f".{key}")
    return exact


def flag(one: Any, key: str) -> bool:
    """Return the true or false under `key`."""
    value = one[key]
    if isinstance(value, bool):
        return value
    raise MisshapenError(f"is {kind(value)} where true or false belongs", f".{key}")


def moment(one: Any, key: str) -> datetime:
    """Return the time under `key`, in UTC; one without a zone, or of another century, is refused."""
    value = one[key]
    try:
        return _moment(value)
    except (TypeError, ValueError, OverflowError):
        raise MisshapenError(
            f"is {kind(value)} where an ISO 8601 time with zone belongs", f".{key}"
        ) from None


@lru_cache(maxsize=4096)
def _moment(value: str) -> datetime:
    parsed = datetime.fromisoformat(value)
    if parsed.tzinfo is None or not 2000 <= parsed.year < 2100:
        raise ValueError
    return parsed.astimezone(UTC)


def optional_moment(one: Any, key: str) -> datetime | None:
    """As `moment`, where nothing may be said."""
    return None if one.get(key) is None else moment(one, key)


def kind(value: Any) -> str:
    """Say what a value is, shortly enough for an error."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and value.bit_length() > 128:
        return "a number of hundreds of digits"
    return "null" if value is None else ascii(value)[:40]
