"""A leader on a database of the test's own, and a plain connection to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from quartapp.settings import Settings
from tests.support.leader import Leader, open_leader


@pytest.fixture
async def leader(database: Any, redis: Any, settings: Settings) -> AsyncIterator[Leader]:
    """Whoever may write."""
    async with open_leader(database, redis, settings) as one:
        yield one


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[Any]:
    """A connection that no job uses."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()
