"""Fixtures: real PostgreSQL and Redis of the worker's own, a fresh database a test."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from launcher.dev.embedded import Services, embedded_services
from ops.database import open_database
from ops.migrate_with_lock import migrate
from ops.redis import open_redis
from ops.telemetry.logs import configure_logging
from quartapp.settings import Settings, read_settings

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis

PROJECT = Path(__file__).resolve().parent.parent
SHARED_DATA = PROJECT.parent / "shared" / "data"
TEMPLATE = "template_migrated"
_numbers = itertools.count(1)


def pytest_configure() -> None:
    """Log as production does: the library's default draws every local of a traceback."""
    configure_logging("INFO", "json", (), sys.stderr)


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """PostgreSQL and Redis of this test worker's own, gone with it."""
    root = Path(tempfile.mkdtemp(prefix="pg-tests-"))
    try:
        with embedded_services(root, durable=False) as running:
            asyncio.run(_make_template(running.database_url))
            yield running
    finally:
        shutil.rmtree(root, ignore_errors=True)


async def _make_template(url: str) -> None:
    await _admin(url, f"CREATE DATABASE {TEMPLATE}")
    await migrate(_named(url, TEMPLATE))


async def _admin(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _named(url: str, name: str) -> str:
    return url.rsplit("/", 1)[0] + f"/{name}"


def fresh_database(services: Services, template: str) -> Iterator[str]:
    """Yield the URL of a copy of `template`, which nobody may be connected to."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _run(_admin(services.database_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield _named(services.database_url, name)
    finally:
        _run(_admin(services.database_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def _run(work: object) -> None:
    # A loop of its own: sync fixtures may run while pytest-asyncio's loop is set but idle.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)  # type: ignore[arg-type]
    finally:
        loop.close()


@pytest.fixture
def database_url(services: Services) -> Iterator[str]:
    """The URL of a migrated database that only this test has."""
    yield from fresh_database(services, TEMPLATE)


@pytest.fixture
def empty_database_url(services: Services) -> Iterator[str]:
    """The URL of a database without any table that only this test has."""
    yield from fresh_database(services, "template0")


@pytest.fixture
def redis_url(services: Services) -> str:
    """The URL of this worker's Redis, emptied."""
    import redis

    with redis.Redis.from_url(services.redis_url) as client:
        client.flushall()
    return services.redis_url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A connected pool on a fresh migrated database."""
    pool = open_database(database_url, application_name="tests")
    await pool.connect()
    yield pool
    await pool.disconnect()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of this worker's emptied Redis."""
    client = open_redis(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def settings_env(database_url: str, redis_url: str) -> Callable[..., dict[str, str]]:
    """Return a function that gives a complete, valid environment for a process of ours."""

    def environment(**overrides: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return (
            kept
            | {
                "PYTHONPATH": str(PROJECT),
                "PYTHONUNBUFFERED": "1",
                "ENVIRONMENT": "development",
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "JWT_SECRET": "a-secret-for-tests-of-at-least-32-bytes",
                "THE_ODDS_API_KEY": "odds-key-for-tests-5f3a",
                "TELEGRAM_BOT_TOKEN": "123456789:AAtests-telegram-token-000000000000",
                "TELEGRAM_ALERT_CHAT_ID": "-1001234567890",
                "TELEGRAM_ALERTS_ENABLED": "true",
                # Nothing listens there: a test that needs an upstream points these at its own.
                "ODDS_API_BASE_URL": "http://127.0.0.1:9/odds-api",
                "ESPN_BASE_URL": "http://127.0.0.1:9/espn",
                "TELEGRAM_BASE_URL": "http://127.0.0.1:9/telegram",
                "OPENAI_BASE_URL": "http://127.0.0.1:9/openai",
                "LOG_FORMAT": "json",
            }
            | overrides
        )

    return environment


@pytest.fixture
def settings(settings_env: Callable[..., dict[str, str]]) -> Settings:
    """The settings of that environment."""
    return read_settings(settings_env())


@pytest.fixture
def python() -> str:
    """This interpreter, for processes of ours."""
    return sys.executable


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The recorded upstream data beside the checkout."""
    folder = SHARED_DATA / "odds_api_v4"
    if not folder.is_dir():
        pytest.skip(f"the recorded data is not there ({folder.name} beside the checkout)")
    return folder
