"""A real HTTP server on loopback that answers as badly as upstreams do: for any test that needs one.

async with open_upstream() as upstream:
    upstream.answers(status(500), status(500), ok([]))         # in order; the last one repeats
    upstream.on("/v4/sports/soccer_epl/odds", hang())          # for paths that begin so
    ... point a base URL at upstream.url ...
    assert [request.path for request in upstream.requests] == [...]
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.support.waiting import time_passes

REASONS = {200: "OK", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests"}


@dataclass(frozen=True, slots=True)
class Request:
    """What the server was asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request is answered; `write` puts the bytes on the wire, or does not."""

    write: Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def ok(body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer 200 with `body` as JSON."""
    return status(200, body, headers)


def empty_list() -> Answer:
    """Answer 200 with ``[]``: legitimate, and not an error."""
    return ok([])


def status(code: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer `code` with `body` as JSON."""
    return raw(code, json.dumps({} if body is None else body).encode(), headers)


def bad_key() -> Answer:
    """Answer as The Odds API does to a wrong key."""
    return status(401, {"message": "API key is not valid", "error_code": "INVALID_KEY"})


def out_of_credits() -> Answer:
    """Answer as The Odds API does when the month's credits are spent."""
    return status(401, {"message": "Usage quota has been reached", "error_code": "OUT_OF_USAGE_CREDITS"})


def throttled(retry_after: str | None = None) -> Answer:
    """Answer 429, with Retry-After when given (seconds or an HTTP date)."""
    body = {"message": "Requests are over the frequency limit", "error_code": "EXCEEDED_FREQ_LIMIT"}
    return status(429, body, None if retry_after is None else {"Retry-After": retry_after})


def garbage() -> Answer:
    """Answer 200 with a web page where JSON belongs."""
    return raw(200, b"<html><body>Bad gateway, says the 200</body></html>", {"Content-Type": "text/html"})


def wire(sent: bytes) -> Answer:
    """Send these bytes, HTTP or not, and close."""

    async def write(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        writer.close()

    return Answer(write)


def raw(code: int, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer `code` with these very bytes."""

    async def write(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(_head(code, {"Content-Length": str(len(body)), **(headers or {})}) + body)

    return Answer(write)


def truncated(body: Any = None) -> Answer:
    """Promise a whole JSON body, send half of it, close."""
    whole = json.dumps([{"id": "cut off in the middle"}] if body is None else body).encode()

    async def write(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(_head(200, {"Content-Length": str(len(whole))}) + whole[: len(whole) // 2])
        writer.close()

    return Answer(write)


def cut() -> Answer:
    """Close the connection without a word."""

    async def write(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.close()

    return Answer(write)


def hang() -> Answer:
    """Take the request and never answer."""

    async def write(_: Request, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    return Answer(write)


def trickle(pause: float = 0.01) -> Answer:
    """Send a byte now and then for ever: no read time-out ever fires."""

    async def write(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(_head(200, {"Content-Length": "100000000"}) + b"[")
        while True:
            writer.write(b" ")
            await writer.drain()
            await time_passes(pause)

    return Answer(write)


def app(asgi: Any) -> Answer:
    """Answer what an ASGI app does, the sandbox say: so that one path can fail among many that work."""

    async def write(request: Request, writer: asyncio.StreamWriter) -> None:
        transport = httpx.ASGITransport(asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://upstream") as client:
            answer = await client.request(
                request.method,
                request.path,
                params=dict(request.query),
                content=request.body,
                headers={"Content-Type": request.headers.get("content-type", "application/json")},
            )
        headers = {**answer.headers, "content-length": str(len(answer.content))}
        writer.write(_head(answer.status_code, headers) + answer.content)

    return Answer(write)


@dataclass
class Upstream:
    """A running server: what it will answer and what it was asked."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    _queue: list[Answer] = field(default_factory=lambda: [empty_list()])
    _routes: dict[str, list[Answer]] = field(default_factory=dict)

    def answers(self, *answers: Answer) -> None:
        """Answer with these, one after the other; the last one repeats."""
        self._queue = list(answers)

    def on(self, path: str, *answers: Answer) -> None:
        """As `answers`, for requests whose path begins with `path`; the longest such path counts."""
        self._routes[path] = list(answers)

    def reset(self) -> None:
        """Forget what was asked and every route."""
        self.requests.clear()
        self._routes.clear()
        self.asked.clear()

    def _next(self, path: str) -> Answer:
        matching = [prefix for prefix in self._routes if path.startswith(prefix)]
        queue = self._routes[max(matching, key=len)] if matching else self._queue
        return queue.pop(0) if len(queue) > 1 else queue[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                request = await _read(reader)
                self.requests.append(request)
                self.asked.set()
                await self._next(request.path).write(request, writer)
                if not writer.is_closing():
                    await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def open_upstream(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Upstream]:
    """Serve until the block ends; connections that hang are cut then."""
    upstream = Upstream()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await upstream.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, host, port)
    upstream.url = f"http://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield upstream
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {
        name.lower(): value.strip() for name, value in (line.split(":", 1) for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    return Request(method, parts.path, dict(parse_qsl(parts.query)), headers, body)


def _head(code: int, headers: Mapping[str, str]) -> bytes:
    listed = {"content-type": "application/json"} | {name.lower(): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {code} {REASONS.get(code, 'Status')}", *(f"{n}: {v}" for n, v in listed.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
