"""Waiting for a condition instead of sleeping. The only module of the tests that sleeps; tests/test_house.py holds it."""

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

__all__ = ["eventually", "eventually_sync", "for_ever", "free_port", "time_passes"]


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


async def time_passes(seconds: float) -> None:
    """Let real time pass where time is the subject: a lease that outlives its end, a pause in which nothing may happen.

    Never to give something time to happen: that is `eventually`.
    """
    await asyncio.sleep(seconds)


async def for_ever() -> None:
    """Wait until cancelled."""
    await asyncio.Event().wait()
