"""The Idempotency-Key of a save: a repeat is answered as the first was."""

from __future__ import annotations

import hashlib
import re

from pydantic import BaseModel
from quart import Response, request

from ops.web.problems import ProblemError

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def fingerprint(body: BaseModel) -> bytes:
    """Return what tells one request from another."""
    return hashlib.blake2b(body.model_dump_json().encode(), digest_size=16).digest()


def key() -> str:
    """Return the current request's key. Raises ProblemError (400) without a usable one."""
    given = request.headers.get("Idempotency-Key", "").strip()
    if not _KEY.fullmatch(given):
        raise ProblemError(
            400,
            "Send an Idempotency-Key header of 1 to 200 visible characters, a new one a parlay and the same one when "
            "you repeat a request.",
            code="idempotency_key_missing",
        )
    return given


def repeated(before: tuple[bytes, bytes], asked: bytes) -> Response:
    """Return the first answer again. Raises ProblemError (422) where the key was another request's."""
    kept, answer = before
    if kept != asked:
        raise ProblemError(
            422, "This Idempotency-Key was used for another request.", code="idempotency_key_reused"
        )
    response = Response(answer, 201, content_type="application/json")
    response.headers["Idempotency-Replayed"] = "true"
    return response
