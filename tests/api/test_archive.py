"""Games that are over, for good: their pages with the closing line, and their lists, long after no document has them."""

from __future__ import annotations

import asyncio
import base64
import sys
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib.abc import MetaPathFinder
from typing import Any

import httpx
import orjson
import pytest

from ops.database import connect, raw
from quartapp.app import Web, create_web
from quartapp.documents.derived import BusyError
from quartapp.documents.held import HeldDocuments
from quartapp.documents.recalled import Found, Recall
from quartapp.documents.table import load_all
from quartapp.jobs.closing import capture_closing_lines
from quartapp.jobs.housekeeping import housekeeping
from quartapp.settings import Settings
from quartapp.store import archive, games, sports
from tests.support.examples import AWAY, HOME, book, event, h2h, score, sport, spreads
from tests.support.leader import Leader, open_leader

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@pytest.fixture
async def leader(database: Any, redis: Any, settings: Settings) -> AsyncIterator[Leader]:
    async with open_leader(database, redis, settings) as one:
        yield one


@pytest.fixture
async def web(settings: Settings) -> AsyncIterator[Web]:
    """A web process that reads documents when `follow` says so, and not by itself."""
    process = create_web(settings)
    await process.stores.connect()
    yield process
    await process.stop()


async def follow(web: Web) -> None:
    connection = await connect(web.settings.database_url.get_secret_value())
    documents = await load_all(connection)
    await connection.close()
    web.documents.replace(documents, max(document.version for document in documents))
    web.documents.in_step()


def client(web: Web) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=web.asgi), base_url="http://test")


async def play(leader: Leader, *ids: str) -> None:
    """Have games of now played to their end, with closing lines."""
    books = [book(f"book{n}", h2h("-150", "130"), spreads("-3.5")) for n in range(3)]
    starts = NOW + timedelta(hours=1)
    await leader.store(*(event(one, *books, starts=starts) for one in ids))
    began = NOW - timedelta(minutes=5)
    async with leader.transaction() as connection:
        await raw(connection).execute("UPDATE games SET commence_time = $1 WHERE status <> 'final'", began)
        await raw(connection).execute("UPDATE odds_history SET recorded_at = $1", began - timedelta(hours=1))
        await games.start_due(connection, NOW)
        await capture_closing_lines(connection, NOW)
        await games.write_scores(connection, [score(one, (101, 99), completed=True) for one in ids], NOW)
    await leader.republish("basketball_nba")


async def age(leader: Leader, days: int) -> None:
    """Let everything that is stored be older, and clean up."""
    async with leader.transaction() as connection:
        for change in (
            "games SET commence_time = commence_time - $1::interval, final_at = final_at - $1::interval,"
            " closing_for = closing_for - $1::interval",
            "closings SET commence_time = commence_time - $1::interval",
            "odds_history SET recorded_at = recorded_at - $1::interval",
        ):
            await raw(connection).execute(f"UPDATE {change}", days * DAY)
    await housekeeping(leader.context("housekeeping"))
    await leader.republish("basketball_nba")


async def test_a_games_page_and_its_closing_line_are_there_after_a_year(
    leader: Leader, web: Web, settings: Settings
) -> None:
    await play(leader, "g1")
    fresh = (await leader.read("/api/game/g1"))["game"]
    assert fresh["closing"]["markets"]["h2h"]["books"] == 3
    await age(leader, 400)
    assert "/api/game/g1" not in await leader.published()
    assert not await leader.rows("SELECT 1 FROM odds")
    await follow(web)
    async with client(web) as http:
        page = await http.get("/api/game/g1", headers={"accept-encoding": "br"})
        known = await http.get(
            "/api/game/g1", headers={"if-none-match": page.headers["etag"], "accept-encoding": "br"}
        )
        head = await http.head("/api/game/g1")
        asked_oddly = await http.get("/api/game/g1?x=1")
    assert (page.status_code, known.status_code, head.status_code, asked_oddly.status_code) == (
        200,
        304,
        200,
        422,
    )
    assert page.headers["cache-control"] == "max-age=60, must-revalidate"
    assert page.headers["content-encoding"] == "br"
    assert "x-stale" not in page.headers
    shown = page.json()
    game = shown["game"]
    assert game.keys() == fresh.keys()
    assert (game["closing"], game["line_movement"]) == (fresh["closing"], fresh["line_movement"])
    assert (game["status"], game["scores"]) == ("final", {"home": 101, "away": 99})
    prices = {
        (one["key"], market["key"]): [(o["name"], o["price"], o["point"]) for o in market["outcomes"]]
        for one in game["bookmakers"]
        for market in one["markets"]
    }
    assert len(prices) == 6
    assert prices["book0", "h2h"] == [(HOME, "-150", None), (AWAY, "130", None)]
    assert prices["book2", "spreads"] == [(HOME, "-110", -3.5), (AWAY, "-110", 3.5)]
    other = create_web(settings)  # any process gives the same bytes
    await other.stores.connect()
    await follow(other)
    async with client(other) as http:
        again = await http.get("/api/game/g1", headers={"accept-encoding": "br"})
    await other.stop()
    assert again.headers["etag"] == page.headers["etag"] == head.headers["etag"]
    assert again.json() == shown


async def test_finished_games_are_listed_however_long_ago_and_in_pages(leader: Leader, web: Web) -> None:
    await leader.store(event("ahead", starts=NOW + DAY))
    async with leader.transaction() as connection:
        await sports.upsert(connection, [sport(), sport("icehockey_nhl")], "sandbox", NOW)
        await raw(connection).execute(
            """
            INSERT INTO games (id, sport_key, home_team, away_team, commence_time, status, home_score, away_score,
                               final_at, source, first_seen_at, last_seen_at)
            SELECT 'old' || n, CASE n % 3 WHEN 0 THEN 'icehockey_nhl' ELSE 'basketball_nba' END, 'A', 'B',
                   $1::timestamptz - (n / 2) * interval '30 days', 'final', n, 1,
                   $1::timestamptz - (n / 2) * interval '30 days', 'live',
                   $1, $1
              FROM generate_series(0, 39) AS n
            """,
            NOW - 10 * DAY,
        )
    await leader.republish("basketball_nba", "icehockey_nhl")
    await follow(web)
    ended = {n: NOW - 10 * DAY - (n // 2) * 30 * DAY for n in range(40)}
    async with client(web) as http:

        async def pages(target: str) -> list[str]:
            found: list[str] = []
            while True:
                answer = await http.get(target)
                assert answer.status_code == 200
                body = answer.json()
                assert (body["source"], len(body["games"]) <= 7) == ("live", True)
                assert all(game["status"] == "final" and game["scores"] for game in body["games"])
                found += [game["id"] for game in body["games"]]
                if body["next"] is None:
                    return found
                target = answer.links["next"]["url"]

        def expected(*, sport_of: int | None = None, first: datetime, last: datetime) -> list[str]:
            ids = [n for n in range(40) if first <= ended[n] <= last and sport_of in (None, n % 3 == 0)]
            return [f"old{n}" for n in sorted(ids, key=lambda n: (ended[n], f"old{n}"))]

        ages_ago, today = NOW - 4000 * DAY, NOW
        assert await pages("/api/games?status=final&limit=7") == expected(first=ages_ago, last=today)
        assert await pages("/api/games?status=final&limit=7&sport=icehockey_nhl") == expected(
            sport_of=True, first=ages_ago, last=today
        )
        first, last = ended[30], ended[8]
        span = f"from={first:%Y-%m-%dT%H:%M:%SZ}&to={last:%Y-%m-%dT%H:%M:%SZ}"
        assert await pages(f"/api/games?status=final&limit=7&{span}") == expected(first=first, last=last)
        day = f"{ended[20]:%Y-%m-%d}"
        assert sorted(await pages(f"/api/games?status=final&limit=7&from={day}&to={day}")) == [
            "old20",
            "old21",
        ]
        assert await pages("/api/games?status=final&limit=7&from=2199-01-01") == []
        assert [game["id"] for game in (await http.get("/api/games")).json()["games"]] == ["ahead"]
        assert (await http.get("/api/games?status=final&sport=no_such")).status_code == 404
        forged = base64.urlsafe_b64encode(b"0:\x00").decode()
        assert (await http.get(f"/api/games?status=final&cursor={forged}")).status_code == 422
        for prices in ("market=h2h", "bookmaker=book0"):
            refused = await http.get(f"/api/games?status=final&{prices}")
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (
                422,
                prices.partition("=")[0],
            ), "a list without prices has none to choose from, and says so"
        # A game that ends is in the list as soon as its page says so, though the list was asked for before.
        async with leader.transaction() as connection:
            await raw(connection).execute("UPDATE games SET commence_time = $1 WHERE id = 'ahead'", NOW)
            await games.write_scores(connection, [score("ahead", (2, 1), completed=True)], NOW)
        await leader.republish("basketball_nba")
        await follow(web)
        assert (await pages("/api/games?status=final&limit=7"))[-1] == "ahead"


async def test_what_renders_finished_games_is_loaded_beside_the_event_loop(
    leader: Leader, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded_by: list[threading.Thread] = []

    class Watching(MetaPathFinder):
        def find_spec(self, name: str, path: Any, target: Any = None) -> None:
            if name == "quartapp.publish.archive":
                loaded_by.append(threading.current_thread())

    await play(leader, "g1")
    await follow(web)
    monkeypatch.delitem(sys.modules, "quartapp.publish.archive", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Watching(), *sys.meta_path])
    async with client(web) as http:
        assert (await http.get("/api/games?status=final")).status_code == 200
    assert len(loaded_by) == 1
    assert threading.main_thread() not in loaded_by


async def test_ids_of_no_game_are_asked_of_the_database_at_a_bounded_rate(
    leader: Leader, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await leader.republish("basketball_nba")
    await follow(web)
    looked: list[str] = []

    async def of_id(connection: Any, game_id: str) -> None:
        looked.append(game_id)

    monkeypatch.setattr(archive, "of_id", of_id)
    async with client(web) as http:
        same = [await http.get("/api/game/absent") for _ in range(20)]
        assert ({answer.status_code for answer in same}, looked) == ({404}, ["absent"])
        assert (await http.get(f"/api/game/{'x' * 300}")).status_code == 404
        statuses = [(await http.get(f"/api/game/absent{n}")).status_code for n in range(300)]
        refused = await http.get("/api/game/another")
    assert len(looked) < 300
    assert statuses.count(429) == 301 - len(looked)
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["content-type"] == "application/problem+json"


async def test_without_the_database_a_kept_page_is_marked_and_another_is_not_denied(
    leader: Leader, web: Web
) -> None:
    await play(leader, "g1", "g2")
    await age(leader, 30)
    await follow(web)
    async with client(web) as http:
        before = await http.get("/api/game/g1")
        assert (await http.get("/api/game/absent")).status_code == 404
        await web.stores.database.disconnect()
        web.documents.apply([], web.documents.version + 1)  # so that it is asked for anew
        unnoticed, unsure = await http.get("/api/game/g1"), await http.get("/api/game/absent")
        web.documents.out_of_step()
        kept, others = await http.get("/api/game/g1"), [
            await http.get(f"/api/game/{one}") for one in ("g2", "absent")
        ]  # fmt: skip
        listed = await http.get("/api/games?status=final")
    for answer in (unnoticed, kept):
        assert (answer.status_code, answer.headers["x-stale"], answer.content) == (
            200,
            "true",
            before.content,
        )
    for answer in (unsure, *others, listed):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.headers["cache-control"] == "no-store"


async def test_what_is_kept_has_a_bound_and_so_has_what_waits() -> None:
    documents = HeldDocuments(max_bytes=1_000)
    documents.in_step()
    recall = Recall(documents, max_bytes=100_000, max_waiting=3)

    async def found() -> Found:
        return Found(orjson.dumps("x" * 5_000), NOW, "/api/game/<game_id>")

    async def nothing() -> None:
        return None

    for n in range(2_000):
        await recall.fetch(f"/api/game/{n}", nothing if n % 2 else found)
        assert recall.bytes <= 100_000
    assert recall.kept("/api/game/1999") is not None
    assert recall.kept("/api/game/0") is None
    gate = asyncio.Event()
    fetched = 0

    async def slow() -> Found:
        nonlocal fetched
        fetched += 1
        await gate.wait()
        return await found()

    waiting = [asyncio.create_task(recall.fetch(f"slow{n % 3}", slow)) for n in range(9)]
    while len(recall._under_way) < 3:
        await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await recall.fetch("one more", slow)
    gate.set()
    answers = await asyncio.gather(*waiting)
    assert ({answer.copy is not None for answer in answers}, fetched) == ({True}, 3)
