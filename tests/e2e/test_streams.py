"""An answer of the bot over real connections of a real process: what proxies see, who goes away, and a stop."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from bench.streams import fill
from tests.bot.test_ends import sentence_and_then, until_closed
from tests.bot.test_model import QUESTION, streamed
from tests.e2e.conftest import Start
from tests.support.members import registration
from tests.support.upstream import Upstream, open_upstream
from tests.support.waiting import eventually, free_port

pytestmark = pytest.mark.e2e
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
BOUND = 120


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with open_upstream() as upstream:
        yield upstream


async def token_of(port: int) -> str:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:

        async def knows_the_games() -> bool:
            try:
                return bool((await client.get("/api/bot")).json()["available"])
            except (httpx.HTTPError, KeyError):
                return False

        await eventually(knows_the_games, timeout=30)
        answer = await client.post("/api/auth/register", json=registration(f"reader{port}@example.com"))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["access_token"])


@asynccontextmanager
async def asked(port: int, token: str, more: str = "", body: bytes | None = None) -> AsyncIterator[Streams]:
    """Yield a connection on which a question was sent."""
    content = json.dumps(QUESTION).encode()
    head = (
        f"POST /api/bot/chat HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\n{more or f'Content-Length: {len(content)}'}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode() + (content if body is None else body))
    await writer.drain()
    try:
        yield reader, writer
    finally:
        writer.close()


async def until(reader: asyncio.StreamReader, mark: bytes) -> bytes:
    return await asyncio.wait_for(reader.readuntil(mark), BOUND)


async def test_a_stream_over_real_connections(
    start: Start, settings_env: Callable[..., dict[str, str]], upstream: Upstream, database_url: str
) -> None:
    await fill(database_url)
    env = settings_env(
        PORT=str(free_port()), HOST="127.0.0.1", SCHEDULER_STANDALONE="true", TELEGRAM_ALERTS_ENABLED="false",
        OPENAI_API_KEY="sk-tests-12345", OPENAI_BASE_URL=upstream.url, OPENAI_SILENCE_SECONDS="120",
        OPENAI_ANSWER_SECONDS="240", STREAM_COMMENT_SECONDS="0.2", BOT_MEMBER_DAILY_TOKENS="1000000",
    )  # fmt: skip
    running = start("web", environment=env)
    port = int(env["PORT"])
    token = await token_of(port)
    await a_proxy_sees_what_it_must_pass_on_at_once(port, token, upstream)
    await who_goes_away_ends_the_models_call(port, token, upstream)

    gone = asyncio.Event()
    upstream.answers(sentence_and_then(until_closed, gone))
    async with asked(port, token) as (reader, _):
        await until(reader, b"event: text")
        await until(reader, b"\r\n:\n\n")  # a comment line: the model is silent
        running.signal(signal.SIGTERM)
        await until(reader, b"event: error\n")
        said = await asyncio.wait_for(reader.read(), BOUND)  # to the end of the connection
    assert b'"code":"restarting"' in said
    assert b"event:" not in said
    await asyncio.wait_for(gone.wait(), BOUND)
    assert await asyncio.to_thread(running.process.wait, BOUND) == 0
    assert '"stopped"' in running.text
    assert "sk-tests-12345" not in running.text


async def a_proxy_sees_what_it_must_pass_on_at_once(port: int, token: str, upstream: Upstream) -> None:
    """A body in chunks behind Expect, encodings that are accepted, and another request on the same connection."""
    upstream.answers(streamed())
    content = json.dumps(QUESTION).encode()
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
    more = "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nAccept-Encoding: br, gzip"
    async with asked(port, token, more, b"") as (reader, writer):
        assert (await until(reader, b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(body)
        status, *lines = (await until(reader, b"\r\n\r\n")).decode().lower().splitlines()
        headers: dict[str, Any] = dict(line.split(": ", 1) for line in lines if line)
        assert status.startswith("http/1.1 200")
        assert headers["content-type"] == "text/event-stream"
        assert headers["cache-control"] == "no-store, no-transform"
        assert headers["x-accel-buffering"] == "no"
        assert not {"content-encoding", "content-length", "etag"} & headers.keys()
        await until(reader, b"event: start\n")
        assert b'"mode":"model"' in (await until(reader, b"event: done\n")) + await until(
            reader, b"\r\n0\r\n\r\n"
        )
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: api.example\r\n\r\n")
        assert (await until(reader, b'{"ok":true}')).startswith(b"HTTP/1.1 200")


async def who_goes_away_ends_the_models_call(port: int, token: str, upstream: Upstream) -> None:
    gone = asyncio.Event()
    upstream.answers(sentence_and_then(until_closed, gone))
    async with asked(port, token) as (reader, _):
        await until(reader, b"event: text")
        assert not gone.is_set()
    await asyncio.wait_for(gone.wait(), BOUND)
