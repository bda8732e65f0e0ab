"""Every error as RFC 9457 problem+json, with the request's id and never a word from inside."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

CONTENT_TYPE = "application/problem+json"

_DETAILS = {
    401: "A valid token is needed here.",
    404: "There is nothing here.",
    408: "The body did not arrive in time.",
    405: "This method is not allowed here; see the Allow header.",
    412: "The document is another than If-Match or If-Unmodified-Since asks for.",
    413: "The body is larger than this server accepts.",
    415: "Send application/json.",
    429: "Too many requests; see the Retry-After header.",
    500: "Something went wrong here. Give operators the request_id.",
    503: "A part that this needs is not available; try again shortly.",
}


class ProblemError(Exception):
    """Raised by a handler to answer with a problem.

    `code` is a word for programs, where one status has several causes; `more` are further members of the body, and
    `headers` of the answer.
    """

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        errors: list[dict[str, str]] | None = None,
        *,
        code: str | None = None,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.detail, self.errors = status, detail, errors
        self.more = {**({"code": code} if code else {}), **(more or {})}
        self.headers = dict(headers or {})
        super().__init__(detail or str(status))


def invalid(place: str, reason: str) -> ProblemError:
    """Return a 422 for one parameter or field."""
    return ProblemError(422, f"{place} {reason}.", [{"field": place, "reason": reason}])


def single(given: MultiDict[str, str]) -> dict[str, str]:
    """Return a query's parameters. One that is given twice asks two questions: 422."""
    for name in given:
        if len(given.getlist(name)) > 1:
            raise invalid(name, "is given more than once")
    return {name: given[name] for name in given}


def render(
    status: int,
    request_id: str,
    detail: str | None = None,
    errors: list[dict[str, str]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the body of a problem."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail
        or _DETAILS.get(status)
        or HTTPStatus(status).description
        or HTTPStatus(status).phrase,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = errors
    body.update({name: value for name, value in (more or {}).items() if name not in body})
    return orjson.dumps(body)
