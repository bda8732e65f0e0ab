"""Reads from memory: headers to the letter, fresh within bounds, and honest while PostgreSQL is away."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest

from launcher.dev.embedded import free_port, postgres_server
from ops.database import open_database, session
from ops.migrate_with_lock import migrate
from quartapp.app import Web, create_web
from quartapp.documents.table import Document, publish
from quartapp.settings import Settings, read_settings
from tests.support.waiting import eventually

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
GAMES: dict[str, Any] = {
    "source": "sandbox",
    "sport": "nfl",
    "games": [
        {
            "id": f"g{n:02d}",
            "commence_time": f"2027-01-{n + 1:02d}T18:00:00Z",
            "status": "scheduled",
            "bookmakers": [],
        }
        for n in range(20)
    ],
    "next": None,
}


@dataclass
class Got:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


async def ask(
    web: Web, path: str, query: str | bytes = b"", headers: list[tuple[bytes, bytes]] | None = None
) -> Got:
    """Ask as a server does: a target that no client library would send, header lines as they came."""
    sent: list[Any] = []
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    incoming.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path, "root_path": "",
        "raw_path": path.encode(), "query_string": query.encode() if isinstance(query, str) else query,
        "headers": headers or [], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "state": {},
        "asgi": {"version": "3.0", "spec_version": "2.1"}, "extensions": {},
    }  # fmt: skip
    await web.asgi(scope, incoming.get, send)
    return Got(
        sent[0]["status"], dict(sent[0]["headers"]), b"".join(part.get("body", b"") for part in sent[1:])
    )


async def put(database: Any, *documents: Document, withdrawn: tuple[str, ...] = ()) -> int:
    async with session(database) as connection, connection.transaction():
        return await publish(
            connection, documents, withdrawn=withdrawn, fencing_token=1, now=datetime.now(UTC)
        )


@pytest.fixture
async def web(settings: Settings, database: Any) -> AsyncIterator[Web]:
    await put(
        database,
        Document("/api/games?sport=nfl", GAMES),
        Document("/api/sports", {"source": "live", "sports": []}),
    )
    running = create_web(settings)
    running.start()
    await eventually(lambda: running.documents.warm and running.stores.database.is_connected)
    yield running
    await running.stop()


@pytest.fixture
async def client(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=web.asgi, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


async def test_a_read_has_its_headers_to_the_letter(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/games?sport=nfl", headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "max-age=60, must-revalidate"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Age"] == "0"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["ETag"].startswith('"')
    assert "GMT" in answer.headers["Last-Modified"]
    assert "X-Stale" not in answer.headers
    assert next(iter(answer.json())) == "generated_at"


async def test_a_known_etag_is_304_even_when_a_proxy_weakened_it(client: httpx.AsyncClient) -> None:
    etag = (await client.get("/api/games?sport=nfl")).headers["ETag"]
    for given in (etag, f"W/{etag}", f'"other", W/{etag}', "*"):
        answer = await client.get("/api/games?sport=nfl", headers={"If-None-Match": given})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == etag
    assert (await client.get("/api/games?sport=nfl", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_bodies_are_the_same_in_every_encoding_and_head_has_none(client: httpx.AsyncClient) -> None:
    bodies = {}
    for wanted in ("identity", "gzip", "br"):
        async with client.stream(
            "GET", "/api/games?sport=nfl", headers={"Accept-Encoding": wanted}
        ) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
            assert int(answer.headers["Content-Length"]) == len(raw)
            assert answer.headers.get("Content-Encoding", "identity") == wanted
            bodies[wanted] = {"identity": bytes, "gzip": gzip.decompress, "br": brotli.decompress}[wanted](
                raw
            )
    assert len(set(bodies.values())) == 1
    head = await client.head("/api/games?sport=nfl")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Request-ID": "caller-id.1_A"}, "caller-id.1_A"),
        ({"X-Request-ID": "short", "CF-Ray": "8f2b1c9d0e3a4b5c-IAD"}, "8f2b1c9d0e3a4b5c-IAD"),
        ({"X-Request-ID": "x" * 65}, None),
        ({"X-Request-ID": 'evil"\\injected'}, None),
    ],
)
async def test_every_answer_carries_a_request_id(
    client: httpx.AsyncClient, headers: dict[str, str], expected: str | None
) -> None:
    for path in ("/api/games?sport=nfl", "/healthz", "/nowhere"):
        given = (await client.get(path, headers=headers)).headers["X-Request-ID"]
        assert given == expected if expected else len(given) == 32


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404), ("GET", "/api/game/none", 404), ("GET", "/api/games?sport=none", 404),
        ("GET", "/api/analysis?sport=none", 404), ("DELETE", "/api/games", 405), ("POST", "/healthz", 405),
        ("GET", "/api/games?limit=0", 422), ("GET", "/api/games?limit=ten", 422), ("GET", "/api/games?cursor=!!", 422),
        ("GET", "/api/games?from=yesterday", 422), ("GET", "/api/games?status=over", 422), ("GET", "/api/analysis", 422),
        ("GET", "/api/games?colour=red", 422), ("GET", "/ops/jobs", 404),
    ],
)  # fmt: skip
async def test_every_error_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "request_id"} <= problem.keys()
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    if status == 422:
        name = path.partition("?")[2].partition("=")[0] or "sport"
        assert problem["errors"][0]["field"] == name
    if status == 405:
        assert "Allow" in answer.headers


async def test_a_body_that_is_too_large_is_refused_by_its_header(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/api/parlays/price", content=b"x" * 100_000, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_readyz_names_what_is_down_and_no_host(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    away = settings.model_copy(
        update={
            "database_url": type(settings.database_url)("postgresql://u:pw@db.internal.invalid:5/x"),
            "redis_url": type(settings.redis_url)("redis://cache.internal.invalid:5"),
        }
    )
    web = create_web(away)
    web.start()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=web.asgi), base_url="http://test") as http:
        started = time.monotonic()
        answer = await http.get("/readyz")
        assert time.monotonic() - started < 20, "each check is bounded at two seconds"
        assert answer.status_code == 503
        assert {name: check["ok"] for name, check in answer.json()["checks"].items()} == {
            "database": False, "redis": False, "migrations": False, "documents": False,
        }  # fmt: skip
        assert "internal" not in answer.text
        assert (await http.get("/healthz")).json() == {"ok": True}
        assert (await http.get("/api/games")).status_code == 503
    await web.stop()


@pytest.fixture
def ops_settings(settings_env: Any) -> Settings:
    return read_settings(settings_env(OPS_DEBUG_ENABLED="true", OPS_DEBUG_TOKEN="right-token-1234"))


async def test_ops_wants_its_token_and_is_never_cached(ops_settings: Settings, database: Any) -> None:
    web = create_web(ops_settings)
    web.start()
    await eventually(lambda: web.stores.database.is_connected)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=web.asgi), base_url="http://test") as http:
        for headers in (
            {},
            {"X-Ops-Token": "wrong"},
            {"X-Ops-Token": ""},
            {"Authorization": "Basic right-token-1234"},
        ):
            answer = await http.get("/ops/jobs", headers=headers)
            assert (answer.status_code, answer.headers["Cache-Control"]) == (401, "no-store")
        strange = await http.get("/ops/jobs", headers={b"X-Ops-Token": "rïght-tökén".encode()})
        assert strange.status_code == 401
        for headers in ({"X-Ops-Token": "right-token-1234"}, {"Authorization": "Bearer right-token-1234"}):
            answer = await http.get("/ops/jobs", headers=headers)
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.json() == {"jobs": [], "request_id": answer.headers["X-Request-ID"]}
        metrics = await http.get("/ops/metrics", headers={"X-Ops-Token": "right-token-1234"})
        assert 'http_request_seconds_count{method="GET",route="/ops/jobs",status="401"}' in metrics.text
    await web.stop()


async def test_without_a_configured_token_nothing_can_be_changed(settings_env: Any, database: Any) -> None:
    web = create_web(read_settings(settings_env(OPS_DEBUG_ENABLED="true")))
    web.start()
    await eventually(lambda: web.stores.database.is_connected)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=web.asgi), base_url="http://test") as http:
        assert (await http.get("/ops/jobs")).status_code == 200
        assert (await http.post("/ops/jobs/results/pause")).status_code == 401
        assert (await http.post("/ops/jobs/results/pause", headers={"X-Ops-Token": ""})).status_code == 401
    await web.stop()


async def test_reads_go_on_without_postgresql_and_are_fresh_within_6_s_of_its_return(
    settings: Settings, tmp_path: Path
) -> None:
    port = free_port()
    key = "/api/games?sport=nfl"
    with postgres_server(tmp_path, port=port) as (_, url):
        await migrate(url)
        database = open_database(url)
        await database.connect()
        await put(database, Document(key, GAMES))
        web = create_web(settings.model_copy(update={"database_url": type(settings.database_url)(url)}))
        web.start()
        await eventually(lambda: web.documents.get(key))
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app=web.asgi), base_url="http://test")
        before = await http.get(key)
        await database.disconnect()
    await eventually(lambda: web.documents.stale)
    for path in (key, "/api/games", "/api/games?sport=nfl&limit=5"):
        answer = await http.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["X-Stale"] == "true"
    during = await http.get(key)
    assert (during.content, during.headers["ETag"]) == (before.content, before.headers["ETag"])
    with postgres_server(tmp_path, port=port) as (_, url):
        database = open_database(url)
        await database.connect()
        await put(database, Document(key, {**GAMES, "games": []}))
        await eventually(lambda: b'"games":[]' in web.documents.get(key).body, timeout=6)  # type: ignore[union-attr]
        await eventually(lambda: not web.documents.stale, timeout=1)
        assert "X-Stale" not in (await http.get(key)).headers
        await database.disconnect()
        await web.stop()
    await http.aclose()


async def test_a_process_that_starts_without_postgresql_recovers_by_itself(
    settings: Settings, tmp_path: Path
) -> None:
    port = free_port()
    with postgres_server(tmp_path, port=port) as (_, url):
        await migrate(url)
    web = create_web(settings.model_copy(update={"database_url": type(settings.database_url)(url)}))
    web.start()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=web.asgi), base_url="http://test") as http:
        assert (await http.get("/readyz")).status_code == 503
        with postgres_server(tmp_path, port=port):
            await eventually(lambda: _ready(http), timeout=10)
            await web.stop()


async def _ready(http: httpx.AsyncClient) -> bool:
    return (await http.get("/readyz")).status_code == 200


@pytest.mark.parametrize("target", ["//api/games", "///api/games", "http://other.example/api/games"])
async def test_a_doubled_slash_and_an_absolute_target_are_the_same_resource(web: Web, target: str) -> None:
    plain = await ask(web, "/api/games", b"sport=nfl")
    assert plain.status == 200
    other = await ask(web, target, b"sport=nfl")
    assert (other.status, other.headers[b"etag"], other.body) == (200, plain.headers[b"etag"], plain.body)
    computed = await ask(web, target, b"sport=nfl&limit=3")
    assert (computed.status, len(json.loads(computed.body)["games"])) == (200, 3)


@pytest.mark.parametrize("target", ["", "*", "x://[", "[", "api/sports", "http:"])
async def test_a_target_that_is_no_path_is_the_clients_fault(web: Web, target: str) -> None:
    """A 500 would count towards the alert about server errors, which no visitor may raise."""
    refused = await ask(web, target, "x=1")
    assert refused.status == 400
    assert refused.headers[b"content-type"] == b"application/problem+json"


async def test_the_access_line_says_how_many_bytes_of_body_were_sent(
    web: Web, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[tuple[Any, ...]] = []
    monkeypatch.setattr(web.access, "record", lambda *line: lines.append(line))
    for method in ("GET", "HEAD"):
        for path in (
            "/api/sports",
            "/nowhere",
            "/api/games?sport=nfl&limit=2",
            "/api/games?limit=0",
            "/healthz",
        ):
            for headers in ({}, {"If-Match": '"another"'}, {"Accept-Encoding": "br"}):
                answer = await client.request(
                    method, path, headers={"accept-encoding": "identity", **headers}
                )
                size = 0 if method == "HEAD" else int(answer.headers["content-length"])
                assert (lines[-1][3], lines[-1][4]) == (answer.status_code, size), (method, path, headers)


async def test_every_answer_closes_its_connection_while_the_process_leaves(web: Web) -> None:
    web.asgi.closing = True
    for path, more in (
        ("/api/sports", []), ("/api/sports", [(b"if-match", b'"another"')]), ("/healthz", []), ("/nowhere", []),
        ("*", []), ("/api/games", [(b"if-match", b'"another"')]),
    ):  # fmt: skip
        answer = await ask(web, path, headers=more)
        assert answer.headers.get(b"connection") == b"close", (path, more, answer.status)


async def test_repeated_header_lines_mean_one_list(web: Web) -> None:
    etag = (await ask(web, "/api/sports")).headers[b"etag"]
    known = await ask(web, "/api/sports", headers=[(b"if-none-match", b'"other"'), (b"if-none-match", etag)])
    assert known.status == 304
    assert (await ask(web, "/api/sports", headers=[(b"x-request-id", b"one-id-12345")] * 2)).headers[
        b"x-request-id"
    ] != b"one-id-12345, one-id-12345"


async def test_the_methods_of_a_route_are_named_in_one_order_by_every_process(
    client: httpx.AsyncClient,
) -> None:
    for path in ("/api/sports", "/healthz", "/api/parlays/suggest", "/api/game/g01"):
        for method in ("OPTIONS", "POST", "DELETE"):
            assert (await client.request(method, path)).headers["allow"] == "GET, HEAD, OPTIONS"
    preflight = await client.options("/api/sports")
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"


async def test_a_failed_condition_is_a_problem_whoever_answers(client: httpx.AsyncClient) -> None:
    for path in ("/api/games?sport=nfl", "/api/games?sport=nfl&limit=4", "/api/games?sport=nfl&limit=4"):
        answer = await client.get(path, headers={"If-Match": '"other"'})
        assert answer.status_code == 412
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


async def test_a_computed_answer_is_the_same_the_first_time_and_after(client: httpx.AsyncClient) -> None:
    """Quart gives it first, the front from then on."""
    for encoding in ("identity", "br", "gzip"):
        path = f"/api/games?sport=nfl&limit=19&from=2027-01-01T00:00:0{len(encoding) % 10}Z"
        first, second = [await client.get(path, headers={"Accept-Encoding": encoding}) for _ in range(2)]
        assert first.headers.get("Content-Encoding", "identity") == encoding
        headers = [
            {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "date")}
            for answer in (first, second)
        ]
        assert headers[0] == headers[1]
        assert first.content == second.content


@pytest.mark.parametrize(
    "path",
    ["/api/sports", "/api/games", "/api/games?sport=nfl", "/api/game/g1", "/api/analysis?sport=nfl",
     "/api/analysis/g1", "/api/parlays/suggest", "/api/parlays/suggest?sport=nfl"],
)  # fmt: skip
async def test_before_the_first_publication_a_read_is_503_and_says_when_to_come_again(
    settings: Settings, path: str
) -> None:
    web = create_web(settings)
    web.start()
    await eventually(lambda: web.documents.warm)
    answer = await ask(web, *path.partition("?")[::2])
    assert answer.status == 503
    assert int(answer.headers[b"retry-after"]) > 0
    await web.stop()


async def test_methods_that_nobody_knows_are_one_label(web: Web, client: httpx.AsyncClient) -> None:
    for number in range(5):
        assert (await client.request(f"X{number}", "/nope")).status_code in (404, 405)
    methods = {method for method, _, _ in web.access._requests.counts}
    assert "other" in methods
    assert not any(method.startswith("X") for method in methods)
