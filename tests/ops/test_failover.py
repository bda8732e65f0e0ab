"""Failovers that leave old connections open on the demoted server, and connections that die silently."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from launcher.commands.status import read_status
from launcher.dev.embedded import free_port
from ops.clock.job import JobContext
from ops.database import raw, session
from ops.lazy_redis import ReadOnlyRedisError, RedisUnavailableError
from ops.redis import open_redis
from ops.stores import Unavailable, open_stores
from quartapp.settings import Settings
from tests.support.clock_bench import Bench, job, minute, outline
from tests.support.waiting import eventually, time_passes

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis


async def demote(database_url: str, *, open_sessions: bool) -> None:
    """Make the server read-only for new sessions; with `open_sessions` end the old ones, which then come back so."""
    name = database_url.rsplit("/", 1)[1]
    admin = await asyncpg.connect(database_url)
    await admin.execute("SET default_transaction_read_only = off")
    await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    if open_sessions:
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
            name,
        )
    await admin.close()


async def promote(database_url: str) -> None:
    """Let new sessions write. Those that are open stay read-only, as on a demoted server behind one address."""
    name = database_url.rsplit("/", 1)[1]
    admin = await asyncpg.connect(database_url)
    await admin.execute("SET default_transaction_read_only = off")
    await admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    await admin.close()


async def write(database: Database) -> int:
    """Write something; return the server process that did."""
    async with session(database) as connection:
        await connection.execute("UPDATE scheduler_fences SET acquired_at = acquired_at")
        return int(await connection.fetch_val("SELECT pg_backend_pid()"))


async def replica_of(redis: Redis, host: str, port: str) -> None:
    """Demote the server under its open connections, or promote it with NO ONE."""
    await redis.execute_command("REPLICAOF", host, port)  # type: ignore[no-untyped-call]


async def test_one_refusal_drops_every_read_only_session_of_the_pool(
    settings: Settings, database_url: str
) -> None:
    await demote(database_url, open_sessions=False)
    async with open_stores(settings, "tests", pool_max=2) as stores:
        await stores.connect()

        async def hold(everybody: asyncio.Barrier) -> None:
            async with session(stores.database):
                await everybody.wait()

        everybody = asyncio.Barrier(2)
        await asyncio.gather(hold(everybody), hold(everybody))  # two sessions are open now
        await promote(database_url)
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await write(stores.database)
        assert await write(stores.database)


async def test_readiness_sees_a_read_only_session_and_mends_it(settings: Settings, database_url: str) -> None:
    await demote(database_url, open_sessions=False)
    async with open_stores(settings, "tests", pool_max=1) as stores:
        await stores.connect()
        assert (await stores.pings())["database"].error == "read-only"
        await promote(database_url)

        async def well() -> bool:
            return (await stores.pings())["database"].ok

        await eventually(well)  # the pool may have opened another before the promotion: it is dropped as well
        assert await write(stores.database)


async def test_the_clock_runs_again_after_a_failover_with_one_alert_and_one_recovery(
    bench: Bench, database_url: str
) -> None:
    bench.pace = replace(bench.pace, outage=0.2)

    async def quick(_: JobContext[Any]) -> None:
        return

    async with bench.term(job(quick)):
        await demote(database_url, open_sessions=True)
        # The clock has sessions again, and each of them is read-only.
        await eventually(lambda: _read_only(bench.database))
        bench.wall.at = minute(1)
        await time_passes(0.5)  # longer than the outage that is told; nothing may be claimed meanwhile
        assert await bench.runs() == []
        await promote(database_url)
        runs = await bench.settled(1)

        async def told() -> bool:
            return len(await bench.alerts()) >= 2

        await eventually(told)
    assert outline(runs) == [(1, 1, "schedule", "success")]
    assert await bench.alerts() == [
        ("clock:database", "failure", "pending"),
        ("clock:database", "recovery", "pending"),
    ]


def terminate(database_url: str, process_id: int) -> None:
    """End a session of PostgreSQL, and let this loop see nothing of it meanwhile."""

    async def ask() -> None:
        other = await asyncpg.connect(database_url)
        await other.execute("SELECT pg_terminate_backend($1, 60000)", process_id)
        await other.close()

    thread = threading.Thread(target=lambda: asyncio.run(ask()))
    thread.start()
    thread.join()


async def test_a_connection_that_dies_as_it_is_given_back_costs_its_task_nothing(
    settings: Settings, database_url: str
) -> None:
    async with open_stores(settings, "tests", pool_max=1) as stores:
        await stores.connect()
        for _ in range(3):
            async with session(stores.database) as connection:
                process_id = await connection.fetch_val("SELECT pg_backend_pid()")
                terminate(database_url, process_id)
        async with session(stores.database) as connection:
            assert await connection.fetch_val("SELECT 1") == 1


@pytest.mark.parametrize("moment", ["begin", "inside", "end"])
async def test_a_connection_that_dies_around_a_transaction_costs_its_task_nothing(
    settings: Settings, database_url: str, moment: str
) -> None:
    async with open_stores(settings, "tests", pool_max=1) as stores:
        await stores.connect()

        async def broken() -> None:
            async with session(stores.database) as connection:
                process_id = await connection.fetch_val("SELECT pg_backend_pid()")
                if moment == "begin":
                    terminate(database_url, process_id)
                async with connection.transaction():
                    terminate(database_url, process_id)
                    if moment == "inside":
                        await connection.execute("SELECT 1")

        for _ in range(2):
            with pytest.raises(Unavailable):
                await broken()
            async with session(stores.database) as connection:
                assert await connection.fetch_val("SELECT 1") == 1


async def test_a_session_inside_a_session_may_see_the_same_connection_die(
    settings: Settings, database_url: str
) -> None:
    async with open_stores(settings, "tests", pool_max=1) as stores:
        await stores.connect()

        async def refused() -> None:
            async with session(stores.database), session(stores.database) as connection:
                await connection.execute("SET default_transaction_read_only = on")
                await connection.execute("UPDATE scheduler_fences SET acquired_at = acquired_at")

        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await refused()
        assert await write(stores.database)


async def _read_only(database: Database) -> bool:
    with suppress(*Unavailable):
        async with session(database) as connection:
            return bool(
                await connection.fetch_val("SELECT current_setting('transaction_read_only')::boolean")
            )
    return False


async def test_status_calls_read_only_stores_unreachable(
    settings: Settings, database_url: str, redis: Redis
) -> None:
    await demote(database_url, open_sessions=False)
    await replica_of(redis, "127.0.0.1", str(free_port()))
    try:
        status = await read_status(settings)
    finally:
        await replica_of(redis, "NO", "ONE")
    assert sorted(status.unreachable) == ["PostgreSQL (read-only)", "Redis (read-only)"]
    assert status.exit_code == 2


@pytest.mark.parametrize("serves_stale_data", ["yes", "no"])  # READONLY to writes, or MASTERDOWN to all
async def test_a_demoted_redis_is_left_and_found_again(
    redis: Redis, redis_url: str, serves_stale_data: str
) -> None:
    client = open_redis(redis_url)
    before = await client.client_id()
    await redis.config_set("replica-serve-stale-data", serves_stale_data)
    await replica_of(redis, "127.0.0.1", str(free_port()))
    try:
        with pytest.raises(RedisUnavailableError):
            await client.set("key", "value")
        with pytest.raises(RedisUnavailableError):
            await client.eval("return redis.call('set', KEYS[1], '1')", 1, "key")
    finally:
        await replica_of(redis, "NO", "ONE")
        await redis.config_set("replica-serve-stale-data", "yes")
    assert await client.client_id() != before
    await client.set("key", "value")
    await client.aclose()


@pytest.mark.parametrize("raise_on_error", [True, False])
async def test_a_demoted_redis_is_left_by_whoever_only_asks_many_things_at_once(
    redis: Redis, redis_url: str, raise_on_error: bool
) -> None:
    client = open_redis(redis_url)

    async def ask() -> Any:
        async with client.pipeline(transaction=False) as pipeline:
            pipeline.client_id()
            pipeline.eval("return redis.call('set', KEYS[1], '1')", 1, "key")
            connected_as, answer = await pipeline.execute(raise_on_error)
        if isinstance(answer, Exception):
            raise answer
        return connected_as

    before = await ask()
    await replica_of(redis, "127.0.0.1", str(free_port()))
    try:
        with pytest.raises(ReadOnlyRedisError):
            await ask()
    finally:
        await replica_of(redis, "NO", "ONE")
    assert await ask() != before
    await client.aclose()


async def test_a_full_redis_counts_as_one_that_is_away(redis: Redis, redis_url: str) -> None:
    client = open_redis(redis_url)
    await redis.config_set("maxmemory", "1")
    try:
        async with client.pipeline(transaction=False) as pipeline:
            pipeline.eval("return redis.call('set', KEYS[1], '1')", 1, "key")
            (refusal,) = await pipeline.execute(raise_on_error=False)
    finally:
        await redis.config_set("maxmemory", "0")
    assert isinstance(refusal, Unavailable)
    assert type(refusal.__cause__).__name__ == type(refusal).__name__ == "OutOfMemoryError"
    await client.aclose()


async def test_a_read_only_redis_is_not_well(settings: Settings, redis: Redis) -> None:
    await replica_of(redis, "127.0.0.1", str(free_port()))
    try:
        with pytest.raises(ReadOnlyRedisError):
            await redis.set("key", "value")
        async with open_stores(settings, "tests") as stores:
            assert (await stores.pings())["redis"].error == "read-only"
    finally:
        await replica_of(redis, "NO", "ONE")


async def test_a_connection_that_died_silently_is_replaced(database: Database) -> None:
    async with session(database) as connection:
        process = int(await connection.fetch_val("SELECT pg_backend_pid()"))
    os.kill(process, signal.SIGSTOP)  # the socket stays open, and nobody answers
    try:
        assert await write(database) != process
    finally:
        os.kill(process, signal.SIGCONT)


async def test_a_cancelled_statement_on_a_silent_server_does_not_hold_its_task(database: Database) -> None:
    stopped: list[int] = []

    async def ask() -> None:
        async with session(database) as connection:
            process = int(await connection.fetch_val("SELECT pg_backend_pid()"))
            os.kill(process, signal.SIGSTOP)
            stopped.append(process)
            await connection.fetch_val("SELECT 1")

    asking = asyncio.create_task(ask())
    await eventually(lambda: stopped)
    try:
        asking.cancel()
        done, _ = await asyncio.wait({asking}, timeout=25)  # a statement may take 30 s
        assert done
        assert await write(database) not in stopped
    finally:
        os.kill(stopped[0], signal.SIGCONT)


async def test_the_kernel_ends_a_connection_whose_other_side_vanished(database: Database) -> None:
    import socket

    async with session(database) as connection:
        wire = raw(connection)._transport.get_extra_info("socket")  # type: ignore[attr-defined]
        if wire.family == socket.AF_UNIX:
            pytest.skip("a unix socket has no network to vanish in")
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
