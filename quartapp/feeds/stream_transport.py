"""httpx's way to an upstream for answers that stay open by the hundred: a connection is one small protocol.

httpx's own (httpcore on anyio) keeps twice as much an open answer, takes twice the time, and loads two more HTTP stacks.
Here a call has a connection of its own, HTTP/1.1, that ends with it. Everything but the wire stays httpx's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.request import getproxies

import httptools
import httpx

from quartapp.feeds.http import AGENT, LOOPBACK, open_client

HIGH_WATER_BYTES = 64 * 1024  # of a head, or unread of a body: its upstream is then read no further
_PORTS = {"http": 80, "https": 443}


def open_streaming_client(base_url: str, connections: int) -> httpx.AsyncClient:
    """Return a client for one upstream; close it with `aclose`. Where a proxy leads there, httpx's own is returned."""
    url = httpx.URL(base_url)
    proxies = getproxies()
    if url.host not in LOOPBACK and (url.scheme in proxies or "all" in proxies):
        return open_client(connections)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it names whole URLs
    context = httpx.create_ssl_context() if url.scheme == "https" else None
    return httpx.AsyncClient(transport=StreamTransport(context, connections), headers=AGENT)


class StreamTransport(httpx.AsyncBaseTransport):
    """Opens a connection for each call, at most `connections` at once."""

    def __init__(self, context: ssl.SSLContext | None, connections: int) -> None:
        self._context = context
        self._room = asyncio.Semaphore(connections)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, whose body is read as it is iterated. Raises httpx.TransportError."""
        bounds: dict[str, float | None] = request.extensions.get("timeout", {})
        head = _head(request)
        body = await request.aread()
        with _as(httpx.PoolTimeout, request):
            async with asyncio.timeout(bounds.get("pool")):
                await self._room.acquire()
        call: _Call | None = None
        try:
            with _as(httpx.ConnectTimeout, request):
                async with asyncio.timeout(bounds.get("connect")):
                    call = await self._connect(request.url)
            call.write(head + body)
            with _as(httpx.ReadTimeout, request):
                async with asyncio.timeout(bounds.get("read")):
                    await call.begun()
        except BaseException:
            if call is not None:
                call.close()
            self._room.release()
            raise
        answer = _Body(call, bounds.get("read"), request, self._room)
        return httpx.Response(call.status, headers=call.headers, stream=answer)

    async def _connect(self, url: httpx.URL) -> _Call:
        loop = asyncio.get_running_loop()
        host, port = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
        name = host if url.scheme == "https" else None
        problem = OSError("no address")
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as unknown:
            found, problem = [], unknown
        # IPv4 first: an IPv6 address that is routed nowhere would use up the whole time-out.
        for family, _, _, _, address in sorted(found, key=lambda one: one[0] != socket.AF_INET):
            try:
                _, call = await loop.create_connection(
                    _Call,
                    str(address[0]),
                    port,
                    family=family,
                    ssl=self._context if name else None,
                    server_hostname=name,
                )
            except TimeoutError:
                raise
            except OSError as refused:  # of TLS too
                problem = refused
            else:
                return call
        raise httpx.ConnectError(type(problem).__name__) from problem


class _Call(asyncio.Protocol):
    """One request and its answer, on a connection of its own."""

    __slots__ = (
        "_bytes",
        "_counted",
        "_parser",
        "_paused",
        "_transport",
        "_waiting",
        "complete",
        "headers",
        "parts",
        "problem",
        "status",
    )

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.complete = False
        self.problem: httpx.TransportError | None = None
        self._bytes = 0  # unread, or of the head while that comes
        self._counted = False  # the answer says itself where it ends
        self._paused = False
        self._parser = httptools.HttpResponseParser(self)
        self._transport: Any = None
        self._waiting: asyncio.Future[None] | None = None

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def close(self) -> None:
        """End the connection at once, with whatever is under way."""
        self._transport.abort()

    async def begun(self) -> None:
        """Wait for the answer's head."""
        while not self.status:
            await self._changed()

    async def read(self) -> bytes:
        """Return the next bytes of the body, empty at its end."""
        while not self.parts and not self.complete:
            await self._changed()
        data = b"".join(self.parts)
        self.parts.clear()
        self._bytes = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def _changed(self) -> None:
        if self.problem is not None:
            raise self.problem
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _fail(self, problem: httpx.TransportError) -> None:
        if self.problem is None and not self.complete:
            self.problem = problem
            self._transport.abort()
        self._wake()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self.complete or self.problem is not None:
            return
        self._bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as problem:
            self._fail(httpx.RemoteProtocolError(type(problem).__name__))
        except httptools.HttpParserUpgrade:
            self._fail(httpx.RemoteProtocolError("upgrade"))
        if self._bytes > HIGH_WATER_BYTES and self.problem is None:
            if not self.status:
                self._fail(httpx.RemoteProtocolError("the head is too long"))
            elif not self._paused and not self._transport.is_closing():
                self._paused = True
                self._transport.pause_reading()

    def eof_received(self) -> None:
        self.connection_lost(None)

    def connection_lost(self, problem: Exception | None) -> None:
        if self.status and not self._counted and problem is None:
            self.complete = True
        elif not self.complete:
            self._fail(httpx.ReadError(type(problem).__name__) if problem else _BROKE_OFF)
        self._wake()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._counted = True

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200:
            self.status = status
            self._wake()
        else:
            self.headers.clear()  # of an interim answer, which another follows

    def on_body(self, data: bytes) -> None:
        self.parts.append(data)
        self._wake()

    def on_message_complete(self) -> None:
        if self.status:
            self.complete = True
            self._wake()


_BROKE_OFF = httpx.RemoteProtocolError("the connection ended within the answer")


class _Body(httpx.AsyncByteStream):
    """The body of an answer, and the end of its connection."""

    def __init__(
        self, call: _Call, seconds: float | None, request: httpx.Request, room: asyncio.Semaphore
    ) -> None:
        self._call = call
        self._seconds = seconds
        self._request = request
        self._room: asyncio.Semaphore | None = room

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            with _as(httpx.ReadTimeout, self._request):
                async with asyncio.timeout(self._seconds):
                    data = await self._call.read()
            if not data:
                return
            yield data

    async def aclose(self) -> None:
        self._call.close()
        if self._room is not None:
            self._room.release()
            self._room = None


@contextlib.contextmanager
def _as(kind: type[httpx.TimeoutException], request: httpx.Request) -> Iterator[None]:
    """Raise httpx's own kind of time-out."""
    try:
        yield
    except TimeoutError:
        raise kind("", request=request) from None


def _head(request: httpx.Request) -> bytes:
    kept = [
        (name, value)
        for name, value in request.headers.raw
        if name.lower() not in (b"connection", b"transfer-encoding")
    ]
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % pair for pair in [*kept, (b"connection", b"close")]]
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise httpx.LocalProtocolError("a header with a line break")
    return b"\r\n".join(lines) + b"\r\n\r\n"
