"""Parlays over HTTP: priced from what is held, refused by naming the leg, suggested the same way twice."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from math import prod
from typing import Any

import httpx
import orjson
import pytest

from quartapp.api.parlays.candidates import prepare
from quartapp.app import create_web
from quartapp.odds.exchanges import is_exchange
from quartapp.publish import parlay_shapes
from quartapp.settings import Settings
from tests.jobs.test_failures import open_bench
from tests.support.waiting import eventually


@pytest.fixture
async def client(settings: Settings, database: Any, redis: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with open_bench(database, redis, settings) as bench:
        assert (await bench.run("daily_pass")).status == "success"
    web = create_web(settings)
    web.start()
    await eventually(lambda: web.documents.warm)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=web.asgi), base_url="http://test") as http:
        yield http
    await web.stop()


async def legs_of(client: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    listed = (await client.get("/api/analysis?sport=basketball_nba")).json()["analyses"]
    upcoming = [one for one in listed if "h2h" in one["markets"]][-count:]
    return [{"game_id": one["game_id"], "market": "h2h", "outcome": one["home_team"]} for one in upcoming]


@pytest.mark.parametrize("count", [2, 20])
async def test_a_parlay_is_the_product_of_its_legs(client: httpx.AsyncClient, count: int) -> None:
    answer = await client.post("/api/parlays/price", json={"legs": await legs_of(client, count)})
    assert answer.status_code == 200, answer.text
    priced = answer.json()
    assert priced["bookmakers"], "or this shows nothing"
    for at in priced["bookmakers"]:
        assert at["price_decimal"] == pytest.approx(
            prod(leg["price_decimal"] for leg in at["legs"]), rel=1e-3
        )
        assert 0 <= at["kelly_fraction"] <= 1
        assert 0 <= at["hold"] < 1
    assert priced["fair"]["probability"] == pytest.approx(
        prod(leg["win"] for leg in priced["legs"]), abs=1e-6, rel=1e-5
    )
    assert {one["code"] for one in priced["warnings"]} <= {"exchange"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["RateLimit-Limit"] == "120"


async def test_legs_of_one_game_are_priced_together_and_no_book_s_product_is_offered(
    client: httpx.AsyncClient,
) -> None:
    (leg, _) = await legs_of(client, 2)
    answer = await client.post(
        "/api/parlays/price", json={"legs": [leg, leg | {"market": "totals", "outcome": "Over"}]}
    )
    assert answer.json()["warnings"][0]["code"] == "book_prices_same_game"
    assert answer.json()["bookmakers"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"game_id": "none"}, "legs[1].game_id"),
        ({"game_id": 7}, "legs[1].game_id"),
        ({"market": "props"}, "legs[1].market"),
        ({"outcome": "Nobody"}, "legs[1].outcome"),
        ({"bookmaker": "nobook"}, "legs[1].bookmaker"),
        ({"point": "high"}, "legs[1].point"),
        ({"market": "totals", "outcome": "Over", "point": 1.6}, "legs[1].point"),
    ],
)
async def test_a_bad_leg_is_named(client: httpx.AsyncClient, change: dict[str, Any], field: str) -> None:
    legs = await legs_of(client, 2)
    answer = await client.post("/api/parlays/price", json={"legs": [legs[0], legs[1] | change]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "body", [{}, {"legs": []}, {"legs": [{}]}, {"legs": [1, 2]}, [], {"legs": [{}] * 21}]
)
async def test_a_body_that_is_no_parlay_is_422(client: httpx.AsyncClient, body: Any) -> None:
    assert (await client.post("/api/parlays/price", json=body)).status_code == 422
    assert (
        await client.post("/api/parlays/price", content=b"{", headers={"Content-Type": "application/json"})
    ).status_code == 400
    assert (await client.post("/api/parlays/price", content=b"{}")).status_code == 415
    compressed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await client.post("/api/parlays/price", content=b"{}", headers=compressed)).status_code == 415


@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP", "identity, gzip"])
async def test_a_compressed_body_is_415(client: httpx.AsyncClient, coding: str) -> None:
    answer = await client.post(
        "/api/parlays/price",
        content=gzip.compress(b'{"legs": []}'),
        headers={"Content-Type": "application/json", "Content-Encoding": coding},
    )
    assert answer.status_code == 415
    assert "Content-Encoding" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [b'{"legs": [], "legs": []}', b'{"legs": [{"game_id": "a", "market": "h2h", "game_id": "b"}]}',
     b'{"a": {"\\u0062": 1, "b": 2}}', b"[" * 5000, b'{"legs": NaN}', b"", b'{"legs": "\xff"}'],
)  # fmt: skip
async def test_a_body_that_parsers_would_read_differently_is_400(
    client: httpx.AsyncClient, body: bytes
) -> None:
    answer = await client.post(
        "/api/parlays/price", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("risk", ["conservative", "balanced", "degen"])
async def test_a_suggestion_is_the_same_for_the_same_documents(client: httpx.AsyncClient, risk: str) -> None:
    path = f"/api/parlays/suggest?sport=basketball_nba&legs=3&risk={risk}"
    first, second = await client.get(path), await client.get(path)
    assert first.status_code == 200, first.text
    assert first.content == second.content
    assert len({leg["game_id"] for leg in first.json()["legs"]}) == 3
    assert all(leg["reason"] for leg in first.json()["legs"])
    again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    # What is suggested can be priced, and every figure is the same there.
    suggested = first.json()
    assert [one["key"] for one in suggested["bookmakers"]] == [suggested["bookmaker"]]
    legs = [
        {name: leg[name] for name in ("game_id", "market", "outcome", "point")} for leg in suggested["legs"]
    ]
    answer = await client.post("/api/parlays/price", json={"legs": legs, "bookmaker": suggested["bookmaker"]})
    assert answer.status_code == 200, answer.text
    priced = answer.json()
    figures = parlay_shapes.ParlayFigures.__annotations__
    for name in (*figures, "fair", "same_game"):
        assert priced[name] == suggested[name], name
    ages = "odds_age_seconds"
    for one, other in zip(priced["legs"], suggested["legs"], strict=True):
        assert {**one, ages: 0}.items() <= {**other, ages: 0}.items()
    assert priced["bookmakers"][0]["hold"] == suggested["bookmakers"][0]["hold"]


@pytest.mark.parametrize(
    "query", ["risk=conservative", "risk=degen&legs=2", "same_game=true&legs=4", "bookmaker=fanduel"]
)
async def test_a_suggestion_can_be_placed_at_one_book_as_published(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get(f"/api/parlays/suggest?{query}")
    assert answer.status_code == 200, answer.text
    suggested = answer.json()
    assert not is_exchange(suggested["bookmaker"])
    for leg in suggested["legs"]:
        game = (await client.get(f"/api/game/{leg['game_id']}")).json()["game"]
        quoted = [
            outcome
            for book in game["bookmakers"] if book["key"] == suggested["bookmaker"]
            for market in book["markets"] if market["key"] == leg["market"]
            for outcome in market["outcomes"]
        ]  # fmt: skip
        (selection,) = [o for o in quoted if (o["name"], o["point"]) == (leg["outcome"], leg["point"])]
        assert (selection["price"], selection["price_format"]) == (leg["price"], leg["price_format"])
        assert datetime.fromisoformat(leg["commence_time"]) > datetime.now(UTC)
        assert (leg["bookmaker"], leg["status"], leg["started"]) == (
            suggested["bookmaker"],
            "scheduled",
            False,
        )
        assert sum(leg[name] for name in ("win", "push", "half_win", "half_loss", "loss")) == pytest.approx(
            1, abs=1e-9
        )
        market = (await client.get(f"/api/analysis/{leg['game_id']}")).json()["analysis"]["markets"][
            leg["market"]
        ]
        assert {name: leg[name] for name in market["fair"][leg["outcome"]]} == market["fair"][leg["outcome"]]
        assert leg["edge"] == market["offers"][suggested["bookmaker"]]["edges"][leg["outcome"]]
    assert len(suggested["reasons"]) == len(suggested["legs"])


async def test_the_name_that_earlier_versions_know_is_conservative(client: httpx.AsyncClient) -> None:
    old, new = [
        (await client.get(f"/api/parlays/suggest?risk={risk}")).json() for risk in ("safe", "conservative")
    ]
    assert old == new


async def test_no_parlay_is_suggested_at_an_exchange(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/parlays/suggest?bookmaker=betfair_ex_eu")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "bookmaker"


@pytest.mark.parametrize(
    "query", ["legs=1", "legs=11", "legs=x", "risk=mad", "same_game=maybe", "colour=red"]
)
async def test_a_malformed_suggestion_is_422_naming_the_parameter(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get(f"/api/parlays/suggest?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


async def test_games_page_through_a_whole_sport_with_link_and_cursor(client: httpx.AsyncClient) -> None:
    whole = (await client.get("/api/games?sport=basketball_nba")).json()["games"]
    seen: list[str] = []
    target = "/api/games?sport=basketball_nba&limit=7"
    while target:
        answer = await client.get(target)
        seen += [game["id"] for game in answer.json()["games"]]
        link = answer.headers.get("Link")
        assert (link is None) == (answer.json()["next"] is None)
        target = link.split(">")[0].lstrip("<") if link else ""
    assert seen == [game["id"] for game in whole]


async def test_games_are_narrowed_by_market_book_status_and_date(client: httpx.AsyncClient) -> None:
    whole = (await client.get("/api/games?sport=basketball_nba")).json()["games"]
    narrowed = (await client.get("/api/games?sport=basketball_nba&market=totals&bookmaker=pinnacle")).json()[
        "games"
    ]
    assert {game["id"] for game in narrowed} == {game["id"] for game in whole}
    for game in narrowed:
        assert {book["key"] for book in game["bookmakers"]} <= {"pinnacle"}
        assert {market["key"] for book in game["bookmakers"] for market in book["markets"]} <= {"totals"}
    middle = whole[len(whole) // 2]["commence_time"]
    later = (await client.get("/api/games", params={"sport": "basketball_nba", "from": middle})).json()[
        "games"
    ]
    assert [game["id"] for game in later] == [game["id"] for game in whole if game["commence_time"] >= middle]
    live = (await client.get("/api/games?status=live")).json()["games"]
    assert all(game["status"] == "live" for game in live)


async def test_two_legs_on_one_market_are_refused_naming_the_second(client: httpx.AsyncClient) -> None:
    (leg, other) = await legs_of(client, 2)
    answer = await client.post("/api/parlays/price", json={"legs": [leg, other, leg]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "legs[2].market"


@pytest.mark.parametrize("bookmaker", [[], 0, False, "", 5])
async def test_a_bookmaker_that_is_no_text_is_named(client: httpx.AsyncClient, bookmaker: Any) -> None:
    legs = await legs_of(client, 2)
    legs[1]["bookmaker"] = bookmaker
    answer = await client.post("/api/parlays/price", json={"legs": legs})
    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {"field": "legs[1].bookmaker", "reason": "must be text"}


@pytest.mark.parametrize(
    "query",
    [
        f"/api/games?limit={'9' * 5000}",
        "/api/games?limit=1&limit=50",
        "/api/games?sport=a&sport=b",
        "/api/parlays/suggest?legs=2&legs=3",
    ],
)
async def test_a_parameter_that_asks_twice_or_far_too_much_is_422(
    client: httpx.AsyncClient, query: str
) -> None:
    assert (await client.get(query)).status_code == 422


async def test_odd_paths_are_problems_and_redirect_nowhere(client: httpx.AsyncClient) -> None:
    for path in ("/api//games", "/api/games%3Flimit=1"):
        answer = await client.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("status", "kept"), [({}, 2), ({"status": "scheduled"}, 2), ({"status": "postponed"}, 0)]
)
def test_only_scheduled_games_are_suggested(status: dict[str, str], kept: int) -> None:
    chances = {"win": 0.5, "push": 0.0, "half_win": 0.0, "half_loss": 0.0, "loss": 0.5}
    offer = {
        "updated_at": "2026-12-01T00:00:00Z",
        "price_format": "american",
        "prices": {"Home": "-105", "Away": "-115"},
        "edges": {"Home": -0.02, "Away": -0.06},
    }
    market = {
        "point": None, "kind": "two_way", "books": 4, "fair": {"Home": chances, "Away": chances},
        "offers": {"draftkings": offer},
    }  # fmt: skip
    analysis = {
        "game_id": "g1", "sport_key": "basketball_nba", "home_team": "Home", "away_team": "Away",
        "commence_time": "2026-12-02T00:00:00Z", "markets": {"h2h": market}, "model": None, **status,
    }  # fmt: skip
    page = {"generated_at": "2026-12-01T00:00:00Z", "source": "sandbox", "analyses": [analysis]}
    assert len(prepare(orjson.dumps(page)).ranked("balanced").get("draftkings", [])) == kept
