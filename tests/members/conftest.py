"""A filled site with members, in memory; its stores are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from launcher.dev.embedded import Services
from ops.database import open_database
from ops.redis import open_redis
from quartapp.app import Web
from quartapp.settings import Settings, read_settings
from tests.conftest import fresh_database
from tests.jobs.test_failures import open_bench
from tests.support.members import browser, running
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def filled(services: Services) -> Iterator[str]:
    """The name of a database in which the sandbox's slate is published: made once for the tests of a module."""
    for url in fresh_database(services, "template_migrated"):
        asyncio.run(_fill(url, services.redis_url))
        yield url.rsplit("/", 1)[1]


async def _fill(url: str, redis_url: str) -> None:
    database, redis = open_database(url, application_name="tests"), open_redis(redis_url)
    settings = read_settings({"ENVIRONMENT": "development", "DATABASE_URL": url, "REDIS_URL": redis_url})
    await database.connect()
    try:
        async with open_bench(database, redis, settings) as bench:
            for name in ("daily_pass", "regions"):
                assert (await bench.run(name)).status == "success"
    finally:
        await database.disconnect()
        await redis.aclose()


@pytest.fixture
def database_url(services: Services, filled: str) -> Iterator[str]:
    """The URL of a filled database that only this test has."""
    yield from fresh_database(services, filled)


@pytest.fixture
async def web(settings: Settings) -> AsyncIterator[Web]:
    async with running(settings) as web:
        await eventually(lambda: web.documents.warm)
        yield web


@pytest.fixture
async def client(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(web) as client:
        yield client
