"""A plain price is answered in front of Quart exactly as Quart would; all else is Quart's."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import orjson
import pytest

from bench.slate import events
from quartapp.api.parlays.prices import Prices
from quartapp.app import Web, create_web
from quartapp.documents.held import HeldDocuments
from quartapp.feeds.odds_api_answers import parse_events
from quartapp.http.direct import Direct
from quartapp.http.limits import Limits
from quartapp.settings import Settings, read_settings
from tests.support.parlay_questions import bodies, fill, queries
from tests.support.site import publish

SPORT, PATH = "basketball_nba", "/api/parlays/price"
PLAIN, TO_QUART = "application/json", "application/json; charset=utf-8"  # only the first is plain
SLATE = list(parse_events(events(SPORT, 4, 5, datetime.now(UTC)), SPORT))
LEGS = [{"game_id": one.id, "market": "h2h", "outcome": one.home_team} for one in SLATE]


@pytest.fixture
def settings_of(settings_env: Any) -> Settings:
    return read_settings(
        settings_env(TRUSTED_PROXIES="127.0.0.0/8", CORS_ALLOWED_ORIGINS="https://app.example")
    )


@pytest.fixture
def web(settings_of: Settings) -> Web:
    made = create_web(settings_of)
    publish(made.documents, SPORT, SLATE, datetime.now(UTC), 1)
    return made


@pytest.fixture
async def http(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=web.asgi), base_url="http://test") as it:
        yield it


async def ask(
    http: httpx.AsyncClient, kind: str, body: bytes, client: str = "203.0.113.9", **more: str
) -> httpx.Response:
    headers = {"Content-Type": kind, "CF-Connecting-IP": client, "X-Request-ID": "the-same-id", **more}
    return await http.post(PATH, content=body, headers=headers)


BODIES = [
    orjson.dumps({"legs": LEGS[:2]}),
    orjson.dumps({"legs": LEGS[:3], "bookmaker": "book01", "bankroll_cents": 5000}),
    orjson.dumps({"legs": [LEGS[0], LEGS[0] | {"market": "totals", "outcome": "Over"}]}),
    orjson.dumps({"legs": [LEGS[0], LEGS[1] | {"outcome": "Nobody"}]}),
    orjson.dumps({"legs": [LEGS[0], LEGS[0]]}),
    b'{"legs": [], "legs": []}',
    b"{",
    b"",
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("origin", ["", "https://app.example", "https://evil.example"])
async def test_either_way_a_price_has_the_same_answer_and_headers(
    http: httpx.AsyncClient, body: bytes, origin: str
) -> None:
    more = {"Origin": origin} if origin else {}
    for _ in range(3):  # the clock's second may turn between the two
        direct = await ask(http, PLAIN, body, "203.0.113.1", **more)
        behind = await ask(http, TO_QUART, body, "203.0.113.2", **more)
        if direct.content == behind.content:
            break
    assert direct.status_code == behind.status_code
    assert direct.content == behind.content
    assert dict(direct.headers) == dict(behind.headers)


@pytest.mark.parametrize(
    "query",
    [*[f"parlays/suggest?{query}" for query in (
        "risk=balanced&legs=2", "risk=safe&legs=2", "legs=2&sport=basketball_nba&same_game=true", "legs=10", "legs=1",
        "risk=", "sport=none", "x=1", "legs=2&legs=3", "legs=%F0%9F%98%80", "bookmaker=matchbook", "")],
     *[f"games?{query}" for query in (
        "market=h2h", "market=h2h&bookmaker=nobody&limit=2", "sport=basketball_nba&limit=1", "sport=none&market=h2h",
        "status=scheduled", "status=live", "status=none", "limit=1&limit=2", "limit=x", "x=1", "cursor=none",
        "from=2000-01-01T00:00:00%2B02:00&to=2100-01-01", "from=2000-01-01T00:00:00+02:00", "from=now",
        "bookmaker=%ff", "market=%00", "market=h2h&cursor=", "&&limit=3", "limit")],
     "parlays/priced?leg=none", "parlays/priced"],
)  # fmt: skip
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"Accept-Encoding": "br"},
        {"Origin": "https://app.example"},
        {"If-None-Match": "*"},
        {"If-Match": '"no"'},
    ],
)
async def test_either_way_a_question_has_the_same_answer_and_headers(
    web: Web, query: str, more: dict[str, str]
) -> None:
    answers = []
    for number, application in enumerate((web.asgi, with_quart_alone(web))):
        web.documents.derived.forget()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=application)) as http:
            headers = {"X-Request-ID": "the-same-id", "CF-Connecting-IP": f"203.0.113.{number}", **more}
            answers.append(await http.get(f"http://test/api/{query}", headers=headers))
    direct, behind = answers
    assert (direct.status_code, direct.content) == (behind.status_code, behind.content)
    assert dict(direct.headers) == dict(behind.headers)


async def test_either_way_varied_questions_have_the_same_answers(settings_of: Settings) -> None:
    web = create_web(settings_of)
    events, dice = fill(web.documents, datetime.now(UTC)), Random(5)
    statuses: Counter[tuple[str, int]] = Counter()
    front = httpx.AsyncClient(transport=httpx.ASGITransport(app=web.asgi), base_url="http://test")
    quart = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=with_quart_alone(web)), base_url="http://test"
    )
    async with front, quart:
        for number, body in enumerate(bodies(events, dice, 120)):
            for _ in range(3):  # the clock's second may turn between the two
                one = await ask(front, PLAIN, body, f"203.0.113.{number}")
                other = await ask(quart, PLAIN, body, f"203.0.113.{number}")
                if one.content == other.content:
                    break
            assert (one.status_code, one.content) == (other.status_code, other.content), body
            statuses["price", one.status_code] += 1
        for number, query in enumerate(queries(dice, 60)):
            answers = []
            for http in (front, quart):
                web.documents.derived.forget()
                headers = {"X-Request-ID": "the-same-id", "CF-Connecting-IP": f"203.0.113.{number}"}
                answers.append(await http.get(f"/api/parlays/suggest?{query}", headers=headers))
            one, other = answers
            assert (one.status_code, one.content) == (other.status_code, other.content), query
            assert one.headers.get("etag") == other.headers.get("etag")
            statuses["suggest", one.status_code] += 1
    assert statuses["price", 200] > 30
    assert statuses["price", 422] > 5
    assert statuses["suggest", 200] > 15


@pytest.mark.parametrize("origin", ["", "https://app.example", "https://other.example"])
async def test_a_suggestion_may_be_read_by_the_same_pages_whether_it_was_kept_or_not(
    web: Web, http: httpx.AsyncClient, origin: str
) -> None:
    """Caches and this process keep one answer for pages of every origin, so it must be right for each."""
    answers = []
    for application in (web.asgi, with_quart_alone(web)):
        web.documents.derived.forget()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=application)) as asking:
            for query in ("legs=2", "legs=2", "legs=10"):
                asked = await asking.get(
                    f"http://test/api/parlays/suggest?{query}", headers={"Origin": origin} if origin else {}
                )
                answers.append(asked)
    assert {answer.status_code for answer in answers} == {200, 404}
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert "Origin" not in answer.headers.get("vary", "")
    refused = await http.get(
        "/api/parlays/suggest?legs=2", headers={"Origin": origin, "Authorization": "Bearer x"}
    )
    readable_by = refused.headers.get("access-control-allow-origin")
    assert readable_by == (origin if origin == "https://app.example" else None), "what a member is told"


def with_quart_alone(web: Web) -> Any:
    """Return the same site without what answers in front of Quart."""
    from quartapp.http.cors import Cors
    from quartapp.http.front import Front

    return Front(web.app, web.documents, web.access, Cors(["https://app.example"]), web.stopping)  # type: ignore[arg-type]


async def test_plain_prices_do_not_reach_quart_and_what_is_wrong_does(
    http: httpx.AsyncClient, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []
    monkeypatch.setattr(web.app, "handle_request", lambda request: _refuse(reached, request.path))
    assert (await ask(http, PLAIN, BODIES[0])).status_code == 200
    assert reached == []
    for kind, body, more in (
        (TO_QUART, BODIES[0], {}),
        (PLAIN, BODIES[3], {}),
        (PLAIN, BODIES[0], {"Authorization": "Bearer x"}),
        (PLAIN, BODIES[0], {"Content-Encoding": "gzip"}),
        (PLAIN, b" " * 20_000 + BODIES[0], {}),
    ):
        await ask(http, kind, body, **more)
    assert len(reached) == 5


async def _refuse(reached: list[str], path: str) -> Any:
    from quart import Response

    reached.append(path)
    return Response("", 500)


async def test_a_client_has_one_allowance_for_both_ways_and_a_refused_price_counts_once(
    http: httpx.AsyncClient,
) -> None:
    left = [
        int((await ask(http, kind, body)).headers["RateLimit-Remaining"])
        for kind, body in ((PLAIN, BODIES[0]), (TO_QUART, BODIES[0]), (PLAIN, BODIES[3]), (PLAIN, BODIES[0]))
    ]
    assert left[0] - left[-1] <= 3, "a request counted twice"
    assert left == sorted(left, reverse=True)
    statuses = [(await ask(http, PLAIN, BODIES[0])).status_code for _ in range(200)]
    assert 429 in statuses
    assert (await ask(http, PLAIN, BODIES[0], "203.0.113.77")).status_code == 200


async def test_a_body_that_comes_late_is_passed_on() -> None:
    passed: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(await receive())

    async def receive() -> dict[str, Any]:
        if not passed and not begun:
            begun.append(True)
            return {"type": "http.request", "body": b"{", "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    begun: list[bool] = []
    from ops.web.policy import Policy
    from quartapp.http.cors import Cors
    from quartapp.http.limits import Clients

    direct = Direct(Clients([]), Cors([]), Limits(), HeldDocuments(max_bytes=1), body_seconds=0.01)
    direct.add(PATH, Policy("none", "no-store", 120), lambda _: b"{}")
    scope = {
        "type": "http", "method": "POST", "path": PATH, "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
    }  # fmt: skip
    await asyncio.wait_for(direct.around(app)(scope, receive, receive), 60)  # type: ignore[arg-type]
    assert passed == [{"type": "http.request", "body": b"{", "more_body": True}]


def test_a_price_is_computed_once_in_a_second_and_a_version() -> None:
    held = HeldDocuments(max_bytes=10_000_000)
    publish(held, SPORT, SLATE, datetime.now(UTC), 1)
    now = [datetime.now(UTC).replace(microsecond=0)]
    prices = Prices(held, lambda: now[0])
    first = prices.answer(BODIES[0])
    assert prices.answer(BODIES[0]) is first
    publish(held, SPORT, SLATE, datetime.now(UTC), 2)
    second = prices.answer(BODIES[0])
    assert second is not first
    now[0] = now[0].replace(year=now[0].year + 1)
    assert orjson.loads(prices.answer(BODIES[0]))["legs"][0]["started"] is True
    for number in range(1000):
        prices.answer(BODIES[0] + b" " * number)
    assert len(prices._kept) <= 128
