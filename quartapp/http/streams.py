"""An answer that lasts as long as its handler likes, and ends cleanly when the process stops.

Events go as they are made: a comment line when nothing was said for a while, so that no proxy takes silence for death.
What `direct.py` answers goes by `OpenStreams`, what Quart answers by `release`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Any, Self

from quart import Response
from quart.wrappers.response import ResponseBody

from ops.tasks import waited

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CONTENT_TYPE = "text/event-stream"
HEADERS = {"Content-Type": CONTENT_TYPE, "X-Accel-Buffering": "no"}
# A proxy that compresses holds back what it has not filled a block with.
CACHE_CONTROL = "no-store, no-transform"
STOP_SECONDS = 5.0  # what an answer that ends itself may take for its last words at a stop
_COMMENT = b":\n\n"


def events(parts: AsyncIterator[bytes]) -> Response:
    """Return a stream of server-sent events that sees a stop by itself and says so before it ends.

    It has `STOP_SECONDS` for that; whatever it does, the process goes on stopping.
    """
    response = Response(parts, 200, headers=HEADERS)
    response.ends_itself = True  # type: ignore[attr-defined]  # `release` reads it
    return response


def release(
    response: Response, deadline: asyncio.Timeout | None, stopping: asyncio.Event, comment_seconds: float
) -> None:
    """Free a streamed answer from every time limit, and end it when `stopping` is set.

    One that ends itself says a comment whenever it has said nothing for so many seconds.
    """
    if deadline is not None:
        deadline.reschedule(None)
    response.timeout = None  # Quart's own bound, RESPONSE_TIMEOUT
    if getattr(response, "ends_itself", False):
        response.response = _UntilStop(response.response, stopping, STOP_SECONDS, comment_seconds)
    else:
        response.response = _UntilStop(response.response, stopping)


class _UntilStop(ResponseBody):
    """The parts of `body`, until there are no more, or until `grace` seconds after the process was told to stop.

    With `beat`, a comment line whenever there was no part for so many seconds.
    """

    def __init__(
        self, body: ResponseBody, stopping: asyncio.Event, grace: float = 0.0, beat: float | None = None
    ) -> None:
        self._body = body
        self._stopping = stopping
        self._grace = grace
        self._beat = beat

    async def __aenter__(self) -> Self:
        self._parts: AsyncIterable[Any] = await self._body.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._body.__aexit__(kind, problem, trace)  # type: ignore[arg-type]  # None where nothing was raised

    async def __aiter__(self) -> AsyncGenerator[Any, None]:
        # One task runs the handler's generator from first to last, because a timeout within it must not change tasks.
        waiting: list[Any] = []  # at most one part
        came, taken = asyncio.Event(), asyncio.Event()
        pump = asyncio.create_task(_pump(self._parts, waiting, came, taken))
        stop = asyncio.create_task(self._stopped())
        for task in (pump, stop):
            task.add_done_callback(lambda _: came.set())
        try:
            while not stop.done():
                if waiting:
                    part = waiting.pop()
                    taken.set()
                    yield part
                elif pump.done():
                    pump.result()  # raises what the handler raised
                    return
                else:
                    came.clear()
                    if not await waited(came, self._beat):
                        yield _COMMENT
        finally:
            for task in (pump, stop):
                task.cancel()
            await asyncio.wait((pump, stop))

    async def _stopped(self) -> None:
        await self._stopping.wait()
        if self._grace:
            await asyncio.sleep(self._grace)


async def _pump(
    parts: AsyncIterable[Any], waiting: list[Any], came: asyncio.Event, taken: asyncio.Event
) -> None:
    async for part in parts:
        waiting.append(part)
        taken.clear()
        came.set()
        await taken.wait()


class OpenStreams:
    """Streams that are sent without Quart: one task looks after all of them, and each has one that waits for its end.

    A task, a timer and an event for each purpose of each stream are most of what an open stream costs.
    """

    def __init__(
        self, stopping: asyncio.Event, comment_seconds: float, *, stop_seconds: float = STOP_SECONDS
    ) -> None:
        self._stopping = stopping
        self._stop_seconds = stop_seconds
        self._comment_seconds = comment_seconds
        self._open: set[_Stream] = set()
        self._looking: asyncio.Task[None] | None = None
        self._saying: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    async def send(self, parts: AsyncGenerator[bytes, None], receive: Receive, send: Send) -> None:
        """Send `parts` behind a response's start, until they end, the client leaves, or a stop has lasted long enough.

        `parts` are closed then, whatever happens.
        """
        stream = _Stream(send, asyncio.get_running_loop())
        self._add(stream)
        leaving = asyncio.create_task(_leave(stream, receive))
        try:
            async with contextlib.aclosing(parts):
                async for part in parts:
                    await stream.say(part)
        except asyncio.CancelledError:
            if stream.ended is None:
                raise
            stream.task.uncancel()
        finally:
            self._open.discard(stream)
            leaving.cancel()
        if stream.ended != "left":
            await send({"type": "http.response.body", "body": b""})

    def _add(self, stream: _Stream) -> None:
        self._open.add(stream)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_after(), name="streams")

    async def _look_after(self) -> None:
        loop = asyncio.get_running_loop()
        while self._open:
            # Whoever comes later, or says something, is due later.
            due = min(stream.said_at for stream in self._open) + self._comment_seconds
            if await waited(self._stopping, max(0.0, due - loop.time())):
                await asyncio.sleep(self._stop_seconds)
                for stream in self._open:
                    stream.end("stopped")
                return
            for stream in self._open:
                if loop.time() - stream.said_at >= self._comment_seconds:
                    stream.said_at = loop.time()
                    saying = asyncio.create_task(self._comment(stream))
                    self._saying.add(saying)
                    saying.add_done_callback(self._saying.discard)

    async def _comment(self, stream: _Stream) -> None:
        if stream in self._open and not stream.sending:
            await stream.say(_COMMENT)


class _Stream:
    """One of them. `ended` says who ended it before its own end."""

    __slots__ = ("_loop", "_send", "ended", "said_at", "sending", "task")

    def __init__(self, send: Send, loop: asyncio.AbstractEventLoop) -> None:
        task = asyncio.current_task()
        assert task is not None, "a stream is sent by a task"
        self.task = task
        self.ended: str | None = None
        self.said_at = loop.time()
        self.sending = False  # true for long where a client reads slowly
        self._send, self._loop = send, loop

    async def say(self, part: bytes) -> None:
        self.said_at, self.sending = self._loop.time(), True
        try:
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
        finally:
            self.sending = False

    def end(self, who: str) -> None:
        if self.ended is None:
            self.ended = who
            self.task.cancel()


async def _leave(stream: _Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    stream.end("left")
