"""Reading an answer strictly: what is not as documented is one error that names the place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from quartapp.feeds.errors import FeedShapeError

T = TypeVar("T")


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


def each(value: Any, parse: Callable[[Any], T], path: str = "") -> list[T]:
    """Return every item of the list `value`, parsed. Raises MisshapenError with the item's place."""
    if not isinstance(value, list):
        raise MisshapenError(f"is {kind(value)} where a list belongs", path)
    parsed: list[T] = []
    try:
        for one in value:
            parsed.append(parse(one))
    except MisshapenError as problem:
        raise MisshapenError(problem.what, f"{path}[{len(parsed)}]{problem.path}") from None
    except KeyError as problem:
        raise MisshapenError("is missing", f"{path}[{len(parsed)}].{problem.args[0]}") from None
    except (TypeError, AttributeError):
        item = value[len(parsed)]
        raise MisshapenError(f"is {kind(item)} where an object belongs", f"{path}[{len(parsed)}]") from None
    return parsed


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


def distinct(items: list[T], key: str, path: str = "") -> tuple[T, ...]:
    """Return `items`, none of which may repeat another's `key`. Raises MisshapenError."""
    seen: set[object] = set()
    for number, item in enumerate(items):
        value = getattr(item, key)
        if value in seen:
            raise MisshapenError(f"repeats {value!r:.40}", f"{path}[{number}].{key}")
        seen.add(value)
    return tuple(items)


def text(one: Any, key: str) -> str:
    """Return the text under `key`, which must be there and not be empty."""
    value = one[key]
    if isinstance(value, str) and value:
        return value
    raise MisshapenError(f"is {kind(value)} where text belongs", f".{key}")


def flag(one: Any, key: str) -> bool:
    """Return the true or false under `key`."""
    value = one[key]
    if isinstance(value, bool):
        return value
    raise MisshapenError(f"is {kind(value)} where true or false belongs", f".{key}")


def moment(one: Any, key: str) -> datetime:
    """Return the time under `key`, in UTC; one without a zone is refused."""
    value = one[key]
    try:
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            raise ValueError
        return parsed.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise MisshapenError(
            f"is {kind(value)} where an ISO 8601 time with zone belongs", f".{key}"
        ) from None


def optional_moment(one: Any, key: str) -> datetime | None:
    """As `moment`, where nothing may be said."""
    return None if one.get(key) is None else moment(one, key)


def kind(value: Any) -> str:
    """Say what a value is, shortly enough for an error."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return "null" if value is None else f"{value!r:.40}"
