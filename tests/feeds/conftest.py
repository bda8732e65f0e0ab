"""A bad upstream, and clients of it that do not wait between attempts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from quartapp.feeds.http import open_client
from tests.support.upstream import Upstream, open_upstream


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """A loopback server that answers what the test says."""
    async with open_upstream() as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The client that all feeds of a process share."""
    async with open_client() as shared:
        yield shared
