"""Streams without Quart: they are closed however they end, and one task looks after all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ops.web.policy import Policy
from quartapp.documents.held import HeldDocuments
from quartapp.http.cors import Cors
from quartapp.http.direct import Direct
from quartapp.http.limits import Clients, Limits
from quartapp.http.streams import OpenStreams
from tests.support.waiting import eventually

LAST = {"type": "http.response.body", "body": b""}


@dataclass
class Reader:
    """A client of one stream. With `slow` it takes nothing."""

    slow: bool = False
    left: asyncio.Event = field(default_factory=asyncio.Event)
    taken: list[Any] = field(default_factory=list)
    closed: bool = False

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.taken.append(message)
        if self.slow:
            await asyncio.Event().wait()

    async def parts(self, *said: bytes, for_ever: bool = False) -> AsyncGenerator[bytes, None]:
        try:
            for part in said:
                yield part
            if for_ever:
                await asyncio.Event().wait()
        finally:
            self.closed = True

    @property
    def bodies(self) -> list[bytes]:
        return [message["body"] for message in self.taken]


async def test_a_stream_ends_with_its_parts_and_is_looked_after_no_more() -> None:
    opened, reader = OpenStreams(asyncio.Event(), 60), Reader()
    await opened.send(reader.parts(b"one", b"two"), reader.receive, reader.send)
    assert reader.bodies == [b"one", b"two", b""]
    assert [message.get("more_body", False) for message in reader.taken] == [True, True, False]
    assert (reader.closed, len(opened)) == (True, 0)


async def test_who_leaves_ends_the_stream_alone_and_nothing_more_is_sent() -> None:
    opened, leaver, stayer = OpenStreams(asyncio.Event(), 60), Reader(), Reader()
    sending = [
        asyncio.create_task(opened.send(it.parts(b"one", for_ever=True), it.receive, it.send))
        for it in (leaver, stayer)
    ]
    await eventually(lambda: leaver.taken and stayer.taken)
    leaver.left.set()
    await asyncio.wait_for(sending[0], 60)
    assert (leaver.bodies, leaver.closed) == ([b"one"], True)
    assert (len(opened), stayer.closed) == (1, False)
    sending[1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending[1]
    assert (stayer.closed, len(opened)) == (True, 0), "who cancels the task is obeyed"


async def test_a_stop_ends_a_stream_that_does_not_end_itself() -> None:
    stopping, reader = asyncio.Event(), Reader()
    opened = OpenStreams(stopping, 60, stop_seconds=0.05)
    sending = asyncio.create_task(
        opened.send(reader.parts(b"one", for_ever=True), reader.receive, reader.send)
    )
    await eventually(lambda: reader.taken)
    stopping.set()
    await asyncio.wait_for(sending, 60)
    assert (reader.taken[-1], reader.closed) == (LAST, True)
    late = Reader()  # a request that was on its way
    await asyncio.wait_for(opened.send(late.parts(b"one", for_ever=True), late.receive, late.send), 60)
    assert (late.bodies, late.closed) == ([b"one", b""], True)


async def test_silent_streams_say_comments_and_one_whose_reader_is_slow_does_not() -> None:
    opened, silent, slow = OpenStreams(asyncio.Event(), 0.01), Reader(), Reader(slow=True)
    sending = [
        asyncio.create_task(opened.send(it.parts(b"one", for_ever=True), it.receive, it.send))
        for it in (silent, slow)
    ]
    await eventually(lambda: silent.bodies.count(b":\n\n") >= 3)
    assert slow.bodies == [b"one"]
    for reader in (silent, slow):
        reader.left.set()
    await asyncio.wait_for(asyncio.gather(*sending), 60)
    assert (silent.closed, slow.closed) == (True, True)
    said = len(silent.taken)
    await eventually(lambda: opened._looking is not None and opened._looking.done())
    assert len(silent.taken) == said


async def test_a_stream_in_front_of_quart_outlasts_the_bound_of_handlers() -> None:
    reader, bounds = Reader(), list[float | None]()

    async def begin(authorization: str, body: bytes) -> AsyncGenerator[bytes, None]:
        bounds.append(deadline.when())
        return parts()

    async def parts() -> AsyncGenerator[bytes, None]:
        bounds.append(deadline.when())
        yield b"one"

    async def receive() -> dict[str, Any]:
        return bodies.pop() if bodies else await reader.receive()

    async def by_quart(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("it is answered in front of Quart")

    bodies = [{"type": "http.request", "body": b"{}", "more_body": False}]
    direct = Direct(Clients([]), Cors([]), Limits(), HeldDocuments(max_bytes=0))
    declared = Policy("member", cache="private", limit=30, stream=True)
    direct.add_stream("/chat", declared, begin, OpenStreams(asyncio.Event(), 60))
    headers = {"content-type": "application/json", "content-length": "2", "authorization": "Bearer x"}
    async with asyncio.timeout(60) as deadline:
        scope = {
            "type": "http", "method": "POST", "path": "/chat", "query_string": b"", "client": ("127.0.0.1", 1),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "deadline": deadline,
        }  # fmt: skip
        await direct.around(by_quart)(scope, receive, reader.send)
    assert (reader.taken[0]["status"], reader.taken[1]["body"]) == (200, b"one")
    assert bounds[0] is not None, "until it begins it is bound"
    assert bounds[1] is None
    for wrong in (
        Policy("none", limit=30, stream=True),
        Policy("member", limit=30),
        Policy("member", limit=None, stream=True),
    ):
        with pytest.raises(ValueError, match="/other"):
            direct.add_stream("/other", wrong, begin, OpenStreams(asyncio.Event(), 60))
