"""An answer that lasts as long as its handler likes, and ends cleanly when the process stops.

Events go as they are made: a comment line when nothing was said for a while, so that no proxy takes silence for death.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from types import TracebackType
from typing import Any, Self

from quart import Response
from quart.wrappers.response import ResponseBody

from ops.tasks import waited

CONTENT_TYPE = "text/event-stream"
STOP_SECONDS = 5.0  # what an answer that ends itself may take for its last words at a stop
_COMMENT = b":\n\n"


def events(parts: AsyncIterator[bytes]) -> Response:
    """Return a stream of server-sent events that sees a stop by itself and says so before it ends.

    It has `STOP_SECONDS` for that; whatever it does, the process goes on stopping.
    """
    response = Response(parts, 200, content_type=CONTENT_TYPE)
    response.headers["X-Accel-Buffering"] = "no"
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
