"""Published documents, answered where their request's bytes arrive.

Only what is exactly one complete, plain GET or HEAD is answered; `answer` returns None for anything else, which
is then Hypercorn's, byte for byte. httptools (llhttp) parses; what a document answers is
`quartapp.documents.answer`, as on the way through Hypercorn.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import TYPE_CHECKING

import httptools

from quartapp.documents.answer import READ_HEADERS, answer, preferred_encoding
from quartapp.http.identity import request_id

if TYPE_CHECKING:
    from ops.telemetry.access import AccessLog
    from quartapp.documents.copy import Copy
    from quartapp.documents.held import HeldDocuments

# A request line and header lines of printable ASCII, one empty line, and nothing after it. Each part ends at a
# byte that it cannot hold, so a match takes time in proportion to the bytes.
_PLAIN = re.compile(
    rb"(?:GET|HEAD) /[\x21-\x7e]* HTTP/1\.1\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\x20-\x7e\t]*\r\n)+\r\n"
)
_UNDERSTOOD = READ_HEADERS | {b"host", b"connection", b"x-request-id", b"cf-ray", b"authorization"}
# Each changes what the bytes mean, or asks for something that only Hypercorn does.
_NOT_PLAIN = frozenset(
    (
        b"content-length",
        b"transfer-encoding",
        b"te",
        b"trailer",
        b"expect",
        b"upgrade",
        b"http2-settings",
        b"proxy-connection",
        b"keep-alive",
        b"range",
    )
)
ALIVE_ROUTE = "/healthz"


class _Request:
    """What httptools says of one request: its target, and the headers that are understood here."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.target = b""
        self.headers: dict[bytes, bytes] = {}
        self.plain = True
        self.messages = 0

    def on_url(self, target: bytes) -> None:
        self.target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in _UNDERSTOOD:
            if name in self.headers:
                self.plain = False  # what several lines mean is decided in one place, on the other way
            self.headers[name] = value.strip(b" \t")
        elif name in _NOT_PLAIN:
            self.plain = False

    def on_message_complete(self) -> None:
        self.messages += 1


class FastReads:
    """Answers reads of `documents`; one for a process, since an answer is made without a pause."""

    def __init__(
        self,
        documents: HeldDocuments,
        access: AccessLog,
        *,
        find: Callable[[bytes], tuple[str, Copy] | None],
        alive: tuple[bytes, bytes],
        closing: Callable[[], bool],
    ) -> None:
        """`find` returns the path and copy of a request target; `alive` is /healthz's head lines and body."""
        self._documents = documents
        self._access = access
        self._find = find
        self._alive_head, self._alive_body = alive
        self.closing = closing
        self._request = _Request()
        self._parser = httptools.HttpRequestParser(self._request)
        self._date: tuple[int, bytes] = (0, b"")

    def answer(self, data: bytes) -> tuple[bytes, bytes] | None:
        """Return head and body of the answer to the request that `data` is, or None if it is not one for here."""
        started = time.perf_counter()
        if _PLAIN.fullmatch(data) is None:
            return None
        request = self._parse(data)
        if request is None or b"host" not in request.headers:
            return None
        headers = request.headers
        headers.pop(b"connection", None)
        del headers[b"host"]
        known = headers.pop(b"authorization", None) is not None
        identity = request_id(headers.pop(b"x-request-id", b""), headers.pop(b"cf-ray", b""))
        method = "GET" if data.startswith(b"G") else "HEAD"
        if request.target == b"/healthz":
            status, lines, path, route = 200, self._alive_head, ALIVE_ROUTE, ALIVE_ROUTE
            body = self._alive_body if method == "GET" else b""
        else:
            found = self._find(request.target)
            if found is None:
                return None
            path, copy = found
            route = copy.route
            if copy.computed and known:
                return None  # it may be refused to a member, which is not decided here
            if copy.computed and copy.lacks(preferred_encoding(headers.get(b"accept-encoding", b""))):
                return None  # compressed first, and not on this loop
            status, head, body = answer(copy, method, headers, self._documents.stale_seconds)
            if status == 412:
                return None
            lines = head.lines
        close = b"connection: close\r\n" if self.closing() else b""
        self._access.record(
            method, path, route, status, len(body), time.perf_counter() - started, identity.decode()
        )
        head_bytes = b"HTTP/1.1 %d \r\n%sx-request-id: %s\r\n%sdate: %s\r\n\r\n" % (
            status, lines, identity, close, self._now(),
        )  # fmt: skip
        return head_bytes, body

    def _parse(self, data: bytes) -> _Request | None:
        """Return the request, if httptools reads the very same one message."""
        request = self._request
        request.clear()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            pass
        except httptools.HttpParserUpgrade:
            pass
        else:
            if (
                request.messages == 1
                and request.headers.get(b"connection", b"keep-alive").lower() == b"keep-alive"
            ):
                return request if request.plain else None
        self._parser = httptools.HttpRequestParser(request)  # the old one takes no further request
        return None

    def _now(self) -> bytes:
        second = int(time.time())
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True).encode())
        return self._date[1]
