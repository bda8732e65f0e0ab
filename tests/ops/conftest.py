"""Fixtures of the clock's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.clock_bench import Bench

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis


@pytest.fixture
async def bench(database: Database, redis: Redis) -> Bench:
    """Terms of leadership that look around every 20 ms instead of every second."""
    return Bench(database, redis)
