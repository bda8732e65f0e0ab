"""The clock role: what runs beside the clock is part of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from launcher.roles.clock import BackgroundTaskError, run_clock
from quartapp.settings import Settings


async def test_a_clock_whose_alert_sender_died_ends_instead_of_leading_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dying(*_: Any) -> None:
        raise RuntimeError("nobody expected this")

    @asynccontextmanager
    async def nothing(_: Settings) -> AsyncIterator[None]:
        yield None

    monkeypatch.setattr("launcher.roles.clock.send_alerts", dying)
    async with asyncio.timeout(60):
        with pytest.raises(BackgroundTaskError):
            await run_clock(settings, asyncio.Event(), jobs=(), open_resources=nothing)
