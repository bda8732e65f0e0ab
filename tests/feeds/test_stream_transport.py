"""The small transport does what httpx's own does with every answer, and ends its connection with it."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from quartapp.feeds.stream_transport import HIGH_WATER_BYTES, StreamTransport, open_streaming_client
from tests.support.waiting import eventually, free_port, time_passes

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
LONG = b"x" * 5_000
ANSWERS = {
    "to the end of the connection": HEAD + b"connection: close\r\n\r\n" + LONG,
    "of a length": HEAD + b"content-length: 5000\r\n\r\n" + LONG,
    "of a length, and more behind it": HEAD + b"content-length: 3\r\n\r\nabcdef",
    "in chunks": HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    "behind an interim one": b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + HEAD + b"content-length: 2\r\n\r\nab",
    "without a body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "empty": HEAD + b"content-length: 0\r\n\r\n",
    "compressed": HEAD + b"content-encoding: gzip\r\ncontent-length: 23\r\n\r\n"
    + bytes.fromhex("1f8b08000000000002034b4c4a06 00c241243503000000".replace(" ", "")),
    "a refusal": b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 60\r\ncontent-length: 2\r\n\r\n{}",
    "cut in its length": HEAD + b"content-length: 5001\r\n\r\n" + LONG,
    "cut in its chunks": HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "cut in its head": b"HTTP/1.1 200 O",
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "no chunk": HEAD + b"transfer-encoding: chunked\r\n\r\nzzz\r\n",
    "an endless head": b"HTTP/1.1 200 OK\r\n" + b"x-long: %s\r\n" % (b"y" * 4000) * 40,
}  # fmt: skip
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(answer: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Yield the port of a server whose connections are served by `answer`, behind a request's head and body."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readuntil(b'{"a":1}')
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def told(transport: httpx.AsyncBaseTransport, url: str, **bounds: float) -> tuple[int, bytes, str]:
    """Return (status, body, what was raised) of one question."""
    status, body = 0, b""
    timeout = httpx.Timeout(bounds.get("read", 60.0), connect=bounds.get("connect", 60.0), pool=60)
    try:
        async with (
            httpx.AsyncClient(transport=transport, timeout=timeout) as client,
            client.stream("POST", url, content=b'{"a":1}', headers={"X-Own": "1"}) as answer,
        ):
            status = answer.status_code
            async for part in answer.aiter_bytes():
                body += part
    except httpx.TransportError as problem:
        return status, body, type(problem).__name__
    return status, body, ""


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_is_what_httpx_makes_of_it(name: str) -> None:
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for start in range(0, len(ANSWERS[name]), 1000):
            writer.write(ANSWERS[name][start : start + 1000])
            await writer.drain()
        heads.append(b"")

    async with serving(answer) as port:
        own = await told(StreamTransport(None, 4), f"http://127.0.0.1:{port}/v1/x?y=%20z")
        theirs = await told(httpx.AsyncHTTPTransport(), f"http://127.0.0.1:{port}/v1/x?y=%20z")
    if name == "an endless head":
        assert own[0] == theirs[0] == 0
        assert own[2] == theirs[2] == "RemoteProtocolError"
    else:
        assert own == theirs


async def test_a_request_is_sent_as_it_is_and_its_connection_ends_with_it() -> None:
    heads: list[list[str]] = []
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        heads.append([line for line in lines if line])
        assert await reader.readexactly(7) == b'{"a":1}'
        writer.write(HEAD + b"\r\ndata: 1\n\n")
        assert await reader.read() == b""
        gone.set()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with (
            open_streaming_client(f"http://127.0.0.1:{port}", 4) as client,
            client.stream("POST", f"http://127.0.0.1:{port}/v1/x?y=%20z", content=b'{"a":1}') as answer,
        ):
            async for part in answer.aiter_bytes():
                assert part == b"data: 1\n\n"
                break
        await asyncio.wait_for(gone.wait(), 60)
    (head,) = heads
    assert head[0] == "POST /v1/x?y=%20z HTTP/1.1"
    fields = dict(line.lower().split(": ", 1) for line in head[1:])
    assert (fields["host"], fields["connection"]) == (f"127.0.0.1:{port}", "close")
    assert (fields["content-length"], fields["user-agent"]) == ("7", "parlaygorilla")


async def test_what_takes_too_long_is_httpx_s_time_out() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\nabc")
        await reader.read()

    for serve, seen in ((silent, (0, b"")), (half, (200, b"abc"))):
        async with serving(serve) as port:
            own = await told(StreamTransport(None, 1), f"http://127.0.0.1:{port}/", read=0.5)
        assert own == (*seen, "ReadTimeout")
    assert (await told(StreamTransport(None, 1), f"http://127.0.0.1:{free_port()}/"))[2] == "ConnectError"
    assert (await told(StreamTransport(None, 1), "http://nowhere.invalid/"))[2] == "ConnectError"


async def test_at_most_so_many_calls_are_open_and_each_end_makes_room() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\nabc")
        await reader.read()

    transport = StreamTransport(None, 1)
    async with serving(answer) as port, httpx.AsyncClient(transport=transport) as client:
        url, none = f"http://127.0.0.1:{port}/", httpx.Timeout(60, pool=0.05)
        for _ in range(2):
            async with client.stream("POST", url, content=b'{"a":1}'):
                with pytest.raises(httpx.PoolTimeout):
                    async with client.stream("POST", url, content=b'{"a":1}', timeout=none):
                        pass
    for _ in range(3):
        assert (await told(transport, f"http://127.0.0.1:{free_port()}/"))[2] == "ConnectError"


async def test_an_upstream_that_writes_faster_than_it_is_read_waits() -> None:
    sent = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(HEAD + b"\r\n")
        for _ in range(1000):
            writer.write(b"z" * 64 * 1024)
            await writer.drain()
            sent += 64 * 1024

    async with (
        serving(answer) as port,
        httpx.AsyncClient(transport=StreamTransport(None, 1)) as client,
        client.stream("POST", f"http://127.0.0.1:{port}/", content=b'{"a":1}') as got,
    ):
        await eventually(lambda: sent > HIGH_WATER_BYTES)
        before = -1
        while before != sent:  # until the kernel's buffers are full too
            before = sent
            await time_passes(0.3)
        assert sent < 60 * 1024 * 1024
        size = 0
        async for part in got.aiter_raw():
            size += len(part)
    assert size == 1000 * 64 * 1024


async def test_a_line_break_in_a_header_is_never_sent() -> None:
    async with httpx.AsyncClient(transport=StreamTransport(None, 1)) as client:
        with pytest.raises(httpx.LocalProtocolError):
            await client.post("http://127.0.0.1:1/", headers={"Authorization": "Bearer x\r\nX: y"})


async def test_https_is_spoken_and_who_proves_nothing_is_refused(tmp_path: Path) -> None:
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"content-length: 3\r\n\r\nabc")
        await writer.drain()

    async with serving(answer, context) as port:
        url = f"https://localhost:{port}/"
        trusting = StreamTransport(ssl.create_default_context(cafile=certificate), 1)
        assert await told(trusting, url) == (200, b"abc", "")
        assert (await told(StreamTransport(httpx.create_ssl_context(), 1), url))[2] == "ConnectError"


def test_where_a_proxy_leads_there_httpx_finds_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def small(url: str) -> bool:
        return isinstance(open_streaming_client(url, 1)._transport, StreamTransport)

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert small("https://api.openai.com")
    monkeypatch.setenv("HTTPS_PROXY", "http://10.0.0.1:3128")
    assert not small("https://api.openai.com")
    assert small("http://127.0.0.1:9000")
