"""Reads answered where their bytes arrive: the same answers as through Hypercorn, and never another."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import tracemalloc

import pytest

from bench.odd_requests import odd_request
from tests.serve.conftest import Served, Start
from tests.support.waiting import time_passes

OWN = re.compile(rb'(?im)^(?:x-request-id|date): [^\r]*\r\n|"request_id":"[^"]*"')


async def ask(served: Served, pieces: list[bytes], patience: float = 1.0) -> bytes:
    """Return everything that the server says to `pieces` until it closes or is quiet for long enough."""
    reader, writer = await served.open()
    try:
        for number, piece in enumerate(pieces):
            if number:
                await time_passes(0.002)  # so that the server reads it apart
            writer.write(piece)
        # A server in the middle of a request never answers this; one between requests answers and closes.
        await asyncio.sleep(0)
        answer = b""
        quiet = 5.0 if pieces[-1].endswith(b"\r\n\r\n") and len(pieces) == 1 else 0.3
        while True:
            try:
                data = await asyncio.wait_for(reader.read(65536), (0.05 if answer else quiet) * patience)
            except TimeoutError:
                return answer
            except ConnectionError:
                return answer
            if not data:
                return answer
            answer += data
    finally:
        writer.close()


async def ask_together(served: Served, tried: list[list[bytes]]) -> list[bytes]:
    """Return the answers to many, each on its own connection, once the server has been quiet on all of them."""
    loop = asyncio.get_running_loop()
    answers = [bytearray() for _ in tried]
    last_heard = loop.time()

    async def hear(reader: asyncio.StreamReader, answer: bytearray) -> None:
        nonlocal last_heard
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                answer += data
                last_heard = loop.time()

    opened = [await served.open() for _ in tried]
    hearing = [
        asyncio.create_task(hear(reader, answer)) for (reader, _), answer in zip(opened, answers, strict=True)
    ]
    for number in range(max(map(len, tried))):
        if number:
            await time_passes(0.05)  # so that the server reads the pieces apart
        for (_, writer), pieces in zip(opened, tried, strict=True):
            if number < len(pieces):
                writer.write(pieces[number])
                last_heard = loop.time()
    while not all(task.done() for task in hearing) and loop.time() - last_heard < 1:
        await time_passes(0.02)
    for task, (_, writer) in zip(hearing, opened, strict=True):
        task.cancel()
        writer.close()
    return [bytes(answer) for answer in answers]


async def both(served: Served, pieces: list[bytes], patience: float = 1.0) -> tuple[bytes, bytes]:
    """Return the answers with fast reads and without."""
    fast = await ask(served, pieces, patience)
    fast_reads, served.connections.fast_reads = served.connections.fast_reads, None
    slow = await ask(served, pieces, patience)
    served.connections.fast_reads = fast_reads
    return OWN.sub(b"", fast), OWN.sub(b"", slow)


def alike(fast: bytes, slow: bytes) -> bool:
    """Tell whether two answers are one, whatever the order of their lines."""
    if fast.startswith(b"HTTP/1.1 101 ") and slow.startswith(b"HTTP/1.1 101 "):
        return True  # HTTP/2 from here on, packed with each request's own id
    return sorted(fast.split(b"\r\n")) == sorted(slow.split(b"\r\n"))


def request(target: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join((f"{method} {target} HTTP/1.1", "Host: test", *headers, "", "")).encode()


PLAIN = [
    request(target, *headers, method=method)
    for target in ("/api/sports", "/api/games?sport=nfl", "/healthz")
    for method in ("GET", "HEAD")
    for headers in (
        (), ("Accept-Encoding: br",), ("Accept-Encoding: gzip",), ("Accept-Encoding: zstd, identity",),
        ("If-None-Match: *",), ("If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT", "accept-encoding: br"),
        ("X-Request-ID: abcdefgh-1", "Connection: keep-alive", "CF-Ray: 8a1b2c3d4e5f6789-EWR", "User-Agent: x"),
    )
]  # fmt: skip


async def test_a_published_read_is_answered_alike_on_both_ways(start_server: Start) -> None:
    served = await start_server()
    for data in PLAIN:
        assert served.fast_reads.answer(data) is not None, data
        fast, slow = await both(served, [data])
        assert sorted(fast.partition(b"\r\n\r\n")[0].split(b"\r\n")) == sorted(
            slow.partition(b"\r\n\r\n")[0].split(b"\r\n")
        ), data
        assert fast.partition(b"\r\n\r\n")[2] == slow.partition(b"\r\n\r\n")[2], data


async def test_the_callers_request_id_is_sent_back_and_an_odd_one_is_not(start_server: Start) -> None:
    served = await start_server()
    sent_back = served.fast_reads.answer(request("/api/sports", "x-request-id: abcdefgh-1"))
    assert sent_back is not None
    assert b"x-request-id: abcdefgh-1\r\n" in sent_back[0]
    replaced = served.fast_reads.answer(request("/api/sports", "x-request-id: no"))
    assert replaced is not None
    assert b"x-request-id: no\r\n" not in replaced[0]


@pytest.mark.parametrize(
    "data",
    [
        request("/api/sports", method="POST"),
        request("/api/sports", "Content-Length: 0"),
        request("/api/sports", "Transfer-Encoding: chunked"),
        request("/api/sports", "Expect: 100-continue"),
        request("/api/sports", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings"),
        request("/api/sports", "Connection: close"),
        request("/api/sports", "Host: another"),
        request("/api/sports", "Accept-Encoding: br", "Accept-Encoding: gzip"),
        request("/api/sports", "x-folded: a\r\n b"),
        request("http://test/api/sports"),
        request("/api/sports").replace(b"HTTP/1.1", b"HTTP/1.0"),
        request("/api/sports").replace(b"\r\n", b"\n"),
        request("/api/sports") + b"x",
        request("/api/sports") * 2,
        request("/api/sports")[:-1],
        request("/api/sports", "x: \x00"),
        request("/api/sports", "x: \xe4"),
        b"GET /api/sports HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        request("/api/games?sport=nba"),
        request("/nothing"),
    ],
)
async def test_what_is_unusual_is_left_to_hypercorn(start_server: Start, data: bytes) -> None:
    served = await start_server()
    assert served.fast_reads.answer(data) is None
    assert served.fast_reads.answer(request("/api/sports")) is not None, "and the next read is answered again"


async def test_visitors_cannot_fill_memory_with_long_targets(start_server: Start) -> None:
    served = await start_server()
    tracemalloc.start()
    try:
        for number in range(400):
            assert served.fast_reads.answer(request(f"/api/game/{number}-{'x' * 50_000}")) is None
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 4_000_000


async def test_odd_requests_are_answered_as_hypercorn_answers_them(start_server: Start) -> None:
    """ODD_REQUESTS=100000 tries as many; these keep the kinds in the suite."""
    served = await start_server()
    source = random.Random(int(os.environ.get("ODD_SEED", "7")))
    left = int(os.environ.get("ODD_REQUESTS", "150"))
    fast_reads = served.fast_reads
    while left > 0:
        tried = [odd_request(source) for _ in range(min(left, 400))]
        left -= len(tried)
        served.connections.fast_reads = fast_reads
        fast = await ask_together(served, tried)
        served.connections.fast_reads = None
        slow = await ask_together(served, tried)
        served.connections.fast_reads = fast_reads
        for pieces, one, other in zip(tried, fast, slow, strict=True):
            # Or one came too late, on a machine that is busy.
            if not alike(OWN.sub(b"", one), OWN.sub(b"", other)):
                answers = await both(served, pieces, patience=20)
                assert alike(*answers), (pieces, *answers)


async def test_reads_and_other_requests_take_turns_on_one_connection(start_server: Start) -> None:
    served = await start_server()
    reader, writer = await served.open()
    for number in range(3):
        for target, status in (
            ("/api/sports", 200),
            ("/nothing", 404),
            (f"/api/games?sport=nfl&limit={number + 1}", 200),
        ):
            writer.write(request(target))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
            assert head.startswith(b"HTTP/1.1 %d" % status), head
            length = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
            await asyncio.wait_for(reader.readexactly(length), 30)
    writer.close()


async def test_a_pipelined_request_is_answered_in_its_turn(start_server: Start) -> None:
    served = await start_server()
    reader, writer = await served.open()
    writer.write(request("/nothing") + request("/api/games?sport=nfl&limit=2"))
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    writer.write(request("/api/sports"))
    answer = b""
    while answer.count(b"HTTP/1.1 ") < 2:
        data = await asyncio.wait_for(reader.read(65536), 30)
        assert data
        answer += data
    assert answer.index(b'"limit"' if b'"limit"' in answer else b'"games"') < answer.index(b'"sports"')
    writer.close()
