"""A web process with the small world's documents, and a member who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from quartapp.app import Web, create_web
from quartapp.settings import read_settings
from tests.bot.stand import publish_into
from tests.support.members import Person, browser, register

Open = Callable[..., Any]


@pytest.fixture
def open_web(settings_env: Any) -> Open:
    """Return a function that opens a web process with these settings, which holds the small world."""

    @asynccontextmanager
    async def opened(**environment: str) -> AsyncIterator[Web]:
        web = create_web(read_settings(settings_env(**environment)))
        assert await web.stores.connect()
        publish_into(web.documents)
        try:
            yield web
        finally:
            await web.stop()

    return opened


@pytest.fixture
async def web(open_web: Open) -> AsyncIterator[Web]:
    async with open_web() as web:
        yield web


@pytest.fixture
async def client(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(web) as client:
        yield client


@pytest.fixture
async def person(client: httpx.AsyncClient) -> Person:
    return await register(client)
