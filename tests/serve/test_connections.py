"""How long a connection may stay as it is: none is pinned, none is silent, and a stop is not held up."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import psutil
import pytest

from launcher.serve.connection import HEAD_BYTES, HIGH_WATER_BYTES, Connection
from tests.serve.conftest import Served, Start
from tests.serve.test_fast_reads import request
from tests.support.waiting import eventually, time_passes


@pytest.fixture(params=["fast reads", "through hypercorn"])
def fast(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "fast reads")


async def answered(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)


async def test_a_client_that_leaves_frees_its_descriptor(start_server: Start, fast: bool) -> None:
    served = await start_server()
    if not fast:
        served.connections.fast_reads = None
    before = psutil.Process().num_fds()
    for _ in range(100):
        reader, writer = await served.open()
        writer.write(request("/api/sports"))
        await answered(reader)
        writer.close()
    await eventually(lambda: len(served.connections) == 0, timeout=5)
    assert psutil.Process().num_fds() <= before + 5


async def test_a_client_that_sends_no_more_is_answered(start_server: Start, fast: bool) -> None:
    served = await start_server(half_closed_seconds=60)
    if not fast:
        served.connections.fast_reads = None
    for ahead in (0, 2):
        reader, writer = await served.open()
        async with served.web.documents.derived._loop_turn:  # so that the last answer waits
            writer.write(request("/api/sports") * ahead)
            writer.write(
                request(f"/api/games?sport=nfl&limit={ahead + 2}", method="HEAD")
            )  # which Quart answers
            writer.write_eof()
            await eventually(lambda: any(one.reader.at_eof() for one in served.connections._open))
            await time_passes(0.1)  # in which a request whose client has left is given up
        answers = (await asyncio.wait_for(reader.read(), 60)).split(b"HTTP/1.1 ")[1:]
        assert [answer[:3] for answer in answers] == [b"200"] * (ahead + 1)
        writer.close()
    await eventually(lambda: len(served.connections) == 0)


@pytest.mark.parametrize("after", [b"\n", b"\r\n", request("/healthz"), b"\0" * 100_000])
async def test_what_comes_after_a_last_request_is_not_read(
    start_server: Start, fast: bool, after: bytes
) -> None:
    served = await start_server()
    if not fast:
        served.connections.fast_reads = None
    one_shot = request("/api/sports").replace(b"HTTP/1.1", b"HTTP/1.0")
    for last in (request("/api/sports", "Connection: close"), one_shot):
        reader, writer = await served.open()
        writer.write(last + after)
        answer = await asyncio.wait_for(reader.read(), 60)
        assert answer.startswith(b"HTTP/1.1 200 "), answer[:200]
        assert answer.count(b"HTTP/1.1 ") == 1
        writer.close()
    await eventually(lambda: len(served.connections) == 0)


async def test_an_idle_connection_is_closed_at_its_time_and_an_answer_renews_it(
    start_server: Start, fast: bool
) -> None:
    served = await start_server(idle_seconds=50)
    if not fast:
        served.connections.fast_reads = None
    reader, writer = await served.open()
    writer.write(request("/api/sports"))
    await answered(reader)
    (connection,) = served.connections._open
    connection.since -= 40  # as if the first answer had been sent 40 seconds ago
    first = connection.since
    served.connections.look(first + 49)
    writer.write(request("/healthz"))
    await reader.readuntil(b'{"ok":true}')
    await eventually(lambda: connection.since > first)
    served.connections.look(first + 51)
    assert connection.phase == "idle", "the second answer began the time anew"
    served.connections.look(connection.since + 50.5)
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()


async def test_a_request_that_does_not_end_is_ended(start_server: Start) -> None:
    served = await start_server(head_seconds=0.5)
    reader, writer = await served.open()
    writer.write(b"GET /api/sports HTTP/1.1\r\nhost")
    assert b"200" not in await asyncio.wait_for(reader.read(), 30)
    await eventually(lambda: len(served.connections) == 0, timeout=5)
    writer.close()


@pytest.mark.parametrize("target", ["/api/sports", "/nothing"])
async def test_a_body_that_nobody_reads_pins_no_connection(start_server: Start, target: str) -> None:
    served = await start_server()
    reader, writer = await served.open()
    writer.write(request(target, "Transfer-Encoding: chunked") + b"1\r\nx\r\n" * 70)
    assert (await answered(reader)).startswith(b"HTTP/1.1 ")
    await eventually(lambda: len(served.connections) == 0, timeout=10)
    writer.close()


async def test_a_body_in_crumbs_is_not_read_to_its_end(start_server: Start) -> None:
    """Each chunk costs as much as a large one: 900 kB of them took a process for seconds."""
    served = await start_server()
    head = request(
        "/api/parlays/price", "Content-Type: application/json", "Transfer-Encoding: chunked", method="POST"
    )
    for crumbs, answer in ((1_500, b"HTTP/1.1 4"), (60_000, b"")):
        reader, writer = await served.open()
        writer.write(head + b"1\r\nx\r\n" * crumbs + b"0\r\n\r\n")
        heard = b""
        with contextlib.suppress(ConnectionError):
            heard = await asyncio.wait_for(reader.read(10), 60)
        assert heard == answer, crumbs
        writer.close()
    await eventually(lambda: len(served.connections) == 0)


async def test_a_client_that_reads_nothing_is_ended(start_server: Start, fast: bool) -> None:
    served = await start_server(write_seconds=0.5)
    if not fast:
        served.connections.fast_reads = None
    client = socket.create_connection(("127.0.0.1", served.port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    try:
        await eventually(lambda: len(served.connections) == 1)

        def ended() -> bool:
            try:  # until the server has nowhere to write, and so reads no more
                client.send(request("/api/games?sport=nfl") * 20)
            except BlockingIOError:
                pass
            except OSError:
                return True
            return len(served.connections) == 0

        await eventually(ended, timeout=20, pause=0.001)
        await eventually(lambda: len(served.connections) == 0)
    finally:
        client.close()


async def deaf(served: Served) -> tuple[socket.socket, Connection]:
    """Return a client that sends requests ahead and reads no answer, and its connection, which has nowhere to write."""
    client = socket.create_connection(("127.0.0.1", served.port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await eventually(lambda: len(served.connections) == 1)
    (connection,) = served.connections._open

    def nowhere_to_write() -> bool:
        with contextlib.suppress(BlockingIOError):
            client.send(request("/api/games?sport=nfl") * 20)
        return bool(connection._transport.get_write_buffer_size() > HIGH_WATER_BYTES)

    await eventually(nowhere_to_write, timeout=20, pause=0.001)
    return client, connection


@pytest.mark.parametrize("size", [12_000, 20_000, 50_000])
async def test_a_large_head_is_answered_alike_however_its_bytes_arrive(
    start_server: Start, fast: bool, size: int
) -> None:
    served = await start_server()
    if not fast:
        served.connections.fast_reads = None
    data = request("/api/sports", "x-large: " + "a" * size)
    for pieces in ([data], [data[:5_000], data[5_000:]], [data[:17_000], data[17_000:]]):
        reader, writer = await served.open()
        for piece in filter(None, pieces):
            writer.write(piece)
            await time_passes(0.05)  # so that the server reads it apart
        head = await answered(reader)
        assert head.startswith(b"HTTP/1.1 200 " if size < HEAD_BYTES else b"HTTP/1.1 431 "), [
            *map(len, pieces)
        ]
        writer.close()


async def test_a_stop_waits_less_for_a_client_that_reads_nothing(start_server: Start, fast: bool) -> None:
    served = await start_server()
    if not fast:
        served.connections.fast_reads = None
    client, connection = await deaf(served)
    now = asyncio.get_running_loop().time()
    served.connections.look(now)
    served.connections.look(now + 10)
    assert connection.phase != "ending"
    served.config.graceful_timeout = 600
    served.connections.stop()
    served.stop.set()
    served.connections.look(now + 10)
    assert connection.phase == "ending"
    await eventually(lambda: len(served.connections) == 0)
    client.close()


async def test_a_refused_head_is_answered_though_its_client_still_sends(start_server: Start) -> None:
    """A close with bytes unread is a reset, which takes back the answer before the client has read it."""
    served = await start_server()
    reader, writer = await served.open()
    writer.write(b"GET /api/sports HTTP/1.1\r\nhost: test\r\nx: " + b"a" * 20_000)
    await eventually(lambda: any(one.phase == "ending" for one in served.connections._open))
    for _ in range(20):
        writer.write(b"a" * 10_000)
        await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 60)
    assert answer.startswith(b"HTTP/1.1 431 "), answer
    writer.close()
    await eventually(lambda: len(served.connections) == 0)


async def test_a_stop_waits_for_none_that_idles_and_finishes_what_is_under_way(start_server: Start) -> None:
    served = await start_server()
    idle_reader, idle_writer = await served.open()
    idle_writer.write(request("/api/sports"))
    await answered(idle_reader)
    half_reader, half_writer = await served.open()
    half_writer.write(b"GET /api/spo")
    await eventually(lambda: any(one.phase == "head" for one in served.connections._open))
    served.connections.stop()
    assert b"HTTP" not in await asyncio.wait_for(half_reader.read(), 30)
    await asyncio.wait_for(idle_reader.read(), 30)
    await eventually(lambda: len(served.connections) == 0, timeout=5)
    for writer in (idle_writer, half_writer):
        writer.close()
