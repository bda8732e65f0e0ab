"""Waiting for a condition instead of sleeping."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

from launcher.dev.embedded import free_port

__all__ = ["eventually", "eventually_sync", "free_port"]


async def eventually(
    condition: Callable[[], Any | Awaitable[Any]], timeout: float = 10, pause: float = 0.02
) -> Any:
    """Return the first truthy result of `condition`; fail after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return result
        assert time.monotonic() < deadline, f"not true within {timeout} s: {condition}"
        await asyncio.sleep(pause)


def eventually_sync(condition: Callable[[], Any], timeout: float = 10, pause: float = 0.02) -> Any:
    """As `eventually`, for tests outside an event loop."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not true within {timeout} s: {condition}"
        time.sleep(pause)
    return result
