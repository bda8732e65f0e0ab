"""What descriptions of paths are made of: answers, problems, headers, parameters."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}


def ref(name: str) -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def headers(*names: str) -> Schema:
    """Return headers of an answer by name."""
    texts = {
        "X-Request-ID": "The request's id: the caller's if well formed.",
        "ETag": "Strong, another for each Content-Encoding; send it back as If-None-Match.",
        "Cache-Control": "`max-age=60, must-revalidate` on reads, `no-store` elsewhere.",
        "X-Stale": "`true` while the database is away; the body is the newest known.",
        "Link": 'rel="next", where there is a next page.',
        "Retry-After": "Seconds after which to ask again.",
        "RateLimit": "What is left of a policy and the seconds until all of it is: draft-ietf-httpapi-ratelimit-headers.",
        "RateLimit-Policy": "Each policy's requests and seconds.",
        "RateLimit-Limit": "Requests that the policy allows, by the name that older clients read.",
        "RateLimit-Remaining": "Requests left now.",
        "RateLimit-Reset": "Seconds until all of them are there again.",
    }
    return {name: {"description": texts[name], "schema": TEXT} for name in names}


RATE = ("RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


def json_answer(name: str, description: str, *more: str) -> Schema:
    """Return a JSON answer of the shape `name`."""
    return {
        "description": description,
        "headers": headers("X-Request-ID", "Cache-Control", *more),
        "content": {"application/json": {"schema": ref(name)}},
    }


def problems(*statuses: int) -> Schema:
    """Return the problems that a path may answer."""
    texts = {
        400: "The request cannot be read.",
        401: "What should prove who asks is missing or wrong.",
        403: "Not allowed; `code` says why.",
        404: "There is no such thing.",
        405: "The method is not allowed.",
        409: "It clashes with what is there; `code` says how.",
        412: "The document is another than If-Match or If-Unmodified-Since asks for.",
        413: "The body is too large.",
        415: "Not application/json.",
        422: "A parameter or field is wrong; `errors` names it.",
        429: "Too many requests.",
        503: "A dependency is away, or too much is asked at once.",
    }
    more = {429: ("Retry-After", *RATE), 503: ("Retry-After",)}
    return {
        str(status): {
            "description": texts[status],
            "headers": headers("X-Request-ID", *more.get(status, ())),
            "content": {"application/problem+json": {"schema": ref("Problem")}},
        }
        for status in statuses
    }


NOT_MODIFIED = {
    "304": {
        "description": "As If-None-Match or If-Modified-Since has it.",
        "headers": headers("ETag", "X-Request-ID"),
    }
}


def read(operation: str, summary: str, name: str, parameters: list[Schema], *more: int) -> Schema:
    """Return the path of a published document."""
    answers = {"200": json_answer(name, "The document.", "ETag", "X-Stale", "Link"), **NOT_MODIFIED}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": parameters,
            "responses": answers | problems(*more, 405, 412, 422, 503),
        }
    }


def query(name: str, description: str, schema: Schema, *, required: bool = False) -> Schema:
    """Return a parameter of the query."""
    return {"name": name, "in": "query", "description": description, "required": required, "schema": schema}


def in_path(name: str, description: str) -> Schema:
    """Return a parameter of the path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": TEXT}
