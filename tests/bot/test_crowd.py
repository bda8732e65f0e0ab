"""Many answers at one moment: what they take of the process, and what they leave."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import uuid
import weakref
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest

from ops.memory import SPARED, give_back
from quartapp.accounts.member import Member
from quartapp.api.bot import watch
from quartapp.bot import turns
from quartapp.bot.asked import Asked
from quartapp.bot.chat import Bot
from quartapp.documents.held import HeldDocuments
from quartapp.feeds.openai_stream import CROWD, ChatStream, Usage
from quartapp.sandbox import openai
from tests.support.waiting import eventually

WORDS = ("Kansas City", " is", " 2.5", ".")


class Words(httpx.AsyncByteStream):
    """An answer that comes word by word."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for word in WORDS:
            yield openai.event("m", {"content": word})
        yield openai.event("m", {}, "stop") + b"data: [DONE]\n\n"


def answered(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Words())


async def test_the_answers_of_a_crowd_are_read_less_often_and_arrive_whole() -> None:
    pauses: list[float] = []

    async def paused(seconds: float) -> None:
        pauses.append(seconds)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answered)) as client:
        stream = ChatStream(client, "http://model.example", "key", "m", sleep=paused)

        async def begin(number: int) -> list[tuple[Any, str]]:
            started = [stream.pieces([], 1, Usage()) for _ in range(number)]
            return [(pieces, await anext(pieces)) for pieces in started]

        async def end(pieces: Any, text: str) -> str:
            async with aclosing(pieces):
                async for piece in pieces:
                    text += piece
            return text

        few = await begin(CROWD - 1)
        assert {await end(*one) for one in few} == {"".join(WORDS)}
        assert pauses == []
        many = await begin(CROWD)
        assert await end(*many[0]) == "".join(WORDS)
        assert len(pauses) == len(WORDS)
        assert all(0 < pause < 1 for pause in pauses)
        assert {await end(*one) for one in many[1:]} == {"".join(WORDS)}
        assert len(pauses) == len(WORDS)  # the others were no crowd any more


class Fresh:
    """A standing that knows of nobody who may not ask."""

    def fresh(self, now: float) -> bool:
        return True

    def exclusion(self, *_: Any) -> tuple[bool, None]:
        return False, None

    def has_ended(self, _: Any) -> bool:
        return False


@pytest.mark.parametrize(("number", "calls"), [(1, 0), (watch.CROWD, 1)])
async def test_memory_is_given_back_once_after_a_crowd(
    monkeypatch: pytest.MonkeyPatch, number: int, calls: int
) -> None:
    given: list[None] = []
    looked = asyncio.Event()
    monkeypatch.setattr(watch, "give_back", lambda: given.append(None))
    looking = watch.Watch._look

    async def look(self: watch.Watch, now: float) -> None:
        await looking(self, now)
        looked.set()

    monkeypatch.setattr(watch.Watch, "_look", look)
    watched = watch.Watch(cast("Any", Fresh()), None, cast("Any", None), asyncio.Event(), cast("Any", None))
    member = Member(uuid.uuid4(), uuid.uuid4(), "US-NJ")
    chats = [watch.Chat(member, uuid.uuid4(), False, Asked("?", "US-NJ")) for _ in range(number)]
    usual = gc.get_threshold()
    try:
        for chat in chats:
            watched.add(chat)
        assert gc.get_threshold() == (usual[0] * (SPARED if calls else 1), *usual[1:])
    finally:
        give_back()
    assert gc.get_threshold() == usual
    async with asyncio.timeout(60):
        await looked.wait()
    for chat in chats:
        watched.remove(chat)
    watching = watched._watching
    assert watching is not None
    await asyncio.wait((watching,), timeout=60)
    if calls:
        await eventually(lambda: given)
    await asyncio.sleep(0)
    assert len(given) == calls


def test_what_cannot_be_reached_is_collected() -> None:
    class Node:
        itself: Any

    gc.disable()
    try:
        node = Node()
        node.itself, left = node, weakref.ref(node)
        del node
        give_back()
        assert left() is None
    finally:
        gc.enable()


def test_a_models_client_loads_no_command_line() -> None:
    code = "import sys, quartapp.feeds.openai_stream; print({'httpx', 'rich', 'pygments', 'click'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "{'httpx'}"


async def test_the_work_of_a_crowd_rests_between_its_slices_and_of_few_it_only_lets_others_go_first() -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        await asyncio.sleep(0)

    shared = turns.Turns(0.0, sleep=rest)  # every item is a slice
    for number in (1, turns.CROWD):
        rests.clear()
        made = await asyncio.gather(*(shared.all(range(3)) for _ in range(number)))
        assert made == [[0, 1, 2]] * number
        assert (turns.REST_SECONDS in rests) == (number > 1)
        assert 0 in rests, "the last of them has nobody to wait for"
    rests.clear()
    with pytest.raises(ZeroDivisionError):
        await shared.all(1 // 0 for _ in range(1))
    assert await shared.all([1]) == [1]
    assert rests == [0, 0], "whoever failed no longer waits"


async def test_understanding_a_question_rests_between_its_parts() -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    bot = Bot(HeldDocuments(max_bytes=1_000_000), asyncio.Event())
    asked = Asked("What are the odds tonight? And who is hurt?", None, history=(("user", "hello"),))
    matter = await turns.Turns(0.0, sleep=rest).result(bot._understood(asked, datetime.now(UTC)))
    assert len(matter.question.every) == 2
    assert len(rests) > 20, "of each message: its need, its names, its topics, what is beyond it"


@pytest.mark.parametrize("key", ["", "sk-tests-12345"], ids=["figures", "model"])
async def test_what_answers_is_loaded_at_the_start_where_a_model_phrases(
    open_web: Any, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    more = {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": "http://127.0.0.1:9"} if key else {}
    async with open_web(**more) as web:
        assert web.chats._made is None
        web.start()
        if key:
            await eventually(lambda: web.chats._made is not None, timeout=60)
        else:
            await web.chats.prepare()
            assert web.chats._made is None, "the first who asks loads it"
        web.chats._make_model = broken if key else None
        await web.chats.prepare()  # a process whose model cannot be made goes on
        assert caplog.text.count("bot_not_loaded") == bool(key)


def broken() -> Any:
    raise OSError("no certificates")
