"""Errors that the server makes by itself are problems with a request id and a log line."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import h2.config
import h2.connection
import h2.events
import hypercorn.protocol
import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart

from launcher.serve.errors import answer_errors_with_problems
from ops.telemetry.access import AccessLog
from ops.telemetry.metrics import Requests
from quartapp.documents.held import HeldDocuments
from quartapp.http.cors import Cors
from quartapp.http.front import Application, Front
from quartapp.publish.addresses import describe
from tests.support.waiting import eventually, free_port

UPGRADE = b"GET /api/games HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
KEY = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[int, io.StringIO]]:
    """A server on a free port, and its log."""
    for module in (hypercorn.protocol, hypercorn.protocol.h11, hypercorn.protocol.h2):
        for name in ("H11Protocol", "H2Protocol", "HTTPStream", "WSStream"):
            if name in vars(module):
                monkeypatch.setitem(vars(module), name, vars(module)[name])  # put back after
    written = io.StringIO()
    access = AccessLog(written, Requests())
    answer_errors_with_problems(access)
    app = cast(Application, Quart("errors", static_folder=None))
    documents = HeldDocuments(max_bytes=1_000_000, describe=describe)
    front = Front(app, documents, access, Cors([]), asyncio.Event())
    config = Config()
    port = free_port()
    config.bind = [f"127.0.0.1:{port}"]
    config.include_server_header = False
    config.h11_max_incomplete_size = 16 * 1024
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(front, config, shutdown_trigger=stop.wait))  # type: ignore[arg-type]

    async def listens() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    await eventually(listens)
    yield port, written
    stop.set()
    await serving


async def exchange(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answer


def logged(written: io.StringIO, identity: str) -> bool:
    return any(json.loads(line)["request_id"] == identity for line in written.getvalue().splitlines())


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (UPGRADE + b"\r\n", 400),
        (UPGRADE + KEY + b"\r\n", 400),
    ],
)
async def test_over_http_1_1(server: tuple[int, io.StringIO], request_bytes: bytes, status: int) -> None:
    port, written = server
    head, _, body = (await exchange(port, request_bytes)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), head
    assert b"content-type: application/problem+json" in head.lower()
    problem = json.loads(body)
    assert problem["status"] == status
    assert f"x-request-id: {problem['request_id']}".encode() in head.lower()
    await eventually(lambda: logged(written, problem["request_id"]))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(":method", "CONNECT"), (":authority", "example.org:443")], 501),
        (
            [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/api/games"),
             (":authority", "x")],
            400,
        ),
    ],
)  # fmt: skip
async def test_over_h2c(server: tuple[int, io.StringIO], headers: list[tuple[str, str]], status: int) -> None:
    port, written = server
    connection = h2.connection.H2Connection(h2.config.H2Configuration(validate_outbound_headers=False))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    connection.initiate_connection()
    connection.send_headers(1, [*headers, ("x-request-id", "caller-id-1")])
    writer.write(connection.data_to_send())
    answered: dict[str, str] = {}
    body = b""
    ended = False
    while not ended:
        data = await asyncio.wait_for(reader.read(65_536), 60)
        assert data, "the connection ended without an answer"
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                answered = {_text(name): _text(value) for name, value in event.headers or []}
            elif isinstance(event, h2.events.DataReceived):
                body += event.data or b""
            elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                ended = True
        writer.write(connection.data_to_send())
    writer.close()
    assert (answered[":status"], answered["x-request-id"]) == (str(status), "caller-id-1")
    assert json.loads(body)["request_id"] == "caller-id-1"
    await eventually(lambda: logged(written, "caller-id-1"))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
