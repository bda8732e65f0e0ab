"""Work of many answers in turns: one answer at a time, in slices so short that nobody else waits long.

Two hundred questions at one moment are a second of work and more. Each `start` event, and every other visitor's request,
goes between two slices of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")
SLICE_SECONDS = 0.001


class Turns:
    """One answer works at a time; the others wait in the order in which they came."""

    def __init__(self, slice_seconds: float = SLICE_SECONDS) -> None:
        self._slice = slice_seconds
        self._lock = asyncio.Lock()

    async def all(self, items: Iterable[T]) -> list[T]:
        """Return what `items` makes, item by item, with a rest for everybody else whenever a slice is over."""
        made: list[T] = []
        async with self._lock:
            ends = time.perf_counter() + self._slice
            for item in items:
                made.append(item)
                if time.perf_counter() > ends:
                    await asyncio.sleep(0)
                    ends = time.perf_counter() + self._slice
            await asyncio.sleep(0)
        return made
