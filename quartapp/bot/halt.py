"""What ends an answer before its own end: a stop, an exclusion, a session that ended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")
RESTARTING = ("restarting", "This server is being restarted; ask again.")
MOST_WAITING = 32  # pieces of a model that writes faster than they are taken


class HaltedError(Exception):
    """The answer ends here. `code` is for programs."""

    def __init__(self, code: str, detail: str) -> None:
        self.code, self.detail = code, detail
        super().__init__(detail)


class Halt:
    """Says whether an answer must end. Whoever says it once has said it for good."""

    def __init__(self) -> None:
        self.why: HaltedError | None = None
        self.changed = asyncio.Event()

    def now(self, code: str, detail: str) -> None:
        """End the answer at once, also one that waits for a silent model."""
        if self.why is None:
            self.why = HaltedError(code, detail)
            self.changed.set()

    def check(self) -> None:
        """Raise HaltedError if the answer must end."""
        if self.why is not None:
            raise self.why


async def until(halt: Halt, pieces: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Yield pieces as they come, and close them at the end. Raises HaltedError as soon as the answer must end.

    One task runs `pieces` from first to last, because a timeout within it must not change tasks.
    """
    waiting: deque[T] = deque()
    came, room = halt.changed, asyncio.Event()

    async def read() -> None:
        async with aclosing(pieces):
            async for piece in pieces:
                waiting.append(piece)
                came.set()
                if len(waiting) >= MOST_WAITING:
                    room.clear()
                    await room.wait()

    reading = asyncio.create_task(read(), name="bot-model")
    reading.add_done_callback(lambda _: came.set())
    try:
        while True:
            halt.check()
            while waiting:
                yield waiting.popleft()
                halt.check()
            room.set()
            if reading.done():
                reading.result()  # raises what the model's writer raised
                return
            await came.wait()
            came.clear()
    finally:
        reading.cancel()
        await asyncio.wait((reading,))
