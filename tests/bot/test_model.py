"""A model phrases answers: what it may say, how it may fail, and what it costs, over real HTTP to a stand-in upstream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import orjson
import pytest

from ops.database import session
from quartapp.api.bot.models import open_models
from quartapp.app import Web
from quartapp.feeds.openai_stream import ChatStream, Patience, Usage
from quartapp.sandbox import openai
from tests.bot.stand import events_of
from tests.support.members import Person, browser, register
from tests.support.upstream import Answer, Upstream, open_upstream, status, throttled
from tests.support.waiting import eventually

QUESTION = {"message": "What are the odds for Kansas City?"}


def streamed(lie: str = "none", gone: asyncio.Event | None = None, pause: float = 0.0) -> Answer:
    """Answer as the sandbox's model does, piece by piece; `gone` is set when the one who asked hangs up."""

    async def write(request: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        try:
            async for event in openai.stream(orjson.loads(request.body), lie, 1, pause):
                writer.write(event)
                await writer.drain()
                if writer.transport.is_closing():
                    break
        finally:
            if gone is not None:
                gone.set()
        writer.close()

    return Answer(write)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with open_upstream() as upstream:
        upstream.answers(streamed())
        yield upstream


@pytest.fixture
async def asking(open_web: Any, upstream: Upstream) -> AsyncIterator[Any]:
    """Return a function that opens a web process with a model: its parts, a client, and a member."""
    async with AsyncExitStack() as stack:

        async def opened(**environment: str) -> tuple[Web, httpx.AsyncClient, Person]:
            web = await stack.enter_async_context(
                open_web(
                    OPENAI_API_KEY="sk-for-tests-1234567890", OPENAI_BASE_URL=upstream.url, **environment
                )
            )
            client = await stack.enter_async_context(browser(web))
            return web, client, await register(client)

        yield opened


async def ask(client: httpx.AsyncClient, person: Person, **more: Any) -> list[tuple[str, dict[str, Any]]]:
    answer = await client.post("/api/bot/chat", json=QUESTION | more, headers=person.bearer)
    assert answer.status_code == 200, answer.text
    return events_of(answer.content)


def texts(told: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [data["text"] for name, data in told if name == "text"]


async def test_a_models_sentences_are_checked_and_their_tokens_counted_once(
    asking: Any, upstream: Upstream
) -> None:
    web, client, person = await asking()
    before = (await client.get("/api/bot")).json()
    assert before["mode"] == "model"
    told = await ask(client, person)
    assert texts(told)[0] == "The best winner price of Kansas City Chiefs, at Pinnacle is -129."
    done = told[-1][1]
    assert (told[-1][0], done["mode"]) == ("done", "model")
    after = (await client.get("/api/bot")).json()
    assert before["daily_tokens_left"] - after["daily_tokens_left"] == done["tokens"] > 0
    assert web.chats.used.tokens_in + web.chats.used.tokens_out == done["tokens"]
    sent = orjson.loads(upstream.requests[-1].body)
    assert sent["stream"] is True
    assert sent["stream_options"] == {"include_usage": True}
    assert upstream.requests[-1].headers["authorization"] == "Bearer sk-for-tests-1234567890"


@pytest.mark.parametrize(
    ("answer", "requests"),
    [(streamed("wrong_numbers"), 1), (streamed("smuggled"), 1), (streamed("garbage"), 1), (throttled("60"), 1),
     (status(500), 3),
     (status(401), 1)],
)  # fmt: skip
async def test_a_model_that_lies_or_fails_before_a_sentence_is_replaced_by_figures(
    asking: Any, upstream: Upstream, answer: Answer, requests: int
) -> None:
    _, client, person = await asking()
    upstream.answers(answer)
    told = await ask(client, person)
    assert "Kansas City Chiefs -129 (1.78 decimal) at Pinnacle" in " ".join(texts(told))
    assert (told[-1][0], told[-1][1]["mode"]) == ("done", "figures")
    assert len(upstream.requests) == requests


async def test_a_cut_stream_ends_in_a_clear_error_and_is_counted(asking: Any, upstream: Upstream) -> None:
    web, client, person = await asking()

    async def write(request: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        text = "The Kansas City Chiefs are at -129 at Pinnacle [1]. The Cleveland"
        writer.write(openai.event("m", {"content": text}))
        writer.close()

    upstream.answers(Answer(write))
    told = await ask(client, person)
    assert texts(told) == ["The Kansas City Chiefs are at -129 at Pinnacle."]
    assert (told[-1][0], told[-1][1]["code"]) == ("error", "model_unavailable")
    await eventually(lambda: web.chats.used.tokens_out > 0)
    used = web.chats.used.tokens_in + web.chats.used.tokens_out
    await eventually(lambda: _left(client, 2_000_000 - used))
    assert len(upstream.requests) == 1  # a piece was read, so it is not asked again


async def _left(client: httpx.AsyncClient, tokens: int) -> bool:
    return bool((await client.get("/api/bot")).json()["daily_tokens_left"] == tokens)


async def test_a_silent_model_is_given_up() -> None:
    async with open_upstream() as upstream, httpx.AsyncClient() as client:
        upstream.answers(streamed("silence"))
        patient = Patience(connect=60, first_byte=60, silence=0.2, whole=120)
        stream = ChatStream(client, upstream.url, "key", "m", patient)
        asked = [
            {
                "role": "user",
                "content": "FACTS\n[1] a price = 100\n[2] another price = 120\n\nQUESTION\nwhat?",
            }
        ]
        with pytest.raises(Exception, match="fell silent"):
            [piece async for piece in stream.pieces(asked, 10, Usage())]


async def test_a_reader_who_goes_away_ends_the_upstream_call(asking: Any, upstream: Upstream) -> None:
    web, _, person = await asking()
    gone = asyncio.Event()
    upstream.answers(streamed("endless", gone, pause=0.02))
    seen = asyncio.Event()
    leave = asyncio.Event()
    body = orjson.dumps(QUESTION)
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "https", "path": "/api/bot/chat",
        "raw_path": b"/api/bot/chat", "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
        "headers": [
            (b"host", b"api.example"), (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()), (b"authorization", person.bearer["Authorization"].encode()),
        ],
        "server": ("api.example", 443), "extensions": {},
    }  # fmt: skip
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if b"event: text" in message.get("body", b""):
            seen.set()

    answering = asyncio.create_task(web.asgi(scope, receive, send))
    await asyncio.wait_for(seen.wait(), 60)
    leave.set()
    await asyncio.wait_for(gone.wait(), 60)
    await asyncio.wait({answering}, timeout=60)
    assert answering.done()
    await eventually(lambda: web.chats.used.tokens_out > 0)  # counted, though nobody waited for it


async def test_one_answer_at_a_time_a_member(asking: Any, upstream: Upstream) -> None:
    _, client, person = await asking()
    upstream.answers(streamed(pause=0.02))
    first = asyncio.create_task(ask(client, person))
    await asyncio.wait_for(upstream.asked.wait(), 60)
    refused = await client.post("/api/bot/chat", json=QUESTION, headers=person.bearer)
    assert (refused.status_code, refused.json()["code"]) == (429, "answer_under_way")
    assert (await first)[-1][0] == "done"
    await eventually(lambda: _passes(client, person))


async def _passes(client: httpx.AsyncClient, person: Person) -> bool:
    return (await client.post("/api/bot/chat", json=QUESTION, headers=person.bearer)).status_code == 200


async def test_near_the_end_of_the_budget_answers_are_figures_and_say_so(
    asking: Any, upstream: Upstream
) -> None:
    _, client, person = await asking(BOT_MEMBER_DAILY_TOKENS="500")
    told = await ask(client, person)
    assert "budget" in texts(told)[0]
    assert "Pinnacle" in " ".join(texts(told))
    assert told[-1][1] == {"tokens": 0, "left": 500, "mode": "figures"}
    assert not upstream.requests


async def test_conversations_are_kept_read_and_deleted_by_their_member_alone(
    asking: Any, database: Any
) -> None:
    _, client, person = await asking()
    told = await ask(client, person)
    number = told[0][1]["conversation_id"]
    path = f"/api/bot/conversations/{number}"

    async def kept(turns: int) -> bool:
        answer = await client.get(path, headers=person.bearer)
        return answer.status_code == 200 and len(answer.json()["turns"]) == turns

    await eventually(lambda: kept(2))
    await eventually(lambda: ask_again(client, person, number))
    await eventually(lambda: kept(4))
    read = (await client.get(path, headers=person.bearer)).json()
    assert [turn["role"] for turn in read["turns"]] == ["member", "bot"] * 2
    assert read["title"] == QUESTION["message"]
    assert read["turns"][1]["citations"][0]["document"].startswith("/api/")
    listed = (await client.get("/api/bot/conversations", headers=person.bearer)).json()
    assert [one["id"] for one in listed["conversations"]] == [number]

    other = await register(client)
    assert (await client.get(path, headers=other.bearer)).status_code == 404
    assert (await client.delete(path, headers=other.bearer)).status_code == 404
    stolen = await client.post(
        "/api/bot/chat", json=QUESTION | {"conversation_id": number}, headers=other.bearer
    )
    assert stolen.status_code == 404

    assert (await client.delete(path, headers=person.bearer)).status_code == 204
    assert (await client.get(path, headers=person.bearer)).status_code == 404
    async with session(database) as connection:
        assert await connection.fetch_val("SELECT count(*) FROM bot_turns") == 0


async def ask_again(client: httpx.AsyncClient, person: Person, number: str) -> bool:
    again = QUESTION | {"conversation_id": number}
    return (await client.post("/api/bot/chat", json=again, headers=person.bearer)).status_code == 200


def test_without_a_key_there_is_no_model(settings: Any) -> None:
    assert open_models(settings) is None
