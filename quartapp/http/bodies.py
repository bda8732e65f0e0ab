"""The JSON body of a request as a pydantic model.

What two parsers would read differently is refused, and what is no such model is refused naming every wrong field.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from quart import request

from ops.web.problems import ProblemError

Model = TypeVar("Model", bound=BaseModel)
Answer = TypeVar("Answer")

ERRORS_SHOWN = 10


class Body(BaseModel):
    """What a body is read with. Built at its first use: a dozen models would cost every start its time and memory."""

    model_config = ConfigDict(defer_build=True)


_REASONS = {
    "missing": "is required",
    "string_type": "must be text",
    "string_too_short": "must be text",
    "string_too_long": "must be text of at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "too_short": "must be a list of at least {min_length}",
    "too_long": "must be a list of at most {max_length}",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "extra_forbidden": "is unknown",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
}


class _RepeatedNameError(ValueError):
    """An object names a field twice: the first or the last may be meant."""


def body(
    model: type[Model],
) -> Callable[[Callable[..., Awaitable[Answer]]], Callable[..., Awaitable[Answer]]]:
    """Hand a handler its request's body as `body`, a `model`.

    What is no JSON object of that model is answered with a problem: 415, 400, or 422 with the fields in `errors`.
    OpenAPI finds the model as the handler's `body_model`.
    """

    def decorate(handler: Callable[..., Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
        @wraps(handler)
        async def reading(*args: Any, **kwargs: Any) -> Answer:
            return await handler(*args, **kwargs, body=parse(model, await read_json()))

        reading.body_model = model  # type: ignore[attr-defined]  # functions take attributes
        return reading

    return decorate


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


def parse(model: type[Model], content: Any) -> Model:
    """Return `content` as a `model`. Raises ProblemError (422)."""
    try:
        return model.model_validate(content, strict=True)
    except ValidationError as problem:
        errors = [
            {"field": _place(error["loc"]), "reason": _reason(error)}
            for error in problem.errors(include_url=False, include_input=False)[:ERRORS_SHOWN]
        ]
        raise ProblemError(422, f"{errors[0]['field']} {errors[0]['reason']}.", errors) from None


def _place(path: Sequence[str | int]) -> str:
    """Return the path to a field.

    >>> _place(("legs", 1, "game_id")), _place(())
    ('legs[1].game_id', 'body')
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "body"


def _reason(error: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("literal_error", "enum"):
        choices = context["expected"].replace(" or ", ", ").replace("'", "")
        return f"must be one of {choices}"
    if kind in _REASONS:
        return _REASONS[kind].format(**context)
    message: str = error["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
