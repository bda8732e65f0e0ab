"""How an answer ends before its time: what is said, that its tokens are counted once, and who is answered no further."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from ops.database import raw, session
from quartapp.app import Web
from quartapp.bot.budget import TokenBudget
from quartapp.jobs.housekeeping import housekeeping
from quartapp.sandbox import openai
from quartapp.store import account_events
from tests.bot.stand import events_of
from tests.bot.test_model import QUESTION, ask, streamed, texts
from tests.support.leader import Leader, open_leader
from tests.support.members import Person, browser, register
from tests.support.upstream import Answer, Upstream, open_upstream, throttled
from tests.support.waiting import eventually, time_passes

DIRECT, BY_QUART = b"application/json", b"application/json; charset=utf-8"  # which way an answer goes
DAY = 2_000_000  # BOT_DAILY_TOKENS, unless a test says otherwise


@dataclass
class Talk:
    """A chat over ASGI, whose events are seen as they come."""

    web: Web
    person: Person
    more: dict[str, Any] = field(default_factory=dict)
    kind: bytes = DIRECT
    body: bytes = b""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    status: int = 0

    async def run(self) -> None:
        content = orjson.dumps(QUESTION | self.more)
        scope = {
            "type": "http", "http_version": "1.1", "method": "POST", "scheme": "https", "path": "/api/bot/chat",
            "raw_path": b"/api/bot/chat", "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
            "headers": [
                (b"host", b"api.example"), (b"content-type", self.kind),
                (b"content-length", str(len(content)).encode()),
                (b"authorization", self.person.bearer["Authorization"].encode()),
            ],
            "server": ("api.example", 443), "extensions": {},
        }  # fmt: skip
        messages: list[dict[str, Any]] = [{"type": "http.request", "body": content, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop(0)
            await self.left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            self.status = message.get("status", self.status)
            self.body += message.get("body", b"")

        await self.web.asgi(scope, receive, send)

    def has(self, name: str) -> bool:
        return any(event == name for event, _ in self.events)

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return events_of(self.body[: self.body.rfind(b"\n\n") + 2])


@asynccontextmanager
async def talking(web: Web, person: Person, kind: bytes = DIRECT, **more: Any) -> AsyncIterator[Talk]:
    """Yield a chat that has begun."""
    talk = Talk(web, person, more, kind)
    running = asyncio.create_task(talk.run())
    try:
        yield talk
        await asyncio.wait_for(running, 120)
    finally:
        running.cancel()
        await asyncio.wait((running,))


def sentence_and_then(
    after: Callable[[asyncio.StreamWriter], Any], gone: asyncio.Event, begun: str = "And so "
) -> Answer:
    """Answer with a sentence that checks, and then as `after` does; `gone` is set when the call has ended."""

    async def write(request: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        text = f"The Kansas City Chiefs are at -129 at Pinnacle [1]. {begun}"
        writer.write(openai.event("m", {"content": text}))
        await writer.drain()
        await after(writer)
        gone.set()
        writer.close()

    return Answer(write)


def hung_up(writer: asyncio.StreamWriter) -> bool:
    """Return whether the other side has closed; a stream of asyncio says so only to who reads or writes."""
    with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as wire:
        try:
            return wire.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True


async def until_closed(writer: asyncio.StreamWriter) -> None:
    await eventually(lambda: hung_up(writer), timeout=60)


async def at_once(writer: asyncio.StreamWriter) -> None:
    """Break off."""


def silent_from_the_first(gone: asyncio.Event) -> Answer:
    async def write(request: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        await writer.drain()
        await until_closed(writer)
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

        async def opened(
            person: Person | None = None, **environment: str
        ) -> tuple[Web, httpx.AsyncClient, Person]:
            web = await stack.enter_async_context(
                open_web(OPENAI_API_KEY="sk-tests-12345", OPENAI_BASE_URL=upstream.url, **environment)
            )
            client = await stack.enter_async_context(browser(web))
            return web, client, person or await register(client)

        yield opened


@pytest.fixture
async def leader(database: Any, redis: Any, settings: Any) -> AsyncIterator[Leader]:
    async with open_leader(database, redis, settings) as leader:
        yield leader


async def counted(web: Web, client: httpx.AsyncClient) -> int:
    """Return the tokens that the day's budget misses, when all reservations are settled."""

    async def settled() -> bool:
        redis = web.stores.redis
        return all([await redis.get(key) == "settled" async for key in redis.scan_iter("bot:taken:*")])

    await eventually(settled)
    return DAY - int((await client.get("/api/bot")).json()["daily_tokens_left"])


@pytest.mark.parametrize(
    ("after", "seconds", "code"),
    # As long as a busy machine may take to its first sentence.
    [(at_once, "120", "model_unavailable"), (until_closed, "6", "model_timeout")],
    ids=["cut", "silent"],
)
async def test_a_model_that_breaks_off_or_falls_silent_ends_in_a_clear_error_and_is_counted_once(
    asking: Any, upstream: Upstream, after: Any, seconds: str, code: str
) -> None:
    web, client, person = await asking(OPENAI_SILENCE_SECONDS=seconds, OPENAI_ANSWER_SECONDS="240")
    gone = asyncio.Event()
    upstream.answers(sentence_and_then(after, gone))
    told = await ask(client, person)
    assert texts(told) == ["The Kansas City Chiefs are at -129 at Pinnacle."]
    assert (told[-1][0], told[-1][1]["code"]) == ("error", code)
    await asyncio.wait_for(gone.wait(), 60)
    used = await counted(web, client)
    assert used == web.chats.used.tokens_in + web.chats.used.tokens_out > 0
    assert len(upstream.requests) == 1


async def test_a_model_that_refuses_costs_nothing_one_that_falls_silent_what_it_may_charge_and_figures_answer(
    asking: Any, upstream: Upstream
) -> None:
    web, client, person = await asking(OPENAI_SILENCE_SECONDS="1")
    upstream.answers(throttled("60"), silent_from_the_first(asyncio.Event()))
    for costs in (False, True):
        told = await ask(client, person)
        assert (told[-1][0], told[-1][1]["mode"]) == ("done", "figures")
        assert "Kansas City Chiefs -129" in " ".join(texts(told))
        used = web.chats.used.tokens_in + web.chats.used.tokens_out
        assert await counted(web, client) == told[-1][1]["tokens"] == used
        assert bool(used) is costs


@pytest.mark.parametrize("kind", [DIRECT, BY_QUART], ids=["direct", "by-quart"])
async def test_a_stop_ends_an_answer_whose_model_is_silent_and_it_is_counted_once(
    asking: Any, upstream: Upstream, kind: bytes
) -> None:
    web, client, person = await asking(OPENAI_SILENCE_SECONDS="120", OPENAI_ANSWER_SECONDS="240")
    gone = asyncio.Event()
    upstream.answers(sentence_and_then(until_closed, gone))
    async with talking(web, person, kind) as talk:
        await eventually(lambda: talk.has("text"))
        web.asgi.closing = True
    web.asgi.closing = False
    assert (talk.events[-1][0], talk.events[-1][1]["code"]) == ("error", "restarting")
    await asyncio.wait_for(gone.wait(), 60)
    assert await counted(web, client) == web.chats.used.tokens_in + web.chats.used.tokens_out > 0


async def test_a_stop_lets_the_sentence_under_way_end(asking: Any, upstream: Upstream) -> None:
    web, client, person = await asking(OPENAI_SILENCE_SECONDS="120", OPENAI_ANSWER_SECONDS="240")
    go_on, gone = asyncio.Event(), asyncio.Event()

    async def rest(writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        writer.write(openai.event("m", {"content": "Kansas City Chiefs are at -129 [1]. And "}))
        await until_closed(writer)

    upstream.answers(sentence_and_then(rest, gone, "At Pinnacle the "))
    async with talking(web, person) as talk:
        await eventually(lambda: talk.has("text"))
        web.chats._watch._sentence_seconds = 60
        web.asgi.closing = True
        await time_passes(0.5)  # the stop has been seen by now
        go_on.set()
    web.asgi.closing = False
    said = [data["text"] for name, data in talk.events if name == "text"]
    assert said[1:] == ["At Pinnacle the Kansas City Chiefs are at -129."]
    assert (talk.events[-1][0], talk.events[-1][1]["code"]) == ("error", "restarting")
    await asyncio.wait_for(gone.wait(), 60)
    assert await counted(web, client) == web.chats.used.tokens_in + web.chats.used.tokens_out > 0


@pytest.mark.parametrize("kind", [DIRECT, BY_QUART], ids=["direct", "by-quart"])
async def test_silence_is_filled_with_comment_lines_and_the_model_is_waited_for(
    asking: Any, upstream: Upstream, kind: bytes
) -> None:
    web, _, person = await asking(STREAM_COMMENT_SECONDS="0.05", OPENAI_SILENCE_SECONDS="120")
    go_on = asyncio.Event()

    async def wait(writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        writer.write(
            openai.event("m", {"content": "on. "}) + openai.event("m", {}, "stop") + b"data: [DONE]\n\n"
        )

    upstream.answers(sentence_and_then(wait, asyncio.Event()))
    async with talking(web, person, kind) as talk:
        await eventually(lambda: talk.has("text"))
        begun = len(talk.body)
        await eventually(lambda: talk.body[begun:].count(b":\n\n") >= 3)
        go_on.set()
    assert talk.events[-1][0] == "done"


@pytest.mark.parametrize("kind", [DIRECT, BY_QUART], ids=["direct", "by-quart"])
async def test_a_reader_who_goes_away_is_counted_once(asking: Any, upstream: Upstream, kind: bytes) -> None:
    web, client, person = await asking(OPENAI_SILENCE_SECONDS="120")
    gone = asyncio.Event()
    upstream.answers(sentence_and_then(until_closed, gone))
    async with talking(web, person, kind) as talk:
        await eventually(lambda: talk.has("text"))
        talk.left.set()
    await asyncio.wait_for(gone.wait(), 60)
    await eventually(lambda: web.chats.used.tokens_out > 0)
    assert await counted(web, client) == web.chats.used.tokens_in + web.chats.used.tokens_out
    await eventually(lambda: _place_is_free(web, person))  # once the conversation is kept


async def _place_is_free(web: Web, person: Person) -> bool:
    return not await web.stores.redis.exists(f"bot:busy:{person.id}")


async def excluded(web: Web, client: httpx.AsyncClient, person: Person) -> None:
    async with session(web.stores.database) as connection, connection.transaction():
        await account_events.exclude(connection, UUID(person.id), None)


async def signed_out(web: Web, client: httpx.AsyncClient, person: Person) -> None:
    answer = await client.post("/api/auth/logout-everywhere", headers=person.bearer)
    assert answer.status_code < 300, answer.text


async def deleted(web: Web, client: httpx.AsyncClient, person: Person) -> None:
    answer = await client.request(
        "DELETE", "/api/me", json={"password": person.password}, headers=person.bearer
    )
    assert answer.status_code < 300, answer.text


@pytest.mark.parametrize("follows", [True, False], ids=["by-memory", "by-the-database"])
@pytest.mark.parametrize(
    ("act", "code"), [(excluded, "excluded"), (signed_out, "signed_out"), (deleted, "signed_out")],
    ids=["excluded", "signed-out", "deleted"],
)  # fmt: skip
async def test_who_may_no_longer_ask_is_answered_no_further(
    asking: Any, upstream: Upstream, database: Any, act: Any, code: str, follows: bool
) -> None:
    web, client, person = await asking(OPENAI_SILENCE_SECONDS="120", OPENAI_ANSWER_SECONDS="240")
    if follows:
        web.tasks.start(web.accounts.follower.run(web.stopping), "accounts")
    gone = asyncio.Event()
    upstream.answers(sentence_and_then(until_closed, gone))
    async with talking(web, person) as talk:
        await eventually(lambda: talk.has("text"))
        await act(web, client, person)
        await eventually(lambda: talk.has("error"))
    assert talk.events[-1][1]["code"] == code
    if code == "excluded":
        assert "1-800-GAMBLER" in talk.events[-1][1]["detail"]
    await asyncio.wait_for(gone.wait(), 60)  # the model's call has ended too
    await web.chats.close()
    async with session(database) as connection:
        turns = await connection.fetch_val("SELECT count(*) FROM bot_turns")
    assert turns == (0 if act is deleted else 2)


async def test_an_answer_goes_on_for_seconds_only_while_nobody_can_say_who_may_ask(
    asking: Any, upstream: Upstream
) -> None:
    web, client, person = await asking(OPENAI_SILENCE_SECONDS="120", OPENAI_ANSWER_SECONDS="240")
    upstream.answers(sentence_and_then(until_closed, asyncio.Event()))
    async with talking(web, person) as talk:
        await eventually(lambda: talk.has("text"))
        await web.stores.database.disconnect()
        await eventually(lambda: talk.has("error"))
    assert talk.events[-1][1]["code"] == "unavailable"
    # Without PostgreSQL nobody can say who is excluded, and so nobody is answered; how the bot stands is said.
    refused = await client.post("/api/bot/chat", json=QUESTION, headers=person.bearer)
    assert (refused.status_code, (await client.get("/api/bot")).status_code) == (503, 200)


async def test_an_answer_does_not_wait_for_a_database_that_is_locked(
    asking: Any, upstream: Upstream, database: Any
) -> None:
    web, _, person = await asking(OPENAI_SILENCE_SECONDS="120", OPENAI_ANSWER_SECONDS="240")
    upstream.answers(sentence_and_then(until_closed, asyncio.Event()))
    async with talking(web, person) as talk:
        await eventually(lambda: talk.has("text"))
        async with session(database) as connection, connection.transaction():
            await raw(connection).execute("LOCK account_events IN ACCESS EXCLUSIVE MODE")
            # Without the bound a statement's own end is seen twice first, after a minute.
            await eventually(lambda: talk.has("error"), timeout=55)
    assert talk.events[-1][1]["code"] == "unavailable"


async def test_a_conversation_deleted_while_it_goes_on_stays_deleted(asking: Any, upstream: Upstream) -> None:
    web, client, person = await asking(OPENAI_SILENCE_SECONDS="120")
    number = (await ask(client, person))[0][1]["conversation_id"]
    path = f"/api/bot/conversations/{number}"

    async def kept() -> bool:
        return bool((await client.get(path, headers=person.bearer)).status_code == 200)

    await eventually(kept)
    go_on = asyncio.Event()
    upstream.answers(sentence_and_then(lambda writer: go_on.wait(), asyncio.Event()))
    async with talking(web, person, conversation_id=number) as talk:
        await eventually(lambda: talk.has("text"))
        assert (await client.delete(path, headers=person.bearer)).status_code == 204
        go_on.set()
    await web.chats.close()
    assert not await kept()


async def test_one_answer_at_a_time_in_all_processes(asking: Any, upstream: Upstream) -> None:
    web, _, person = await asking(OPENAI_SILENCE_SECONDS="120")
    other_web, other, _ = await asking()
    go_on = asyncio.Event()
    upstream.answers(sentence_and_then(lambda writer: go_on.wait(), asyncio.Event()))
    async with talking(web, person) as talk:
        await eventually(lambda: talk.has("text"))
        refused = await other.post("/api/bot/chat", json=QUESTION, headers=person.bearer)
        assert (refused.status_code, refused.json()["code"]) == (429, "answer_under_way")
        assert "Retry-After" in refused.headers
        # Its place is held by renewing it, however long it lasts.
        await web.stores.redis.expire(f"bot:busy:{person.id}", 3)
        await eventually(lambda: _lives_on(web, person))
        go_on.set()
    upstream.answers(streamed())
    await eventually(lambda: _answered(other, person))
    assert other_web.chats.used.tokens_out > 0


async def _lives_on(web: Web, person: Person) -> bool:
    return int(await web.stores.redis.ttl(f"bot:busy:{person.id}")) > 5


async def _answered(client: httpx.AsyncClient, person: Person) -> bool:
    answer = await client.post("/api/bot/chat", json=QUESTION, headers=person.bearer)
    return answer.status_code == 200


async def test_two_processes_that_take_at_once_never_take_more_than_there_is(redis: Any) -> None:
    budgets = [TokenBudget(redis, all_tokens=10_000, member_tokens=4_000) for _ in range(2)]
    members = [uuid4().hex for _ in range(5)]
    taken = await asyncio.gather(
        *(budgets[number % 2].take(members[number % 5], 700) for number in range(60))
    )
    fitting = [one for one in taken if one is not None]
    assert len(fitting) == 10_000 // 700
    assert await budgets[0].left() == 10_000 - 700 * len(fitting)
    for one in fitting:
        await budgets[1].settle(one, 100)
        await budgets[0].settle(one, 100)  # the driver sends again what it had no answer to
    assert await budgets[0].left() == 10_000 - 100 * len(fitting)


async def test_without_redis_answers_are_figures(asking: Any, upstream: Upstream) -> None:
    _, _, registered = await asking()
    _, client, person = await asking(registered, REDIS_URL="redis://127.0.0.1:9")  # nothing listens there
    told = await ask(client, person)
    assert (told[0][1]["mode"], told[-1][0]) == ("model", "done")
    assert told[-1][1] == {"tokens": 0, "left": None, "mode": "figures"}
    assert "Kansas City Chiefs -129" in " ".join(texts(told))
    assert not upstream.requests


async def test_what_the_model_cost_stands_in_the_metrics(asking: Any, upstream: Upstream) -> None:
    web, client, person = await asking(
        OPENAI_PRICE_IN="3", OPENAI_PRICE_OUT="7", OPS_DEBUG_ENABLED="true", OPS_DEBUG_TOKEN="o" * 32
    )
    assert (await ask(client, person))[-1][0] == "done"
    metrics = (await client.get("/ops/metrics", headers={"X-Ops-Token": "o" * 32})).text
    said = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if "bot_" in line and line[0] != "#")
    used = web.chats.used
    values = {name.removeprefix("parlaygorilla_"): float(value) for name, value in said.items()}
    assert values["bot_tokens_in"] == used.tokens_in > 0
    assert values["bot_tokens_out"] == used.tokens_out > 0
    assert values["bot_cost_dollars"] == pytest.approx((3 * used.tokens_in + 7 * used.tokens_out) / 1_000_000)


async def test_a_conversation_is_deleted_thirty_days_after_its_last_word(
    asking: Any, leader: Leader, database: Any
) -> None:
    web, client, person = await asking()
    old, young = [(await ask(client, person))[0][1]["conversation_id"] for _ in range(2)]
    await web.chats.close()
    async with session(database) as connection:
        for number, age in ((old, "30 days 1 minute"), (young, "29 days 23 hours")):
            await raw(connection).execute(
                f"UPDATE bot_conversations SET updated_at = clock_timestamp() - interval '{age}' WHERE id = $1",
                UUID(number),
            )
    stats = await housekeeping(leader.context("housekeeping"))
    assert stats["conversations"] == 1
    listed = (await client.get("/api/bot/conversations", headers=person.bearer)).json()["conversations"]
    assert [one["id"] for one in listed] == [young]
    async with session(database) as connection:
        assert await connection.fetch_val("SELECT count(*) FROM bot_turns") == 2  # its turns went with it


MESSAGES = {
    "controls": "\u0007\u001b[31m odds for Kansas City?\r\n\x7f",
    "emoji": "\U0001f98d\U0001f3c8\U0001f4b0",
    "arabic": "\u0645\u0627 \u0647\u064a \u0627\u0644\u0646\u062a\u064a\u062c\u0629",
    "turned": "\u202eytiC sasnaK rof sddo",
    "events": "event: done\ndata: {}\n\n",
    "long": "a" * 1000,
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
async def test_any_text_is_a_message_and_its_answer_ends(
    asking: Any, upstream: Upstream, message: str
) -> None:
    _, client, person = await asking()
    told = await ask(client, person, message=message, sport="no_such_sport", game_id="no-such-game")
    assert [name for name, _ in told].count("done") == 1 == [name for name, _ in told].count("start")
    assert texts(told)


async def test_what_is_no_chat_is_refused_before_anything_is_done(asking: Any, upstream: Upstream) -> None:
    _, client, person = await asking()
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = await client.request(method, "/api/bot/chat", headers=person.bearer)
        assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, True), method
    bodies: list[tuple[Any, int]] = [
        (b"x" * 70_000, 413), (orjson.dumps({"message": "x" * 10_000}), 422), (b'{"message": "\\ud800"}', 400),
        (b'{"message": "a", "message": "b"}', 400), (b"", 400), (b'{"message": "a\\u0000b"}', 422),
        (orjson.dumps({"message": "x", "conversation_id": str(uuid4())}), 404),
    ]  # fmt: skip
    for content, status in bodies:
        headers = person.bearer | {"Content-Type": "application/json"}
        answer = await client.post("/api/bot/chat", content=content, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), (
            content
        )
    form = await client.post("/api/bot/chat", data={"message": "x"}, headers=person.bearer)
    assert form.status_code == 415
    assert not upstream.requests
    assert (await ask(client, person))[-1][0] == "done"  # none of them holds the member's place
