"""Work of many answers in turns: one answer at a time, in slices so short that nobody else waits long.

Two hundred questions at one moment are a second of work and more. Each `start` event, and every other visitor's request,
goes between two slices of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
SLICE_SECONDS = 0.0005
# Between two slices while a crowd waits: a visitor's request rarely meets work under way.
REST_SECONDS = 0.001
CROWD = 8


class Turns:
    """One answer works at a time; the others wait in the order in which they came."""

    def __init__(
        self,
        slice_seconds: float = SLICE_SECONDS,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._slice = slice_seconds
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._here = 0

    async def all(self, items: Iterable[T]) -> list[T]:
        """Return what `items` makes, item by item, with a rest for everybody else whenever a slice is over."""
        made: list[T] = []
        self._here += 1
        try:
            async with self._lock:
                ends = time.perf_counter() + self._slice
                for item in items:
                    made.append(item)
                    if time.perf_counter() > ends:
                        await self._rest()
                        ends = time.perf_counter() + self._slice
                await self._rest()
        finally:
            self._here -= 1
        return made

    async def result(self, steps: Generator[None, None, T]) -> T:
        """Return what `steps` come to, with a rest for everybody else whenever a slice is over."""
        kept: list[T] = []

        def all_steps() -> Iterator[None]:
            kept.append((yield from steps))

        await self.all(all_steps())
        return kept[0]

    async def _rest(self) -> None:
        await self._sleep(REST_SECONDS if self._here >= CROWD else 0)
