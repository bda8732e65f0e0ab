"""Answers plain POSTs in front of Quart, which costs several times what such an answer does.

Only a request that succeeds is answered here: whatever is unusual or wrong goes to Quart, body and all, and is answered
there. The route's policy, rate limit and CORS are the same, and a test compares both ways header by header.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, NamedTuple

from ops.web.policy import Policy
from ops.web.problems import ProblemError
from quartapp.http.cors import Cors
from quartapp.http.limits import Clients, Limits

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
_UNUSUAL = frozenset((b"authorization", b"content-encoding", b"transfer-encoding", b"expect"))
_ONCE = frozenset((b"content-type", b"content-length", b"origin"))


class _Route(NamedTuple):
    policy: Policy
    answer: Callable[[bytes], bytes]


class Direct:
    """The POSTs that are answered here. `limits` are the guard's, so that either way counts for the other."""

    def __init__(
        self, clients: Clients, cors: Cors, limits: Limits, *, body_seconds: float = BODY_SECONDS
    ) -> None:
        self._body_seconds = body_seconds
        self.limits = limits
        self._clients = clients
        self._cors = cors
        self._routes: dict[str, _Route] = {}

    def add(self, path: str, declared: Policy, answer: Callable[[bytes], bytes]) -> None:
        """Answer POSTs of JSON to `path` by `answer`; what it raises a ProblemError for, Quart's handler answers."""
        if declared.auth != "none" or declared.cache != "no-store" or declared.limit is None:
            raise ValueError(f"{path} is not for everybody, or may be cached, or has no limit")
        self._routes[path] = _Route(declared, answer)

    def around(self, app: Application) -> Application:
        """Return `app` with these answers in front of it."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            route = self._routes.get(scope["path"]) if scope.get("method") == "POST" else None
            headers = None if route is None else _plain(scope)
            if route is None or headers is None:
                await app(scope, receive, send)
                return
            messages, body = await _read(receive, int(headers[b"content-length"]), self._body_seconds)
            if body is None or not await self._answered(route, scope, send, headers, body):
                await app(scope, _again(messages, receive), send)

        return application

    async def _answered(
        self, route: _Route, scope: Scope, send: Send, headers: dict[bytes, bytes], body: bytes
    ) -> bool:
        limit = route.policy.limit
        assert limit is not None, "add() wants one"
        ips = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cf-connecting-ip"]
        client = self._clients.key((scope.get("client") or ("", 0))[0], ips)
        taken = self.limits.take(scope["path"], client, limit)
        scope["taken"] = taken  # a request is counted once: the guard takes this one's word
        if not taken.allowed:
            return False
        try:
            answer = route.answer(body)
        except ProblemError:
            return False
        scope["route"], scope["policy"] = scope["path"], route.policy
        shared = self._cors.headers(headers.get(b"origin", b"").decode("latin-1"), route.policy)
        more = {
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            **taken.headers(),
            **shared,
        }
        pairs = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        pairs += [(name.lower().encode(), value.encode("latin-1")) for name, value in more.items()]
        await send({"type": "http.response.start", "status": 200, "headers": pairs})
        await send({"type": "http.response.body", "body": answer})
        return True


def _plain(scope: Scope) -> dict[bytes, bytes] | None:
    """Return the headers that count here, or None where a request is not plain JSON of a known, small length."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _UNUSUAL or (name in _ONCE and name in found):
            return None
        if name in _ONCE:
            found[name] = value
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
