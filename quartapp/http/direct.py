"""Answers plain filters, prices, suggestions and chats in front of Quart, which costs several times what they do.

Only a request that succeeds is answered here: whatever is unusual or wrong goes to Quart, body and all, and is answered
there. The route's policy, rate limit and CORS are the same, and a test compares both ways header by header.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, NamedTuple

from werkzeug.exceptions import HTTPException

from ops.database import DatabaseUnavailable
from ops.web.policy import Policy
from ops.web.problems import ProblemError
from quartapp.documents.answer import READ_HEADERS, answer, gather, preferred_encoding
from quartapp.documents.derived import AbsentError, BusyError, Work
from quartapp.documents.held import HeldDocuments
from quartapp.http.cors import Cors
from quartapp.http.limits import Clients, Limits, Taken
from quartapp.http.streams import CACHE_CONTROL, HEADERS, OpenStreams

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 16 * 1024
BODY_SECONDS = (
    2.0  # less than Quart's own bound leaves of the handler's, so that a slow client is still a 408
)
# What any of these asks for is decided in one place, behind this.
_UNUSUAL = frozenset((b"content-encoding", b"transfer-encoding", b"expect"))
_OF_READS = READ_HEADERS | {b"authorization", b"origin"}
_ONCE = frozenset((b"content-type", b"content-length", b"origin", b"authorization"))
Begin = Callable[[str, bytes], Awaitable[AsyncGenerator[bytes, None]]]


class _Route(NamedTuple):
    policy: Policy
    answer: Callable[[bytes], bytes]


class _Stream(NamedTuple):
    policy: Policy
    begin: Begin
    open: OpenStreams


class _Question(NamedTuple):
    policy: Policy
    read: Callable[[bytes], tuple[str, Work] | None]


class Direct:
    """What is answered here. `limits` are the guard's, so that either way counts for the other."""

    def __init__(
        self,
        clients: Clients,
        cors: Cors,
        limits: Limits,
        documents: HeldDocuments,
        *,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._documents = documents
        self._body_seconds = body_seconds
        self.limits = limits
        self._clients = clients
        self._cors = cors
        self._routes: dict[str, _Route | _Stream] = {}
        self._questions: dict[str, _Question] = {}

    def add(self, path: str, declared: Policy, answer: Callable[[bytes], bytes]) -> None:
        """Answer POSTs of JSON to `path` by `answer`; what it raises a ProblemError for, Quart's handler answers."""
        if declared.auth != "none" or declared.cache != "no-store" or declared.limit is None:
            raise ValueError(f"{path} is not for everybody, or may be cached, or has no limit")
        self._routes[path] = _Route(declared, answer)

    def add_stream(self, path: str, declared: Policy, begin: Begin, streams: OpenStreams) -> None:
        """Answer POSTs of JSON to `path` by the stream that `begin` makes of a member's Authorization and the body.

        Where it raises what refuses a request, or a store is away, Quart's handler answers.
        """
        if declared.auth != "member" or not declared.stream or declared.limit is None:
            raise ValueError(f"{path} is not for members, or streams nothing, or has no limit")
        self._routes[path] = _Stream(declared, begin, streams)

    def add_question(
        self, path: str, declared: Policy, read: Callable[[bytes], tuple[str, Work] | None]
    ) -> None:
        """Answer GETs of `path` by the computed answer that `read` makes of a query: its key, and the work.

        What `read` returns None or raises a ProblemError for, Quart's handler answers, and whatever is asked by those
        who say who they are: what a visitor may ask, a member may not always.
        """
        if declared.auth not in ("none", "visitor") or declared.cache != "public":
            raise ValueError(f"{path} is not for everybody, or may not be cached")
        self._questions[path] = _Question(declared, read)

    def around(self, app: Application) -> Application:
        """Return `app` with these answers in front of it."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            method = scope.get("method")
            question = self._questions.get(scope["path"]) if method == "GET" else None
            if question is not None:
                if not await self._asked(question, scope, send):
                    await app(scope, receive, send)
                return
            route = self._routes.get(scope["path"]) if method == "POST" else None
            headers = None if route is None else _plain(scope, known=isinstance(route, _Stream))
            if route is None or headers is None:
                await app(scope, receive, send)
                return
            messages, body = await _read(receive, int(headers[b"content-length"]), self._body_seconds)
            if body is None:
                answered = False
            elif isinstance(route, _Stream):
                answered = await self._streamed(route, scope, receive, send, headers, body)
            else:
                answered = await self._answered(route, scope, send, headers, body)
            if not answered:
                await app(scope, _again(messages, receive), send)

        return application

    async def _answered(
        self, route: _Route, scope: Scope, send: Send, headers: dict[bytes, bytes], body: bytes
    ) -> bool:
        taken = self._take(route.policy, scope)
        if not taken.allowed:
            return False
        try:
            said = route.answer(body)
        except ProblemError:
            return False
        own = {
            "Content-Type": "application/json",
            "Content-Length": str(len(said)),
            "Cache-Control": "no-store",
        }
        await send(self._start(route.policy, taken, headers, own))
        await send({"type": "http.response.body", "body": said})
        return True

    async def _streamed(
        self,
        route: _Stream,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: dict[bytes, bytes],
        body: bytes,
    ) -> bool:
        taken = self._take(route.policy, scope)
        if not taken.allowed:
            return False
        try:
            parts = await route.begin(headers[b"authorization"].decode("latin-1"), body)
        except (ProblemError, HTTPException, *DatabaseUnavailable):
            return False
        deadline: asyncio.Timeout = scope["deadline"]
        deadline.reschedule(None)
        await send(self._start(route.policy, taken, headers, {**HEADERS, "Cache-Control": CACHE_CONTROL}))
        await route.open.send(parts, receive, send)
        return True

    def _start(
        self, declared: Policy, taken: Taken, headers: dict[bytes, bytes], own: dict[str, str]
    ) -> Message:
        shared = self._cors.headers(headers.get(b"origin", b"").decode("latin-1"), declared)
        more = {**own, "X-Content-Type-Options": "nosniff", **taken.headers(), **shared}
        pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in more.items()]
        return {"type": "http.response.start", "status": 200, "headers": pairs}

    async def _asked(self, question: _Question, scope: Scope, send: Send) -> bool:
        """Answer a question as `http/responses.py` does; what has no answer is left to Quart, which says why."""
        headers = gather(scope["headers"], _OF_READS)
        if b"authorization" in headers:
            return False
        scope["route"], scope["policy"] = scope["path"], question.policy
        taken = None if question.policy.limit is None else self._take(question.policy, scope)
        if taken is not None and not taken.allowed:
            return False
        derived = self._documents.derived
        try:
            asked = question.read(scope["query_string"])
            if asked is None:
                return False
            copy = await derived.compute(*asked)
        except (ProblemError, AbsentError, BusyError, UnicodeDecodeError):
            return False
        await derived.encode(copy, preferred_encoding(headers.get(b"accept-encoding", b"")))
        status, head, body = answer(copy, "GET", headers, self._documents.stale_seconds)
        if status == 412:
            return False
        shared = self._cors.headers(headers.get(b"origin", b"").decode("latin-1"), question.policy)
        more = {
            name.lower().encode(): value.encode("latin-1")
            for name, value in ((taken.headers() if taken is not None else {}) | shared).items()
        }
        pairs = [pair for pair in head.pairs if pair[0] not in more]
        await send({"type": "http.response.start", "status": status, "headers": [*pairs, *more.items()]})
        await send({"type": "http.response.body", "body": body})
        return True

    def _take(self, declared: Policy, scope: Scope) -> Taken:
        limit = declared.limit
        assert limit is not None, "none is asked for without one"
        ips = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cf-connecting-ip"]
        client = self._clients.key((scope.get("client") or ("", 0))[0], ips)
        scope["route"], scope["policy"] = scope["path"], declared
        scope["taken"] = taken = self.limits.take(scope["path"], client, limit)  # the guard counts it no more
        return taken


def _plain(scope: Scope, *, known: bool) -> dict[bytes, bytes] | None:
    """Return the headers that count here, or None where a request is not plain JSON of a known, small length.

    It says who asks if that must be `known`, and else it does not.
    """
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _UNUSUAL or (name in _ONCE and name in found):
            return None
        if name in _ONCE:
            found[name] = value
    if (b"authorization" in found) is not known:
        return None
    length = found.get(b"content-length", b"")
    if not (length.isdigit() and len(length) <= 6 and int(length) <= LARGEST_BODY):
        return None
    return found if found.get(b"content-type") == b"application/json" and not scope["query_string"] else None


async def _read(receive: Receive, length: int, seconds: float) -> tuple[list[Message], bytes | None]:
    """Return what was received, and the body; None where it is late, of another length, or its client left."""
    messages: list[Message] = []
    body = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while len(body) <= length:
                message = await receive()
                messages.append(message)
                if message["type"] != "http.request":
                    break
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    return messages, body if len(body) == length else None
    return messages, None


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Return a `receive` that gives these messages first."""

    async def replayed() -> Message:
        return messages.pop(0) if messages else await receive()

    return replayed
