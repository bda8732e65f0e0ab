"""Pages of the listed origins may use accounts, with cookies; pages of other sites may not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from quartapp.app import Web
from quartapp.settings import read_settings
from tests.support.members import register, running

ORIGIN, STRANGER = "https://www.example", "https://evil.example"


@pytest.fixture
async def web(settings_env: Any) -> AsyncIterator[Web]:
    async with running(
        read_settings(settings_env(CORS_ALLOWED_ORIGINS=f"{ORIGIN},https://b.example"))
    ) as web:
        yield web


def words(header: str) -> set[str]:
    return {word.strip() for word in header.split(",")}


async def test_a_preflight_of_a_listed_origin_is_told_what_it_may_send(client: httpx.AsyncClient) -> None:
    for path, method in (
        ("/api/auth/refresh", "POST"),
        ("/api/me", "DELETE"),
        ("/api/me/sessions/x", "DELETE"),
    ):
        ask = {"Origin": ORIGIN, "Access-Control-Request-Method": method}
        headers = (await client.options(path, headers=ask)).headers
        assert headers["Access-Control-Allow-Origin"] == ORIGIN
        assert headers["Access-Control-Allow-Credentials"] == "true"
        assert method in words(headers["Access-Control-Allow-Methods"])
        sent = words(headers["Access-Control-Allow-Headers"])
        assert {"Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"} <= sent
        assert "Origin" in words(headers["Vary"])
        other = await client.options(path, headers=ask | {"Origin": STRANGER})
        assert not [name for name in other.headers if name.startswith("access-control")]


async def test_an_answer_and_an_error_can_be_read_by_a_listed_origin_and_by_no_other(
    client: httpx.AsyncClient,
) -> None:
    person = await register(client)
    from_page = {"Origin": ORIGIN}
    answers = [
        await client.get("/api/me", headers=person.bearer | from_page),
        await client.get("/api/me", headers=from_page),
        await client.post("/api/auth/login", json={"email": 1}, headers=from_page),
        await client.post("/api/auth/login", content=b"x" * 70_000, headers=from_page),
        await client.get("/api/me/sessions/x", headers=from_page),
    ]
    assert [answer.status_code for answer in answers[:3]] == [200, 401, 422]
    assert answers[3].status_code == 413
    for answer in answers[:3]:
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        exposed = words(answer.headers["Access-Control-Expose-Headers"])
        assert {"ETag", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID"} <= exposed
    other = await client.get("/api/me", headers=person.bearer | {"Origin": STRANGER})
    assert "Access-Control-Allow-Origin" not in other.headers
    for answer in (answers[3], answers[4]):  # nobody's: no word of anybody, and no cookie asked for
        assert "Access-Control-Allow-Credentials" not in answer.headers or (
            answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        )


async def test_a_page_of_another_site_cannot_use_the_cookie(client: httpx.AsyncClient) -> None:
    await register(client)
    pages: list[dict[str, str]] = [
        {"Origin": STRANGER},
        {"Origin": "null"},
        {"Origin": f"{ORIGIN}.evil.example"},
        {"Origin": STRANGER, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site"},
    ]
    for path in ("refresh", "logout", "logout-everywhere", "login", "recover", "reset"):
        for headers in pages:
            answer = await client.post(f"/api/auth/{path}", json={}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), (path, headers)
            assert "set-cookie" not in answer.headers
    assert (await client.post("/api/auth/refresh")).status_code == 200


async def test_a_page_of_ours_and_a_program_can(client: httpx.AsyncClient) -> None:
    pages: list[dict[str, str]] = [
        {"Origin": ORIGIN},
        {"Origin": "https://api.example"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ]
    for headers in pages:
        await register(client)
        assert (await client.post("/api/auth/refresh", headers=headers)).status_code == 200
        assert (await client.post("/api/auth/logout", headers=headers)).status_code == 204
        assert "refresh" not in client.cookies
