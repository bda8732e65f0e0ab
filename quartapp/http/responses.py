"""Documents as Quart's responses: the same answer, headers and all, that the front gives."""

from __future__ import annotations

from quart import Response, request

from ops.web.problems import ProblemError
from quartapp.documents.answer import answer, gather, preferred_encoding
from quartapp.documents.copy import Copy
from quartapp.documents.derived import AbsentError, BusyError, Work
from quartapp.documents.held import HeldDocuments


async def respond_computed(documents: HeldDocuments, key: str, work: Work) -> Response:
    """Return the answer to the question `key`.

    Raises ProblemError: 404 when these documents have none, 503 when too many other questions wait already.
    """
    try:
        return await respond(documents, await documents.derived.compute(key, work))
    except AbsentError as absent:
        raise ProblemError(404, str(absent)) from None
    except BusyError:
        raise ProblemError(503, "Too many different questions wait already; try again shortly.") from None


async def respond(documents: HeldDocuments, copy: Copy, stale_seconds: int | None = None) -> Response:
    """Return what `copy` answers to the current request. Raises ProblemError (412).

    `stale_seconds`: for how long it may have been out of date, if not as long as the documents.
    """
    headers = gather(request.scope["headers"])
    await documents.derived.encode(copy, preferred_encoding(headers.get(b"accept-encoding", b"")))
    stale = documents.stale_seconds if stale_seconds is None else stale_seconds
    status, head, body = answer(copy, request.method, headers, stale)
    if status == 412:
        raise ProblemError(412)
    response = Response(body, status)
    response.headers.clear()
    for name, value in head.pairs:
        response.headers[name.decode()] = value.decode()
    return response
