"""Documents as Quart's responses: the same answer, headers and all, that the front gives."""

from __future__ import annotations

from quart import Response, request

from ops.web.problems import ProblemError
from quartapp.documents.answer import answer, gather
from quartapp.documents.copy import Copy
from quartapp.documents.held import HeldDocuments


def respond(documents: HeldDocuments, copy: Copy) -> Response:
    """Return what `copy` answers to the current request. Raises ProblemError (412)."""
    pairs = request.scope["headers"]
    status, head, body = answer(copy, request.method, gather(pairs), documents.stale_seconds)
    if status == 412:
        raise ProblemError(412)
    response = Response(body, status)
    response.headers.clear()
    for name, value in head.pairs:
        response.headers[name.decode()] = value.decode()
    return response
