"""Waiting for a condition instead of sleeping."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

from launcher.dev.embedded import free_port

# Bounds say what a quiet machine needs; a loaded one is given this many times as long, because a bound that
# is reached ends the run and one that is not costs nothing.
PATIENCE = 6

__all__ = ["eventually", "eventually_sync", "free_port"]


async def eventually(
    condition: Callable[[], Any | Awaitable[Any]], timeout: float = 10, pause: float = 0.02
) -> Any:
    """Return the first truthy result of `condition`; fail after `timeout` seconds on a quiet machine."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        result = condition()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return result
        assert time.monotonic() < deadline, f"not true within {timeout * PATIENCE} s: {condition}"
        await asyncio.sleep(pause)


def eventually_sync(condition: Callable[[], Any], timeout: float = 10, pause: float = 0.02) -> Any:
    """As `eventually`, for tests outside an event loop."""
    deadline = time.monotonic() + timeout * PATIENCE
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not true within {timeout * PATIENCE} s: {condition}"
        time.sleep(pause)
    return result
