"""Leading: only while the lease is surely held; over in time when Redis is slow, gone or forgetful."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from launcher.dev.embedded import free_port
from ops.alerts.desk import Desk
from ops.clock.leadership import Leadership
from ops.clock.lease import read_holder
from ops.database import session
from ops.redis import open_redis
from tests.support.waiting import eventually, time_passes

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis

TTL = 1.0


class Wire:
    """A way to Redis that can be frozen: what is sent then is neither answered nor refused."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open = asyncio.Event()
        self.open.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.gather(self._pump(reader, upstream_writer), self._pump(upstream_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while block := await reader.read(65536):
                await self.open.wait()
                writer.write(block)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()


class Candidate:
    """A process that campaigns; it remembers its terms."""

    def __init__(self, redis: Redis, database: Database, name: str, ttl: float = TTL) -> None:
        self.leadership = Leadership(redis, database, holder=name, desk=Desk(database, name), ttl_seconds=ttl)
        self.stop = asyncio.Event()
        self.tokens: list[int] = []
        self.ended_at: list[float] = []

    @property
    def leads(self) -> bool:
        return len(self.tokens) > len(self.ended_at)

    async def term(self, token: int, stop: asyncio.Event) -> None:
        self.tokens.append(token)
        try:
            await stop.wait()
        finally:
            self.ended_at.append(time.monotonic())

    @asynccontextmanager
    async def campaigning(self) -> AsyncIterator[Candidate]:
        task = asyncio.create_task(self.leadership.run(self.term, self.stop))
        yield self
        self.stop.set()
        await asyncio.wait_for(task, 10)


@pytest.fixture
async def wire(redis: Redis) -> AsyncIterator[Wire]:
    wire = Wire(redis.connection_pool.connection_kwargs["port"])
    yield wire
    wire.open.set()


async def test_one_leads_and_the_next_has_a_greater_token(redis: Redis, database: Database) -> None:
    first, second = Candidate(redis, database, "first"), Candidate(redis, database, "second")
    async with second.campaigning():
        async with first.campaigning():
            await eventually(lambda: first.leads or second.leads)
            await time_passes(TTL * 2)  # two lease times: it is renewed
            assert first.leads != second.leads
            assert len(first.tokens + second.tokens) == 1
        # first has stopped: it gave the lease back, or never had it
        await eventually(lambda: second.leads, timeout=TTL / 2)
    assert sorted(first.tokens + second.tokens) == list(range(1, 1 + len(first.tokens + second.tokens)))


async def test_a_lease_is_given_back_at_the_end_of_a_term(redis: Redis, database: Database) -> None:
    async with Candidate(redis, database, "only", ttl=600).campaigning() as only:
        await eventually(lambda: only.leads)
        assert await read_holder(redis, "clock") == "only"
    assert await read_holder(redis, "clock") is None  # not after ten minutes


async def test_a_leader_whose_redis_falls_silent_is_out_before_another_can_be_in(
    redis: Redis, database: Database, wire: Wire
) -> None:
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    silent = open_redis(f"redis://127.0.0.1:{port}/0")
    old, new = Candidate(silent, database, "old"), Candidate(redis, database, "new")
    async with old.campaigning():
        await eventually(lambda: old.leads)
        async with new.campaigning():
            wire.open.clear()
            await eventually(lambda: new.leads, timeout=TTL + 1)
            assert not old.leads
            assert new.tokens[0] > old.tokens[0]
            wire.open.set()
    await silent.aclose()
    server.close()


async def test_redis_that_forgot_everything_means_a_new_term(redis: Redis, database: Database) -> None:
    async with Candidate(redis, database, "only").campaigning() as only:
        await eventually(lambda: only.leads)
        await redis.flushall()
        await eventually(lambda: len(only.tokens) == 2)
        assert only.tokens == [1, 2]  # PostgreSQL kept count


async def test_a_missing_redis_is_told_once_by_all_who_miss_it(database: Database, redis: Redis) -> None:
    nowhere = open_redis(f"redis://127.0.0.1:{free_port()}/0")
    async with (
        Candidate(nowhere, database, "one", 0.3).campaigning(),
        Candidate(nowhere, database, "two", 0.3).campaigning(),
    ):
        await eventually(lambda: _count(database, "failure"))
        await time_passes(1)  # several more looks, which may tell nothing
        assert await _count(database, "failure", "pending") == 1
    await nowhere.aclose()


async def _count(database: Database, kind: str, status: str | None = None) -> int:
    async with session(database) as connection:
        return int(
            await connection.fetch_val(
                "SELECT count(*) FROM alerts WHERE kind = :kind AND (:status ::text IS NULL OR status = :status)",
                {"kind": kind, "status": status},
            )
        )
