"""Every spelling of a database URL reaches the same server; waits are bounded."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from ops.database import connect, open_database, raw, session


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg2"])
async def test_every_dialect_of_a_url_connects(database_url: str, scheme: str) -> None:
    connection = await connect(database_url.replace("postgresql", scheme, 1) + "?sslmode=prefer")
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


async def test_a_password_with_special_characters_works(database_url: str) -> None:
    admin = await asyncpg.connect(database_url)
    role = f"odd_{id(admin)}"
    await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'p@ss/w:rd?#%'")
    dsn = database_url.replace("postgres@", f"{role}:p%40ss%2Fw%3Ard%3F%23%25@")
    pool = open_database(dsn)
    await pool.connect()
    assert await pool.fetch_val("SELECT current_user") == role
    await pool.disconnect()
    await admin.execute(f"DROP ROLE {role}")
    await admin.close()


async def test_jsonb_comes_and_goes_as_objects(database_url: str) -> None:
    pool = open_database(database_url)
    await pool.connect()
    async with session(pool) as connection:
        value = await connection.fetch_val("SELECT CAST(:value AS jsonb)", {"value": {"a": [1, None]}})
        assert value == {"a": [1, None]}
        assert await raw(connection).fetchval("SELECT $1::jsonb", {"b": 2}) == {"b": 2}
    await pool.disconnect()


async def test_an_exhausted_pool_is_an_error_not_a_hang(database_url: str) -> None:
    pool = open_database(database_url, pool_max=1)
    await pool.connect()

    async def second() -> None:
        async with session(pool, timeout=0.1):
            pass

    async with session(pool):
        with pytest.raises(TimeoutError):
            await asyncio.create_task(second())
    async with session(pool) as connection:
        assert await connection.fetch_val("SELECT 1") == 1
    await pool.disconnect()


async def test_behind_a_pooler_no_prepared_statement_is_kept(database_url: str) -> None:
    pool = open_database(database_url, pooler=True)
    await pool.connect()
    async with session(pool) as connection:
        await connection.fetch_all("SELECT 41 + :one", {"one": 1})
        kept = await connection.fetch_val("SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql")
        assert kept <= 1  # the statement that asks
    await pool.disconnect()
