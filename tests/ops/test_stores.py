"""The pair of stores: whether they can be written to, and how they come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import asyncpg
import pytest

from ops.database import session
from ops.stores import open_stores
from quartapp.settings import Settings, read_settings
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis

NOBODY = "127.0.0.1:9"  # the discard port, where nothing listens


async def test_stores_that_take_writes_are_well(settings: Settings) -> None:
    async with open_stores(settings, "tests") as stores:
        assert await stores.connect()
        assert {name: ping.ok for name, ping in (await stores.pings()).items()} == {
            "database": True,
            "redis": True,
        }


async def test_whoever_asks_while_the_pool_is_being_opened_is_answered(settings: Settings) -> None:
    async with open_stores(settings, "tests") as stores:

        async def ask() -> int:
            async with session(stores.database) as connection:
                return int(await connection.fetch_val("SELECT 1"))

        # In the order of a start: all begin before the pool is open.
        _, answer, pings = await asyncio.gather(stores.connect(), ask(), stores.pings())
        assert answer == 1
        assert pings["database"].ok


async def test_a_pool_that_nobody_opens_or_that_cannot_be_opened_is_not_waited_for(
    settings_env: Callable[..., dict[str, str]],
) -> None:
    settings = read_settings(settings_env(DATABASE_URL=f"postgresql://u:p@{NOBODY}/d"))

    async def ask() -> None:
        async with session(stores.database, timeout=3600):
            pass

    async with open_stores(settings, "tests") as stores:
        with pytest.raises(ConnectionError, match="not connected"):
            await ask()
        opened, asked = await asyncio.gather(stores.connect(), ask(), return_exceptions=True)
        assert isinstance(opened, ConnectionRefusedError)
        assert isinstance(asked, ConnectionError)


async def test_a_read_only_postgresql_is_not_well(settings: Settings, database: Database) -> None:
    async with session(database) as connection:
        name = await connection.fetch_val("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with open_stores(settings, "tests", pool_max=1) as stores:
        await stores.connect()
        assert (await stores.pings())["database"].error == "read-only"


async def test_a_redis_that_refuses_writes_is_not_well(settings: Settings, redis: Redis) -> None:
    await redis.config_set("min-replicas-to-write", 1)
    try:
        async with open_stores(settings, "tests") as stores:
            assert not (await stores.pings())["redis"].ok
    finally:
        await redis.config_set("min-replicas-to-write", 0)


async def test_stores_that_are_away_are_not_well_and_close_without_an_error(
    settings_env: Callable[..., dict[str, str]],
) -> None:
    settings = read_settings(
        settings_env(DATABASE_URL=f"postgresql://u:p@{NOBODY}/d", REDIS_URL=f"redis://{NOBODY}/0")
    )
    async with open_stores(settings, "tests") as stores:
        pings = await stores.pings()
        assert [(ping.ok, ping.error) for ping in pings.values()] == [(False, "unavailable")] * 2
        with pytest.raises(ConnectionRefusedError):
            await stores.connect()
        stop = asyncio.Event()
        waiting = asyncio.create_task(stores.connect(stop))
        stop.set()
        assert await waiting is False


async def test_the_pool_closes_with_the_block(settings: Settings, database_url: str) -> None:
    async with open_stores(settings, "tests-of-closing") as stores:
        await stores.connect()

    async def gone() -> bool:
        connection = await asyncpg.connect(database_url)
        try:
            left = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tests-of-closing'"
            )
        finally:
            await connection.close()
        return bool(left == 0)

    await eventually(gone)
