"""Answers of a real web process whose model is the sandbox's process: who leaves, how it lies, a stop, dead stores."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, aclosing, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.streams import fill
from launcher.dev.embedded import valkey_server
from ops.migrate_with_lock import migrate
from ops.redis import open_redis
from tests.bot.stand import events_of
from tests.bot.test_model import QUESTION
from tests.bot.test_ways import BY_QUART, DIRECT
from tests.conftest import PROJECT
from tests.e2e.conftest import Running, Start
from tests.e2e.test_streams import token_of
from tests.e2e.test_under_load import Postgres
from tests.support.waiting import eventually, free_port

pytestmark = pytest.mark.e2e
BOUND = 120
END = b"\r\n0\r\n\r\n"
TEXT = b"]}\n\n"  # the end of a sentence's event
DAY = 2_000_000
OPERATOR = "o" * 32


@dataclass
class Sandbox:
    """The sandbox's process, as `make dev` starts it."""

    url: str

    async def behaves(self, lie: str, pause: float = 0) -> None:
        await self._ask("PUT", f"/{lie}?pause={pause}")

    async def under_way(self, number: int) -> bool:
        return bool((await self._ask("GET", ""))["under_way"] == number)

    async def _ask(self, method: str, path: str) -> Any:
        async with httpx.AsyncClient(timeout=60) as client:
            return (await client.request(method, f"{self.url}/sandbox/openai{path}")).json()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "quartapp.sandbox", str(port)], cwd=PROJECT)
    sandbox = Sandbox(f"http://127.0.0.1:{port}")
    try:

        async def is_up() -> bool:
            try:
                return await sandbox.under_way(0)
            except httpx.HTTPError:
                return False

        await eventually(is_up, timeout=20)
        yield sandbox
    finally:
        process.kill()
        process.wait()


@dataclass
class Site:
    """A running web process, and a member of it."""

    running: Running
    port: int
    token: str = ""

    @asynccontextmanager
    async def answer(
        self, kind: str = DIRECT
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Yield a connection on which an answer has begun; the answer before it may just be ending."""
        content = json.dumps(QUESTION).encode()
        head = (
            f"POST /api/bot/chat HTTP/1.1\r\nHost: api.example\r\nContent-Type: {kind}\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Length: {len(content)}\r\n\r\n"
        )

        async def begun() -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(head.encode() + content)
            if b" 200 " in await until(reader, b"\r\n\r\n"):
                return reader, writer
            writer.close()
            return None

        reader, writer = await eventually(begun)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def ask(self, path: str = "/api/bot/chat", **body: Any) -> httpx.Response:
        """Return the whole answer to a question, or to a read."""
        headers = {"Authorization": f"Bearer {self.token}", "X-Ops-Token": OPERATOR}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=BOUND) as client:
            if path != "/api/bot/chat":
                return await client.get(path, headers=headers)
            return await client.post(path, json=QUESTION | body, headers=headers)

    async def used(self) -> int:
        """Return what this process says that its answers cost."""
        lines = (await self.ask("/ops/metrics")).text.splitlines()
        said = dict(line.rsplit(" ", 1) for line in lines if "bot_tokens" in line and line[0] != "#")
        return int(sum(map(float, said.values())))

    async def spent(self) -> int:
        """Return what all processes say that the day's answers cost."""
        return DAY - int((await self.ask("/api/bot")).json()["daily_tokens_left"])


async def until(reader: asyncio.StreamReader, mark: bytes) -> bytes:
    return await asyncio.wait_for(reader.readuntil(mark), BOUND)


def chunks(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Return the events of a body in chunks."""
    lines = body.decode().replace("\r\n", "\n").split("\n")
    return events_of("\n".join(line for line in lines if not line or ":" in line))


@pytest.fixture
async def site(
    start: Start, settings_env: Callable[..., dict[str, str]], sandbox: Sandbox, database_url: str
) -> Callable[..., Any]:
    """Return a function that starts a web process that knows the small world."""
    await fill(database_url)

    async def started(**more: str) -> Site:
        port = free_port()
        environment = settings_env(
            PORT=str(port), HOST="127.0.0.1", SCHEDULER_STANDALONE="true", TELEGRAM_ALERTS_ENABLED="false",
            OPENAI_API_KEY="sk-tests-12345", OPENAI_BASE_URL=f"{sandbox.url}/openai", OPENAI_SILENCE_SECONDS="120",
            OPENAI_ANSWER_SECONDS="600", BOT_MEMBER_DAILY_TOKENS=str(DAY), BOT_DAILY_TOKENS=str(DAY),
            OPS_DEBUG_ENABLED="true", OPS_DEBUG_TOKEN=OPERATOR,
        ) | more  # fmt: skip
        site = Site(start("web", environment=environment), port)
        site.token = await token_of(port)
        return site

    return started


async def test_who_goes_away_ends_the_models_call_whether_it_talks_or_is_silent(
    site: Callable[..., Any], sandbox: Sandbox
) -> None:
    sites = await asyncio.gather(site(FAST_READS="true"), site(FAST_READS="false"))
    # Both would go on for longer than anybody waits here.
    for running, lie, pause in (
        *((one, "endless", 0.25) for one in sites),
        *((one, "silence", 0) for one in sites),
    ):
        await sandbox.behaves(lie, pause)
        for leave, kind in (
            ("close", DIRECT),
            ("write_eof", DIRECT),
            ("close", BY_QUART),
            ("write_eof", BY_QUART),
        ):
            async with running.answer(kind) as (_, writer):
                await eventually(lambda: sandbox.under_way(1))
                getattr(writer, leave)()
                await eventually(lambda: sandbox.under_way(0), timeout=15)


ENDS: dict[str, tuple[str, str]] = {
    "none": ("done", "model"),
    "no_usage": ("done", "model"),
    "usage_twice": ("done", "model"),
    "bad_usage": ("done", "model"),
    "endless": ("done", "model"),
    "cut": ("error", "model_unavailable"),
    "throttled": ("done", "figures"),
    "broken": ("done", "figures"),
    "silence": ("done", "figures"),
}
FREE = ("throttled", "broken")


async def test_each_lie_of_the_model_and_a_stop_end_in_a_clear_event_and_are_counted_once(
    site: Callable[..., Any], sandbox: Sandbox, redis: Any
) -> None:
    talking, impatient = await asyncio.gather(site(), site(OPENAI_SILENCE_SECONDS="2"))
    for lie, end in ENDS.items():
        running: Site = impatient if lie == "silence" else talking
        await sandbox.behaves(lie)
        before, spent = await running.used(), await running.spent()
        name, data = events_of((await running.ask()).content)[-1]
        assert (name, data.get("mode") or data["code"]) == end, lie
        await eventually(lambda: settled(redis))
        cost = await running.used() - before
        assert (cost == 0) is (lie in FREE), lie
        assert data.get("tokens", cost) == cost, lie
        assert await running.spent() - spent == cost, lie
    assert await sandbox.under_way(0)

    await sandbox.behaves("endless", 0.05)
    running, spent = talking, await talking.spent()
    async with running.answer() as (reader, _):
        await until(reader, TEXT)
        running.running.signal(signal.SIGTERM)
        said = await asyncio.wait_for(reader.read(), BOUND)  # to the end of the connection
    *sentences, (name, data) = chunks(said)
    assert (name, data["code"]) == ("error", "restarting")
    assert all(event in ("text", "cite") for event, _ in sentences)
    assert all(text["text"].endswith(".") for event, text in sentences if event == "text")
    assert await asyncio.to_thread(running.running.process.wait, BOUND) == 0
    assert '"stopped"' in running.running.text
    assert await sandbox.under_way(0)
    assert await settled(redis)
    counted = [int(await redis.get(key)) async for key in redis.scan_iter("bot:counted:*")]
    assert sum(counted) > spent
    totals = [int(await redis.get(key)) async for key in redis.scan_iter("bot:tokens:??????????")]
    assert sum(totals) == sum(counted)


async def test_killed_stores_and_processes_leave_an_answer_that_ends_is_kept_and_counted_once(
    site: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    with closing(Postgres(tmp_path)) as postgres, ExitStack() as valkey:
        await migrate(postgres.url)
        await fill(postgres.url)
        port = free_port()
        process, url = valkey.enter_context(valkey_server(tmp_path, port=port))
        both = (site(DATABASE_URL=postgres.url, REDIS_URL=url) for _ in range(2))
        first, second = await asyncio.gather(*both)
        second.token = first.token
        await sandbox.behaves("endless", 0.25)
        async with first.answer():
            refused = await second.ask()
            assert (refused.status_code, refused.json()["code"]) == (429, "answer_under_way")
            await eventually(lambda: sandbox.under_way(1))
        await eventually(lambda: sandbox.under_way(0))
        cost = await eventually(first.used)

        await sandbox.behaves("none", 0.05)
        async with first.answer() as (reader, _):
            await until(reader, TEXT)
            process.kill()
            name, data = chunks(await until(reader, END))[-1]
        assert (name, data["mode"]) == ("done", "model")
        valkey.close()
        valkey.enter_context(valkey_server(tmp_path, port=port))  # with nothing of what it knew
        await eventually(lambda: left(first, DAY - cost - data["tokens"]))

        async with first.answer() as (reader, _):
            start = await until(reader, TEXT)
            postgres.kill()
            name, data = chunks(await until(reader, END))[-1]
        # A slow machine may take longer than an answer may go on without PostgreSQL.
        assert name == "done" or data["code"] == "unavailable"
        refused = await eventually(lambda: refusal(first))
        assert (refused.json()["code"], "Retry-After" in refused.headers) == ("unavailable", True)
        await postgres.restart()
        conversation = chunks(start)[0][1]["conversation_id"]
        kept = await eventually(lambda: readable(second, f"/api/bot/conversations/{conversation}"))
        assert [turn["role"] for turn in kept["turns"]] == ["member", "bot"]

        await sandbox.behaves("endless", 0.1)
        async with first.answer() as (reader, _), aclosing(open_redis(url)) as redis:
            await until(reader, TEXT)
            (place,) = [key async for key in redis.scan_iter("bot:busy:*")]
            assert 0 < await redis.ttl(place) <= 15  # for so long its member waits once nobody renews it
            first.running.process.kill()
            first.running.process.wait()
            await redis.expire(place, 600)  # however long this takes here
            await eventually(lambda: sandbox.under_way(0))
            assert (await second.ask()).status_code == 429
            await redis.expire(place, 1)
            await sandbox.behaves("none")
            await eventually(lambda: answered(second))
            taken = [await redis.get(key) async for key in redis.scan_iter("bot:taken:*")]
            # What the killed process had taken stays counted.
            assert len([tokens for tokens in taken if tokens != "settled"]) == 1


async def left(site: Site, tokens: int) -> bool:
    return bool((await site.ask("/api/bot")).json().get("daily_tokens_left") == tokens)


async def refusal(site: Site) -> httpx.Response | None:
    answer = await site.ask()
    return answer if answer.status_code == 503 else None


async def readable(site: Site, path: str) -> Any:
    answer = await site.ask(path)
    return answer.json() if answer.status_code == 200 else None


async def answered(site: Site) -> bool:
    return (await site.ask()).status_code == 200


async def settled(redis: Any) -> bool:
    return all([await redis.get(key) == "settled" async for key in redis.scan_iter("bot:taken:*")])
