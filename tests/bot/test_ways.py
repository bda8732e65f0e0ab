"""A plain chat is answered in front of Quart exactly as Quart would; all else is Quart's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from ops.database import session
from quartapp.app import Web
from quartapp.http.limits import Limits
from quartapp.store import account_events
from tests.bot.stand import events_of
from tests.support.members import Person

DIRECT, BY_QUART = "application/json", "application/json; charset=utf-8"  # only the first is plain
QUESTION = orjson.dumps({"message": "What are the odds for Kansas City?"})
NOBODYS = "00000000-0000-4000-8000-000000000000"
REFUSED = [
    (b'{"message": "x", "message": "y"}', {}, 400),
    (b"{", {}, 400),
    (b'{"message": "  "}', {}, 422),
    (b'{"message": "x", "stake": 5}', {}, 422),
    (b'{"message": "x", "conversation_id": "%s"}' % NOBODYS.encode(), {}, 404),
    (QUESTION, {"Authorization": "Bearer no-token-of-ours"}, 401),
    (QUESTION, {"Authorization": "Basic eDp5"}, 401),
]


@pytest.fixture
async def web(open_web: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Web]:
    # No time passes for the limits: what is left must not depend on how fast this machine is.
    monkeypatch.setattr("quartapp.app.Limits", lambda: Limits(clock=lambda: 1000.0))
    async with open_web(TRUSTED_PROXIES="127.0.0.0/8", CORS_ALLOWED_ORIGINS="https://app.example") as web:
        yield web


async def both(client: httpx.AsyncClient, content: bytes, headers: dict[str, str]) -> list[httpx.Response]:
    """Return the answers to one question, direct and by Quart; the ids of new conversations are left out."""
    answers = []
    for number, kind in enumerate((DIRECT, BY_QUART)):
        own = {"Content-Type": kind, "X-Request-ID": "the-same-id", "CF-Connecting-IP": f"203.0.113.{number}"}
        answers.append(await client.post("/api/bot/chat", content=content, headers=own | headers))
    return answers


def said(answer: httpx.Response) -> Any:
    if answer.status_code != 200:
        return answer.json()
    return [(name, data | {"conversation_id": None}) for name, data in events_of(answer.content)]


async def test_either_way_a_chat_has_the_same_events_and_headers(
    web: Web, client: httpx.AsyncClient, person: Person
) -> None:
    for origin in ("", "https://app.example", "https://evil.example"):
        more = person.bearer | ({"Origin": origin} if origin else {})
        direct, behind = await both(client, QUESTION, more)
        assert (direct.status_code, said(direct)[-1][0]) == (200, "done")
        assert said(direct) == said(behind)
        assert dict(direct.headers) == dict(behind.headers)


async def test_either_way_a_chat_is_refused_alike(
    web: Web, client: httpx.AsyncClient, person: Person
) -> None:
    for content, more, status in REFUSED:
        direct, behind = await both(client, content, person.bearer | more)
        assert direct.status_code == behind.status_code == status, content
        assert said(direct) == said(behind)
        assert dict(direct.headers) == dict(behind.headers)
    await web.stores.redis.set(f"bot:busy:{person.id}", "an answer elsewhere", ex=60)
    direct, behind = await both(client, QUESTION, person.bearer)
    assert (direct.status_code, direct.json()["code"]) == (429, "answer_under_way")
    assert (said(direct), dict(direct.headers)) == (said(behind), dict(behind.headers))
    async with session(web.stores.database) as connection, connection.transaction():
        await account_events.exclude(connection, UUID(person.id), None)
    direct, behind = await both(client, QUESTION, person.bearer)
    assert (direct.status_code, direct.json()["code"]) == (403, "excluded")
    assert (said(direct), dict(direct.headers)) == (said(behind), dict(behind.headers))


async def test_a_plain_chat_does_not_reach_quart_and_counts_once_with_those_that_do(
    web: Web, client: httpx.AsyncClient, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []
    by_quart = web.app.handle_request

    async def seen(request: Any) -> Any:
        reached.append(request.headers["Content-Type"])
        return await by_quart(request)

    monkeypatch.setattr(web.app, "handle_request", seen)
    left = []
    for kind, content in ((DIRECT, QUESTION), (BY_QUART, QUESTION), (DIRECT, b"{"), (DIRECT, QUESTION)):
        headers = person.bearer | {"Content-Type": kind}
        answer = await client.post("/api/bot/chat", content=content, headers=headers)
        left.append(int(answer.headers["RateLimit-Remaining"]))
    assert reached == [BY_QUART, DIRECT], "a plain one and a wrong one"
    assert left == [29, 28, 27, 26]
    for _ in range(26):
        await client.post("/api/bot/chat", content=b"{", headers=person.bearer | {"Content-Type": DIRECT})
    answer = await client.post(
        "/api/bot/chat", content=QUESTION, headers=person.bearer | {"Content-Type": DIRECT}
    )
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
