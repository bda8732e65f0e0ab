"""The first thing a request meets: its id, the published documents, bounds, its log line and its count.

Most reads end here, answered from memory; the rest go on to Quart. Both leave by the same door, so that
headers, log lines and metrics are the same for either.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from ops.telemetry.access import AccessLog
from ops.telemetry.events import emit
from ops.telemetry.logs import bound
from ops.web import problems
from ops.web.probes import ALIVE
from quartapp.documents.answer import READ_HEADERS, answer, gather, preferred_encoding
from quartapp.documents.copy import Copy, Head, Header
from quartapp.documents.held import HeldDocuments
from quartapp.http.cors import Cors
from quartapp.http.identity import request_id
from quartapp.http.turnstile import Turnstile
from quartapp.publish.addresses import key_of, path_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_HEADERS = READ_HEADERS | {b"x-request-id", b"cf-ray", b"content-length", b"authorization"}
_ORIGIN = frozenset((b"origin", b"authorization"))
REMEMBERED_BYTES = 512  # longer targets are parsed each time: visitors must not fill memory with them
MAX_BODY_BYTES = 64 * 1024
HANDLER_SECONDS = 15.0
_CLOSE = (b"connection", b"close")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_ALIVE = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(ALIVE)).encode()),
    (b"cache-control", b"no-store"),
    (b"access-control-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
]


def parsed_target(target: bytes) -> tuple[str, str]:
    """Return the path of a request target, decoded as Hypercorn does, and the key it asks for."""
    return (_parsed if len(target) <= REMEMBERED_BYTES else _parsed.__wrapped__)(target)


@lru_cache(maxsize=4096)
def _parsed(target: bytes) -> tuple[str, str]:
    path, _, query = target.partition(b"?")
    decoded = path_of(unquote(path.decode("ascii")))
    return decoded, key_of(decoded, query)


class Front:
    """ASGI middleware in front of Quart."""

    def __init__(
        self,
        app: Application,
        documents: HeldDocuments,
        access: AccessLog,
        cors: Cors,
        stopping: asyncio.Event,
        *,
        max_body_bytes: int = MAX_BODY_BYTES,
        handler_seconds: float = HANDLER_SECONDS,
    ) -> None:
        self._app = app
        self._documents = documents
        self._access = access
        self._max_body_bytes = max_body_bytes
        self._handler_seconds = handler_seconds
        self._cors = cors
        self._stopping = stopping
        self._turnstile = Turnstile()

    @property
    def closing(self) -> bool:
        """True once the process stops: every answer then ends its connection, and what streams ends."""
        return self._stopping.is_set()

    @closing.setter
    def closing(self, value: bool) -> None:
        (self._stopping.set if value else self._stopping.clear)()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is not HTTP."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        if scope["type"] == "websocket":
            await self._refuse_websocket(scope, send, started)
            return
        scope["path"] = path_of(scope["path"])
        headers = gather(scope["headers"], _HEADERS)
        identity = request_id(headers.get(b"x-request-id", b""), headers.get(b"cf-ray", b""))
        if not scope["path"].startswith("/"):
            # Quart reads such a target as a URL, and fails at an empty one and at half an IPv6 address.
            size = await self._problem(scope, send, 400, identity.decode(), self._own(identity))
            self._record(scope, "other", 400, size, started, identity)
            return
        if scope["method"] in ("GET", "HEAD"):
            copy = self._documents.get(key_of(scope["path"], scope["query_string"]))
            # A computed answer (a suggestion) may be refused to a member, so whoever says who they are is passed on.
            if copy is not None and not (copy.computed and b"authorization" in headers):
                status, size = await self._send_copy(scope, send, copy, headers, identity)
                self._record(scope, copy.route, status, size, started, identity)
                return
            if scope["path"] == "/healthz":
                size = await self._send_alive(scope, send, identity)
                self._record(scope, "/healthz", 200, size, started, identity)
                return
        await self._turnstile.enter()
        await self._pass_on(scope, receive, send, identity, headers.get(b"content-length", b""), started)

    async def _refuse_websocket(self, scope: Scope, send: Send, started: float) -> None:
        """Answer an upgrade with a problem: nothing here speaks WebSocket."""
        ids = gather(scope["headers"], _HEADERS)
        identity = request_id(ids.get(b"x-request-id", b""), ids.get(b"cf-ray", b""))

        async def send_rejection(message: Message) -> None:
            await send({**message, "type": f"websocket.{message['type']}"})

        size = await self._problem(scope, send_rejection, 400, identity.decode(), self._own(identity))
        self._record({**scope, "method": "GET"}, "other", 400, size, started, identity)

    def in_memory(self, target: bytes) -> tuple[str, Copy] | None:
        """Return the path and the copy in memory of a request target, which is in origin form."""
        path, key = parsed_target(target)
        copy = self._documents.get(key)
        return None if copy is None else (path, copy)

    def alive(self) -> tuple[bytes, bytes]:
        """Return the header lines and the body of /healthz."""
        return Head(_ALIVE).lines, ALIVE

    async def _send_copy(
        self, scope: Scope, send: Send, copy: Copy, headers: Mapping[bytes, bytes], identity: bytes
    ) -> tuple[int, int]:
        """Send what a document answers; return (status, body bytes)."""
        if copy.computed:
            accept = headers.get(b"accept-encoding", b"")
            await self._documents.derived.encode(copy, preferred_encoding(accept))
        status, head, body = answer(copy, scope["method"], headers, self._documents.stale_seconds)
        if status == 412:
            return 412, await self._problem(scope, send, 412, identity.decode(), self._own(identity))
        pairs = [*head.pairs, *self._own(identity)]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})
        return status, len(body)

    async def _send_alive(self, scope: Scope, send: Send, identity: bytes) -> int:
        """Answer /healthz, which touches nothing: probes and deploys ask it often, and on a busy process."""
        own = [*_ALIVE, *self._own(identity)]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        body = b"" if scope["method"] == "HEAD" else ALIVE
        await send({"type": "http.response.body", "body": body})
        return len(body)

    async def _pass_on(
        self, scope: Scope, receive: Receive, send: Send, identity: bytes, length: bytes, started: float
    ) -> None:
        status, size = 0, 0

        async def watched(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [pair for pair in message["headers"] if pair[0] != b"x-request-id"]
                message = {**message, "headers": [*headers, *self._own(identity)]}
            elif message["type"] == "http.response.body" and scope["method"] != "HEAD":
                size += len(message.get("body", b""))
            await send(message)

        name = identity.decode()
        scope["request_id"] = name
        try:
            with bound(request_id=name):
                if length.isdigit() and int(length) > self._max_body_bytes:
                    await self._problem(scope, watched, 413, name)
                    return
                try:
                    async with asyncio.timeout(self._handler_seconds) as deadline:
                        scope["deadline"] = deadline  # the guard lifts it for what streams
                        await self._app(scope, receive, watched)
                except TimeoutError:
                    emit("handler_timed_out", path=scope["path"], seconds=self._handler_seconds)
                    if not status:
                        await self._problem(scope, watched, 503, name)
                except Exception as problem:
                    emit("request_failed", path=scope["path"], exc_info=problem)
                    if not status:
                        await self._problem(scope, watched, 500, name)
        finally:
            self._record(scope, scope.get("route", "other"), status or 499, size, started, identity)

    def _own(self, identity: bytes) -> list[Header]:
        """Return the headers that every answer has beside its own."""
        return [(b"x-request-id", identity), *([_CLOSE] if self.closing else [])]

    async def _problem(
        self, scope: Scope, send: Send, status: int, identity: str, more: Sequence[Header] = ()
    ) -> int:
        """Send a problem; return the bytes of its body."""
        body = problems.render(status, identity)
        asked = gather(scope["headers"], _ORIGIN)
        origin = asked.get(b"origin", b"").decode("latin-1")
        shared = self._cors.headers(origin, scope.get("policy"), known=b"authorization" in asked)
        headers = [
            *more,
            *((name.lower().encode(), value.encode("latin-1")) for name, value in shared.items()),
            (b"content-type", problems.CONTENT_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"private, no-store" if b"authorization" in asked else b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if status == 503:
            headers.append((b"retry-after", b"5"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return 0 if scope.get("method") == "HEAD" else len(body)

    def _record(
        self, scope: Scope, route: str, status: int, size: int, started: float, identity: bytes
    ) -> None:
        seconds = time.perf_counter() - started
        method = scope["method"] if scope["method"] in _METHODS else "other"  # each is a label that stays
        self._access.record(method, scope["path"], route, status, size, seconds, identity.decode())
