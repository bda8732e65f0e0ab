"""A leader on a database of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from quartapp.settings import Settings
from tests.support.leader import Leader, open_leader


@pytest.fixture
async def leader(database: Any, redis: Any, settings: Settings) -> AsyncIterator[Leader]:
    """Whoever may write, with one league that has no games."""
    async with open_leader(database, redis, settings) as one:
        yield one
