"""A web process with accounts, and a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from quartapp.app import Web
from quartapp.settings import Settings
from tests.support.members import browser, running


@pytest.fixture
async def web(settings: Settings) -> AsyncIterator[Web]:
    async with running(settings) as web:
        yield web


@pytest.fixture
async def client(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(web) as client:
        yield client
