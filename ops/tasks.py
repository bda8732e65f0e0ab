"""Background tasks that have an owner: one that dies is seen, and all are ended together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from ops.telemetry.events import emit


async def waited(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for `event`, for at most `seconds` if that is given; return whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return event.is_set()
    return True


async def first_of(stop: asyncio.Event, wake: asyncio.Event, seconds: float | None = None) -> None:
    """Wait until one of two events is set, for at most `seconds` when that is given."""
    waiters = {asyncio.ensure_future(stop.wait()), asyncio.ensure_future(wake.wait())}
    await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for waiter in waiters:
        waiter.cancel()


class Tasks:
    """Owns background tasks. `failed` is set when one ends with an error that nobody expected."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self.failed = asyncio.Event()

    def start(self, work: Coroutine[object, object, object], name: str) -> asyncio.Task[object]:
        """Run `work` until it ends or `close` cancels it."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def __len__(self) -> int:
        return len(self._tasks)

    async def drained(self, seconds: float) -> bool:
        """Wait up to `seconds` for every task to end by itself."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        return not self._tasks

    async def close(self, seconds: float = 5.0) -> None:
        """Cancel what runs and wait up to `seconds` for it to end."""
        left = set(self._tasks)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=seconds)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            emit("background_task_died", task=task.get_name(), exc_info=problem)
            self.failed.set()
