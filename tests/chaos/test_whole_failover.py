"""A failover between two servers behind one address, of PostgreSQL and of Redis, with a real clock.

The address is switched for new connections only: those that are open stay on the demoted server, which keeps them and
refuses their writes. That is what a managed database's address does.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis as redis_library
from redis.asyncio import Redis
from redis.exceptions import ReadOnlyError

from launcher.dev.embedded import NOBODY, _postgres_binaries, postgres_server, valkey_server
from ops.clock.term import Pace
from ops.migrate_with_lock import migrate
from tests.chaos.conftest import TABLES, Start
from tests.support.waiting import eventually, time_passes

pytestmark = pytest.mark.chaos


class Address:
    """A port on the loopback that leads to one server now and to another later."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.port = 0

    async def lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to the server of the moment, and keep it there."""
        with suppress(asyncio.CancelledError):  # the end of the test
            try:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
                await asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))
            except OSError:
                writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def address(server_port: int) -> AsyncIterator[Address]:
    leads = Address(server_port)
    server = await asyncio.start_server(leads.lead, "127.0.0.1", 0)
    leads.port = server.sockets[0].getsockname()[1]
    try:
        yield leads
    finally:
        server.close()


@pytest.fixture
def roots() -> Iterator[tuple[Path, Path]]:
    """Two folders that the servers may write to, whoever runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="failover-"))
    folder.chmod(0o755)
    for name in ("first", "second"):
        (folder / name).mkdir()
    yield folder / "first", folder / "second"
    shutil.rmtree(folder, ignore_errors=True)


def copy_of(primary_url: str, root: Path) -> None:
    """Make a standby of a running PostgreSQL in `root`, which follows it as soon as it is started."""
    user = NOBODY if os.geteuid() == 0 else None
    if user is not None:
        os.chown(root, user, user)
    command = [str(_postgres_binaries() / "pg_basebackup"), "-d", primary_url, "-D", str(root / "postgres")]
    command += ["-R", "-X", "stream", "--checkpoint=fast", "--no-sync"]
    subprocess.run(command, check=True, user=user, group=user, capture_output=True, timeout=300)


def port_of(url: str) -> int:
    return int(url.rsplit("/", 1)[0].rsplit(":", 1)[1])


async def ticked_since(database: Any, moment: datetime) -> bool:
    return bool(
        await database.fetchval("SELECT EXISTS (SELECT 1 FROM ticks WHERE scheduled_for >= $1)", moment)
    )


async def alerts(database: Any, cause: str) -> list[str]:
    rows = await database.fetch("SELECT kind FROM alerts WHERE fingerprint = $1 ORDER BY id", cause)
    return [row["kind"] for row in rows]


async def test_the_clock_survives_a_failover_of_redis_and_one_of_postgresql(
    start_clock: Start, roots: tuple[Path, Path]
) -> None:
    one, two = roots
    with (
        postgres_server(one, durable=False) as (_, first_url),
        valkey_server(one) as (_, first_redis),
        valkey_server(two) as (_, second_redis),
    ):
        await migrate(first_url)
        first = await asyncpg.connect(first_url)
        await first.execute(TABLES)
        await asyncio.to_thread(copy_of, first_url, two)
        with postgres_server(two, durable=False) as (_, second_url):
            second = await asyncpg.connect(second_url)
            async with address(port_of(first_url)) as postgres, address(port_of(first_redis)) as valkey:
                start_clock(
                    "tick",
                    DATABASE_URL=f"postgresql://postgres@127.0.0.1:{postgres.port}/postgres",
                    REDIS_URL=f"redis://127.0.0.1:{valkey.port}/0",
                    TELEGRAM_ALERTS_ENABLED="true",
                    CLOCK_LEASE_TTL_SECONDS="6",  # Redis is told after half of it: no slow machine reaches that
                )
                await eventually(lambda: ticked_since(first, datetime(2000, 1, 1, tzinfo=UTC)), timeout=30)
                await redis_fails_over(valkey, first_redis, second_redis, first)
                await postgresql_fails_over(postgres, first, second, port_of(second_url))
            await second.close()
        await first.close()


async def redis_fails_over(leads: Address, old_url: str, new_url: str, database: Any) -> None:
    """Demote one Valkey under its connections, and switch the address to the other."""
    with redis_library.Redis.from_url(old_url) as old, redis_library.Redis.from_url(new_url) as new:
        bystander = Redis(host="127.0.0.1", port=leads.port, single_connection_client=True)
        await bystander.ping()
        old.execute_command("REPLICAOF", "127.0.0.1", str(port_of(new_url)))
        await eventually(lambda: alerts(database, "clock:redis"), timeout=30)
        switched, began = datetime.now(UTC), time.monotonic()
        leads.server_port = port_of(new_url)
        await eventually(lambda: ticked_since(database, switched), timeout=30)
        _report("Redis", began)
        with pytest.raises(ReadOnlyError):  # whose connection was open stays where it was
            await bystander.set("key", "value")
        await bystander.aclose()
        assert new.exists("lease:clock")

    async def over() -> bool:
        return await alerts(database, "clock:redis") == ["failure", "recovery"]

    await eventually(over)


async def postgresql_fails_over(leads: Address, first: Any, second: Any, new_port: int) -> None:
    """Demote one PostgreSQL under its sessions, promote its standby, and switch the address to that."""
    bystander = await asyncpg.connect(f"postgresql://postgres@127.0.0.1:{leads.port}/postgres")
    await first.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    await first.execute("SELECT pg_reload_conf()")
    await time_passes(Pace().outage + 2)  # an outage that is told; it may last longer
    written = await first.fetchval("SELECT pg_current_wal_insert_lsn()")

    async def followed() -> bool:
        return bool(await second.fetchval("SELECT pg_last_wal_replay_lsn() >= $1", written))

    await eventually(followed, timeout=30)
    await second.execute("SELECT pg_promote(true, 300)")
    ticks = await second.fetchval("SELECT count(*) FROM ticks")
    assert await first.fetchval("SELECT count(*) FROM ticks") == ticks  # nothing was written meanwhile
    switched, began = datetime.now(UTC), time.monotonic()
    leads.server_port = new_port
    await eventually(lambda: ticked_since(second, switched), timeout=30)
    _report("PostgreSQL", began)
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):  # whose session was open stays where it was
        await bystander.execute("DELETE FROM ticks")
    await bystander.close()

    async def over() -> bool:
        return await alerts(second, "clock:database") == ["failure", "recovery"]

    await eventually(over)
    assert await alerts(second, "clock:redis") == ["failure", "recovery"]  # and no third word of either


def _report(name: str, began: float) -> None:
    sys.stderr.write(f"{name}: running again {time.monotonic() - began:.1f} s after the switch\n")
