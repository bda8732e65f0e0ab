"""The JSON body of a request, read strictly: what two parsers would read differently is refused."""

from __future__ import annotations

import json
from typing import Any, cast

import orjson
from quart import request

from ops.web.problems import ProblemError


class _RepeatedNameError(ValueError):
    """An object names a field twice: the first or the last may be meant."""


async def read_json() -> Any:
    """Return the current request's body. Raises ProblemError: 415 for another type or coding, 400 for no JSON."""
    if not request.is_json:
        raise ProblemError(415)
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise ProblemError(415, "Send the body as it is, without Content-Encoding.")
    return parse_json(cast(bytes, await request.get_data(as_text=False)))


def parse_json(body: bytes) -> Any:
    """Return what a JSON text says. Raises ProblemError (400).

    >>> parse_json(b'{"legs": [1]}')
    {'legs': [1]}
    """
    try:
        content = orjson.loads(body)
        json.loads(body, object_pairs_hook=_once)
    except _RepeatedNameError as repeated:
        raise ProblemError(400, f"The body names a field twice: {repeated}.") from None
    except (ValueError, RecursionError):
        raise ProblemError(400, "The body is not JSON.") from None
    return content


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise _RepeatedNameError(next(repr(name[:40]) for name in names if names.count(name) > 1))
