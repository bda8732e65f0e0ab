"""The clock role: what runs beside the clock is part of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from launcher.roles.clock import BackgroundTaskError, run_clock
from ops.clock.job import Job, JobContext
from quartapp.settings import Settings


@asynccontextmanager
async def nothing(_: Settings) -> AsyncIterator[None]:
    """No resources: these jobs need none."""
    yield None


async def test_a_clock_whose_alert_sender_died_ends_instead_of_leading_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dying(*_: Any) -> None:
        raise RuntimeError("nobody expected this")

    monkeypatch.setattr("launcher.roles.clock.send_alerts", dying)
    async with asyncio.timeout(60):
        with pytest.raises(BackgroundTaskError):
            await run_clock(settings, asyncio.Event(), jobs=(), open_upstreams=nothing)


async def test_a_clock_that_stops_lets_what_runs_end(settings: Settings) -> None:
    stop, begun, go_on, ended = (asyncio.Event() for _ in range(4))

    async def slow(_: JobContext[None]) -> None:
        begun.set()
        await go_on.wait()
        ended.set()

    job = Job("slow", slow, "0 0 1 1 *", run_at_start=True)
    clock = asyncio.create_task(run_clock(settings, stop, jobs=(job,), open_upstreams=nothing))
    async with asyncio.timeout(60):
        await begun.wait()
        stop.set()
        await asyncio.wait({clock}, timeout=0.5)  # a clock that does not wait cancels the job meanwhile
        go_on.set()
        await clock
    assert ended.is_set()
