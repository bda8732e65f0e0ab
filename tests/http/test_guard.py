"""What a route declares is enforced: closed by default, limited, cached as it says, streamed to the end."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, cast

import httpx
import pytest
from quart import Quart, Response
from werkzeug.exceptions import Unauthorized

from ops.telemetry.access import AccessLog
from ops.telemetry.metrics import Requests
from ops.web.policy import policy
from quartapp.app import answer_with_problems
from quartapp.documents.held import HeldDocuments
from quartapp.http.cors import Cors
from quartapp.http.front import Application, Front
from quartapp.http.guard import Guard, UndeclaredRouteError
from quartapp.http.limits import Clients
from quartapp.publish.addresses import describe
from tests.support.waiting import eventually, for_ever, time_passes

ORIGIN = "https://front.example"
calls: list[str] = []


async def _members_only() -> None:
    raise Unauthorized


async def _anybody() -> None:
    return None


AUTHENTICATORS: dict[str, Callable[[], Awaitable[None]]] = {"none": _anybody, "member": _members_only}


def guarded(app: Quart, stopping: asyncio.Event) -> Front:
    answer_with_problems(app)
    cors = Cors([ORIGIN])
    Guard(AUTHENTICATORS, Clients([]), cors, stopping).watch(app)
    access = AccessLog(io.StringIO(), Requests())
    documents = HeldDocuments(max_bytes=1_000_000, describe=describe)
    return Front(cast(Application, app), documents, access, cors, stopping, handler_seconds=0.3)


def an_app() -> Quart:
    app = Quart("guarded", static_folder=None)

    @app.route("/closed", methods=["GET", "POST"])
    @policy(auth="member")
    async def closed() -> str:
        calls.append("closed")
        return "secret"

    @app.get("/open")
    @policy(auth="none", cache="public")
    async def everybody() -> str:
        return "for all"

    @app.post("/dear")
    @policy(auth="none", limit=2)
    async def dear() -> Response:
        answer = Response("priced")
        answer.headers["Cache-Control"] = "max-age=9999"
        return answer

    @app.get("/slow")
    @policy(auth="none")
    async def slow() -> str:
        await for_ever()
        return "never"

    @app.get("/stream")
    @policy(auth="none", stream=True)
    async def stream() -> Response:
        return Response(_ticks(), content_type="text/event-stream")

    @app.get("/slow-stream")
    @policy(auth="none", stream=True)
    async def slow_stream() -> Response:
        await for_ever()
        return Response(_ticks())

    return app


async def _ticks() -> AsyncGenerator[bytes, None]:
    try:
        while True:
            async with asyncio.timeout(3600):
                calls.append("tick")
                yield b": tick\n\n"
                await time_passes(0.05)
    finally:
        calls.append("generator closed")


@pytest.fixture
def stopping() -> asyncio.Event:
    calls.clear()
    return asyncio.Event()


@pytest.fixture
async def client(stopping: asyncio.Event) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=guarded(an_app(), stopping), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


async def test_a_handler_that_declares_only_who_may_ask_is_closed(client: httpx.AsyncClient) -> None:
    for method in ("GET", "HEAD", "POST"):
        answer = await client.request(method, "/closed")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (401, "no-store")
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["RateLimit-Limit"] == "60"
    assert calls == []


def test_a_route_without_a_declaration_does_not_start(stopping: asyncio.Event) -> None:
    app = an_app()

    async def forgotten() -> str:
        return "open to all"

    app.add_url_rule("/forgotten", view_func=forgotten)
    with pytest.raises(UndeclaredRouteError, match="/forgotten declares no policy"):
        guarded(app, stopping)


@pytest.mark.parametrize(
    ("declaration", "reason"),
    [({"auth": "membr"}, "known: member, none"), ({"auth": "member", "cache": "public"}, "let caches keep")],
)
def test_a_declaration_that_means_nothing_does_not_start(
    stopping: asyncio.Event, declaration: dict[str, Any], reason: str
) -> None:
    app = an_app()

    async def handler() -> str:
        return ""

    app.add_url_rule("/odd", view_func=policy(**declaration)(handler))
    with pytest.raises(UndeclaredRouteError, match=reason):
        guarded(app, stopping)


async def test_a_route_that_comes_after_the_guard_is_closed(stopping: asyncio.Event) -> None:
    app = an_app()
    front = guarded(app, stopping)

    async def late() -> str:
        return "late"

    app.add_url_rule("/late", view_func=policy(auth="none")(late))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=front), base_url="http://test") as http:
        assert (await http.get("/late")).status_code == 404


async def test_the_declared_cache_policy_wins_over_the_handler(client: httpx.AsyncClient) -> None:
    assert (await client.get("/open")).headers["Cache-Control"] == "max-age=60, must-revalidate"
    assert (await client.post("/dear")).headers["Cache-Control"] == "no-store"


async def test_a_limit_refuses_with_when_to_come_back_and_never_a_preflight(
    client: httpx.AsyncClient,
) -> None:
    for _ in range(5):
        preflight = await client.options("/dear", headers={"Origin": ORIGIN})
        assert preflight.status_code == 200
        assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
        assert "Content-Type" in preflight.headers["Access-Control-Allow-Headers"]
        assert "RateLimit-Limit" not in preflight.headers
    answers = [await client.post("/dear", headers={"Origin": ORIGIN}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 30
    for answer in answers:  # the error can be read by the same page as the answer
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert {"Retry-After", "RateLimit-Reset"} <= set(
            answer.headers["Access-Control-Expose-Headers"].split(", ")
        )
    assert (await client.options("/dear", headers={"Origin": ORIGIN})).status_code == 200
    assert (await client.options("/closed")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/open", 200), ("POST", "/open", 405), ("GET", "/nowhere", 404), ("POST", "/nowhere", 413)],
)
async def test_an_error_carries_the_cors_headers_of_an_answer(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    content = b"x" * 100_000 if status == 413 else b""
    answer = await client.request(method, path, content=content, headers={"Origin": "https://any.example"})
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "RateLimit-Limit" in answer.headers["Access-Control-Expose-Headers"]


async def test_a_handler_has_a_time_limit(client: httpx.AsyncClient) -> None:
    answer = await asyncio.wait_for(client.get("/slow", headers={"Origin": ORIGIN}), 60)
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Retry-After"] == "5"
    # A stream is bound until it begins.
    assert (await client.get("/slow-stream")).status_code == 503


async def test_a_stream_outlasts_the_bound_of_handlers_and_ends_cleanly_at_a_stop(
    stopping: asyncio.Event,
) -> None:
    front = guarded(an_app(), stopping)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await for_ever()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/stream",
        "raw_path": b"/stream", "query_string": b"", "root_path": "", "headers": [(b"host", b"test")],
        "client": ("127.0.0.1", 1), "server": ("test", 80), "extensions": {},
    }  # fmt: skip
    answering = asyncio.create_task(front(scope, receive, send))
    await eventually(lambda: len(calls) >= 20)  # each tick takes 0.05 s: far beyond the bound of 0.3 s
    assert not answering.done()
    stopping.set()
    await asyncio.wait_for(answering, 60)
    assert sent[0]["status"] == 200
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert calls[-1] == "generator closed"
