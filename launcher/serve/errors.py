"""Errors that Hypercorn answers by itself, as problems: a body, a request id, a log line, over HTTP/1.1 and h2c.

What it cannot read never reaches the application, and Hypercorn answers it with an empty body and no trace. The classes
here are its own with another error answer.
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

import h11
import hypercorn.protocol
import hypercorn.protocol.h2
import hypercorn.protocol.h11
from hypercorn.protocol.events import Body, EndBody, Event, Response, StreamClosed
from hypercorn.protocol.http_stream import ASGIHTTPState, HTTPStream
from hypercorn.protocol.ws_stream import WSStream

from launcher.serve.http1 import MOST_PARTS, LastingH11, OverError
from launcher.serve.http2 import LastingH2
from ops.telemetry.access import AccessLog
from ops.web import problems
from quartapp.documents.answer import gather
from quartapp.http.identity import request_id

_IDS = frozenset((b"x-request-id", b"cf-ray"))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_DETAILS = {
    400: "The request is not HTTP that this server reads.",
    431: "The head of the request is larger than this server accepts.",
    501: "This transfer coding is not implemented.",
}

Headers = list[tuple[bytes, bytes]]


def answer_errors_with_problems(access: AccessLog) -> None:
    """Let Hypercorn make our classes in place of its own; each error is recorded in `access`."""
    # Hypercorn has no hook for it. tests/serve/test_errors.py fails when one of these names is gone.
    for module, name, ours in (
        (hypercorn.protocol, "H11Protocol", ProblemH11),
        (hypercorn.protocol, "H2Protocol", ProblemH2),
        (hypercorn.protocol.h11, "HTTPStream", ProblemHTTPStream),
        (hypercorn.protocol.h11, "WSStream", ProblemWSStream),
        (hypercorn.protocol.h2, "HTTPStream", ProblemHTTPStream),
        (hypercorn.protocol.h2, "WSStream", ProblemWSStream),
    ):
        assert name in vars(module), f"{module.__name__} has no {name}"
        vars(module)[name] = type(name, (ours,), {"access": access})


def _problem(status: int, pairs: Headers) -> tuple[bytes, Headers, bytes]:
    """Return (request id, headers, body) of a problem to a request that has `pairs`."""
    own = gather(pairs, _IDS)
    identity = request_id(own.get(b"x-request-id", b""), own.get(b"cf-ray", b""))
    body = problems.render(status, identity.decode(), _DETAILS.get(status))
    headers = [
        (b"content-type", problems.CONTENT_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"access-control-allow-origin", b"*"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", identity),
    ]
    return identity, headers, body


class ProblemH11(LastingH11):
    """HTTP/1.1: what h11 cannot read (400, 431, 501)."""

    access: ClassVar[AccessLog]

    async def _send_error_response(self, status_code: int) -> None:
        identity, headers, body = _problem(status_code, [])
        headers.append((b"connection", b"close"))
        await self._send_h11_event(h11.Response(status_code=status_code, headers=headers))
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())
        self.access.record("other", "", "other", status_code, len(body), 0.0, identity.decode())


class _Stream:
    """What both kinds of stream answer an error with."""

    access: ClassVar[AccessLog]

    async def _answer(self: Any, status_code: int) -> None:
        scope = self.scope
        identity, headers, body = _problem(status_code, scope["headers"])
        if scope["http_version"] != "2":
            headers.append((b"connection", b"close"))
        method = scope.get("method", "GET")
        await self.send(Response(stream_id=self.stream_id, status_code=status_code, headers=headers))
        if method != "HEAD":
            await self.send(Body(stream_id=self.stream_id, data=body))
        await self.send(EndBody(stream_id=self.stream_id))
        seconds = time.time() - self.start_time
        known = method if method in _METHODS else "other"
        self.access.record(known, scope["path"], "other", status_code, len(body), seconds, identity.decode())


class ProblemHTTPStream(_Stream, HTTPStream):
    """A request that Hypercorn refuses, or that the application never answered."""

    _parts = 0  # of the body

    async def handle(self, event: Event) -> None:
        """Take a part of the request. Raises OverError at a body of far too many, each of which costs as a large one."""
        if isinstance(event, Body):
            self._parts += 1
            if self._parts > MOST_PARTS:
                raise OverError
        await super().handle(event)

    async def _send_error_response(self, status_code: int) -> None:
        await self._answer(status_code)
        self.state = ASGIHTTPState.CLOSED


class ProblemWSStream(_Stream, WSStream):
    """A malformed upgrade to WebSocket."""

    async def _send_error_response(self, status_code: int) -> None:
        await self._answer(status_code)
        # Hypercorn leaves the connection open after it, and a client that waits for its end waits for ever.
        self.closed = True
        await self.send(StreamClosed(stream_id=self.stream_id))


class ProblemH2(LastingH2):
    """HTTP/2: a request without a path, which is what CONNECT of a proxy is."""

    access: ClassVar[AccessLog]

    async def _create_stream(self, request: Any) -> None:
        names = {name for name, _ in request.headers}
        if b":path" in names and b":method" in names:
            await super()._create_stream(request)
            return
        pairs = [pair for pair in request.headers if not pair[0].startswith(b":")]
        identity, headers, body = _problem(501, pairs)
        self.connection.send_headers(request.stream_id, [(b":status", b"501"), *headers])
        self.connection.send_data(request.stream_id, body, end_stream=True)
        await self._flush()
        self.access.record("CONNECT", "", "other", 501, len(body), 0.0, identity.decode())
