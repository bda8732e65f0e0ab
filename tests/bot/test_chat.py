"""A member asks over HTTP: who may, what is streamed, and what each event says."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import orjson

from quartapp.app import Web
from tests.bot.conftest import Open
from tests.bot.stand import events_of
from tests.support.members import Person, browser, register


async def ask(client: httpx.AsyncClient, person: Person, message: str, **more: Any) -> httpx.Response:
    body = {"message": message, **more}
    return await client.post("/api/bot/chat", json=body, headers=person.bearer)


async def test_anybody_may_read_how_the_bot_answers(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/bot")
    assert (answer.status_code, answer.json()["available"], answer.json()["mode"]) == (200, True, "figures")


async def test_an_answer_is_a_stream_of_cited_sentences(
    client: httpx.AsyncClient, person: Person, web: Web
) -> None:
    answer = await ask(client, person, "What are the odds for Kansas City?")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in answer.headers
    told = events_of(answer.content)
    assert told[0][0] == "start"
    assert told[0][1]["mode"] == "figures"
    assert told[-1][0] == "done"
    cited = {data["n"]: data for name, data in told if name == "cite"}
    texts = [data for name, data in told if name == "text"]
    assert "Kansas City Chiefs -129 (1.78 decimal) at Pinnacle" in texts[0]["text"]
    for text in texts:
        assert text["citations"]
        assert set(text["citations"]) <= cited.keys()
    for cite in cited.values():
        copy = web.documents.peek(cite["document"])
        assert copy is not None
        assert copy.etag.decode() == cite["etag"]
        value = orjson.loads(copy.body)
        for written in cite["path"].split("/")[1:]:
            part = written.replace("~1", "/").replace("~0", "~")
            value = value[int(part)] if isinstance(value, list) else value[part]
        assert value == cite["value"]


async def test_a_follow_up_means_the_same_in_a_process_that_was_started_since(open_web: Open) -> None:
    async with open_web() as first, browser(first) as client:
        person = await register(client)
        told = events_of((await ask(client, person, "chiefs moneyline?")).content)
        conversation = told[0][1]["conversation_id"]
    async with open_web() as second, browser(second) as client:
        for message, said in (
            ("and the spread?", "Kansas City Chiefs -1"),
            ("who is hurt there?", "Hank Irving II"),
            ("what is a push?", "returns the stake"),
            ("and at fanduel?", "FanDuel"),
            ("what about the vikings?", "Minnesota Vikings"),
        ):
            told = events_of((await ask(client, person, message, conversation_id=conversation)).content)
            assert said in " ".join(data["text"] for name, data in told if name == "text"), message
        told = events_of((await ask(client, person, "and the spread?")).content)
        assert "Chiefs -1" not in " ".join(data["text"] for name, data in told if name == "text")


async def test_only_members_chat_and_only_in_the_declared_form(
    client: httpx.AsyncClient, person: Person
) -> None:
    assert (await client.post("/api/bot/chat", json={"message": "hello"})).status_code == 401
    for wrong in ({}, {"message": ""}, {"message": "  "}, {"message": "x" * 1001}, {"message": "x", "stake": 5},
                  {"message": "x", "conversation_id": "mine"}):  # fmt: skip
        answer = await client.post("/api/bot/chat", json=wrong, headers=person.bearer)
        assert answer.status_code == 422, wrong


async def test_a_cry_for_help_is_answered_with_the_regions_helpline_first(
    client: httpx.AsyncClient, person: Person
) -> None:
    told = events_of((await ask(client, person, "I lost everything and I want to die. Chiefs odds?")).content)
    first = next(data for name, data in told if name == "text")
    assert "1-800-GAMBLER" in first["text"]
    assert not any("Chiefs" in data.get("text", "") for _, data in told)


async def test_a_stop_ends_an_answer_behind_a_sentence_and_says_so(
    web: Web, client: httpx.AsyncClient, person: Person
) -> None:
    web.asgi.closing = True
    try:
        told = events_of(
            (await asyncio.wait_for(ask(client, person, "What are the odds for Kansas City?"), 60)).content
        )
    finally:
        web.asgi.closing = False
    assert told[0][0] == "start"
    assert told[-1] == ("error", {"code": "restarting", "detail": told[-1][1]["detail"]})
    assert "text" in [name for name, _ in told]


async def test_an_excluded_member_is_refused_with_the_helpline(
    client: httpx.AsyncClient, person: Person
) -> None:
    assert (await client.post("/api/me/exclusion", json={"days": 1}, headers=person.bearer)).status_code < 300
    answer = await ask(client, person, "What are the odds for Kansas City?")
    assert (answer.status_code, answer.json()["code"]) == (403, "excluded")
    assert answer.json()["helplines"][0]["phone"] == "1-800-GAMBLER"
