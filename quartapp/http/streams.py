"""An answer that lasts as long as its handler likes, and ends cleanly when the process stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from types import TracebackType
from typing import Any, Self

from quart import Response
from quart.wrappers.response import ResponseBody


def release(response: Response, deadline: asyncio.Timeout | None, stopping: asyncio.Event) -> None:
    """Free a streamed answer from every time limit, and end it when `stopping` is set."""
    if deadline is not None:
        deadline.reschedule(None)
    response.timeout = None  # Quart's own bound, RESPONSE_TIMEOUT
    response.response = _UntilStop(response.response, stopping)


class _UntilStop(ResponseBody):
    """The parts of `body`, until there are no more or the process stops."""

    def __init__(self, body: ResponseBody, stopping: asyncio.Event) -> None:
        self._body = body
        self._stopping = stopping

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
        queue: asyncio.Queue[Any] = asyncio.Queue(maxsize=1)
        pump = asyncio.create_task(_pump(self._parts, queue))
        stop = asyncio.create_task(self._stopping.wait())
        following = asyncio.create_task(queue.get())
        try:
            while not self._stopping.is_set():
                await asyncio.wait((pump, stop, following), return_when=asyncio.FIRST_COMPLETED)
                if following.done():
                    yield following.result()
                    following = asyncio.create_task(queue.get())
                elif pump.done() and queue.empty():
                    pump.result()  # raises what the handler raised
                    return
        finally:
            for task in (pump, stop, following):
                task.cancel()
            await asyncio.wait((pump, stop, following))


async def _pump(parts: AsyncIterable[Any], queue: asyncio.Queue[Any]) -> None:
    async for part in parts:
        await queue.put(part)
