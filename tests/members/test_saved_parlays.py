"""Saved parlays: once whatever is repeated, at the price that is published, within limits, and nobody else's."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from ops.database import raw, session
from quartapp.app import Web
from tests.support.members import Person, browser, register
from tests.support.slips import slip


def keyed(person: Person, key: str | None = None) -> dict[str, str]:
    return {**person.bearer, "Idempotency-Key": key or str(uuid.uuid4())}


async def save(
    client: httpx.AsyncClient, person: Person, body: dict[str, Any], key: str | None = None
) -> httpx.Response:
    return await client.post("/api/me/parlays", json=body, headers=keyed(person, key))


async def test_a_parlay_is_saved_read_listed_and_deleted(client: httpx.AsyncClient) -> None:
    person = await register(client)
    wanted = await slip(client, legs=3)
    answer = await save(client, person, wanted)
    assert answer.status_code == 201, answer.text
    saved = answer.json()
    assert (saved["status"], saved["payout_cents"], saved["bookmaker"]) == ("open", None, wanted["bookmaker"])
    assert saved["price_decimal"] == pytest.approx(wanted["price_decimal"], abs=1e-4)
    assert saved["history"] == [{"at": saved["created_at"], "status": "open", "reason": "saved"}]
    whole = 1.0
    for leg, asked in zip(saved["legs"], wanted["legs"], strict=True):
        assert (leg["game_id"], leg["market"], leg["outcome"], leg["point"]) == tuple(asked.values())
        assert (leg["status"], leg["graded_from"]) == ("open", None)
        game = (await client.get(f"/api/game/{leg['game_id']}")).json()["game"]
        (quoted,) = [
            outcome
            for book in game["bookmakers"] if book["key"] == wanted["bookmaker"]
            for market in book["markets"] if market["key"] == leg["market"]
            for outcome in market["outcomes"] if (outcome["name"], outcome["point"]) == (leg["outcome"], leg["point"])
        ]  # fmt: skip
        assert (leg["price"], leg["price_format"]) == (quoted["price"], quoted["price_format"])
        whole *= quoted["price_decimal"]
    assert saved["price_decimal"] == pytest.approx(whole, rel=1e-3)

    one = await client.get(f"/api/me/parlays/{saved['id']}", headers=person.bearer)
    assert one.json() == saved
    listed = (await client.get("/api/me/parlays?status=open", headers=person.bearer)).json()
    assert listed == {"parlays": [saved], "next": None}
    assert (await client.get("/api/me/parlays?status=won", headers=person.bearer)).json()["parlays"] == []
    assert (await client.delete(f"/api/me/parlays/{saved['id']}", headers=person.bearer)).status_code == 204
    assert (await client.get(f"/api/me/parlays/{saved['id']}", headers=person.bearer)).status_code == 404
    for answer in (one, await client.get("/api/me/record", headers=person.bearer)):
        assert answer.headers["cache-control"] == "private, no-store"


async def test_what_was_known_is_kept_with_a_parlay(web: Web, client: httpx.AsyncClient) -> None:
    person = await register(client)
    saved = (await save(client, person, await slip(client))).json()
    async with session(web.stores.database) as connection:
        known = await raw(connection).fetchval(
            "SELECT known FROM saved_parlays WHERE id = $1", uuid.UUID(saved["id"])
        )
    for version in known["documents"]:
        answer = await client.get(version["document"], headers={"accept-encoding": "identity"})
        assert answer.headers["etag"] == version["etag"], "the very version that the price was read in"
    assert {version["document"] for version in known["documents"]} == {
        f"/api/{kind}/{leg['game_id']}" for leg in saved["legs"] for kind in ("game", "analysis")
    }


async def test_a_repeated_request_saves_once(web: Web, client: httpx.AsyncClient) -> None:
    person = await register(client)
    wanted, key = await slip(client), "one-key"
    answers = await asyncio.gather(*(save(client, person, wanted, key) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer.headers.get("idempotency-replayed") for answer in answers]
    assert (replayed.count("true"), replayed.count(None)) == (11, 1)
    listed = (await client.get("/api/me/parlays", headers=person.bearer)).json()["parlays"]
    assert [one["id"] for one in listed] == [answers[0].json()["id"]]
    other = await save(client, person, {**wanted, "stake_cents": 2_000}, key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    someone = await register(client)
    assert (await save(client, someone, wanted, key)).headers.get("idempotency-replayed") is None, (
        "a key is a member's own"
    )
    async with session(web.stores.database) as connection:
        await raw(connection).execute(
            "UPDATE idempotency_keys SET created_at = created_at - interval '25 hours'"
        )
    assert (await save(client, person, {**wanted, "stake_cents": 2_000}, key)).status_code == 201, (
        "a day later it is new"
    )


async def test_a_save_without_a_usable_key_is_refused(client: httpx.AsyncClient) -> None:
    person, wanted = await register(client), await slip(client)
    for key in (None, b"", b" ", b"a b", b"x" * 201, "ключ".encode()):
        headers = httpx.Headers(person.bearer)
        if key is not None:
            headers = httpx.Headers([*headers.raw, (b"idempotency-key", key)])
        answer = await client.post("/api/me/parlays", json=wanted, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing"), key


async def test_a_price_that_changed_is_not_saved_unnoticed(client: httpx.AsyncClient) -> None:
    person = await register(client)
    wanted = await slip(client)
    seen = {**wanted, "price_decimal": wanted["price_decimal"] + 0.05}
    refused = await save(client, person, seen, "k")
    assert (refused.status_code, refused.json()["code"]) == (409, "price_changed")
    assert refused.json()["price_decimal"] == pytest.approx(wanted["price_decimal"], abs=1e-4)
    by_leg = {
        **wanted,
        "price_decimal": None,
        "legs": [{**leg, "price_decimal": 1.01} for leg in wanted["legs"]],
    }
    assert (await save(client, person, by_leg)).json()["code"] == "price_changed"
    accepted = await save(client, person, {**seen, "accept_price_change": True}, "k2")
    assert accepted.status_code == 201
    assert accepted.json()["price_decimal"] == pytest.approx(wanted["price_decimal"], abs=1e-4)
    assert (await save(client, person, wanted, "k")).status_code == 201, (
        "a refused request has not used its key"
    )


CANNOT: tuple[tuple[dict[str, Any], str], ...] = (
    ({"stake_cents": 0}, "stake_cents"),
    ({"stake_cents": 10.5}, "stake_cents"),
    ({"stake_cents": "10"}, "stake_cents"),
    ({"stake_cents": True}, "stake_cents"),
    ({"stake_cents": 10**13}, "stake_cents"),
    ({"currency": "usd"}, "currency"),
    ({"currency": "USD\n"}, "currency"),
    ({"bookmaker": "nobody"}, "legs[0]"),
    ({"bookmaker": "betfair_ex_eu"}, "bookmaker"),
    ({"bookmaker": None}, "bookmaker"),
    ({"legs": []}, "legs"),
    ({"price_decimal": 1}, "price_decimal"),
    ({"accept_price_change": "yes"}, "accept_price_change"),
)


async def test_what_cannot_be_saved_is_named(client: httpx.AsyncClient) -> None:
    person, wanted = await register(client), await slip(client)
    for change, field in CANNOT:
        answer = await save(client, person, {**wanted, **change})
        assert answer.status_code == 422, answer.text
        assert [error["field"] for error in answer.json()["errors"]] == [field], change


async def test_legs_of_one_game_have_no_price_that_is_known(client: httpx.AsyncClient) -> None:
    person = await register(client)
    wanted = await slip(client)
    game = wanted["legs"][0]["game_id"]
    markets = (await client.get(f"/api/analysis/{game}")).json()["analysis"]["markets"]
    total = {"game_id": game, "market": "totals", "outcome": "Over", "point": markets["totals"]["point"]}
    h2h = {
        "game_id": game,
        "market": "h2h",
        "outcome": next(iter(markets["h2h"]["consensus"])),
        "point": None,
    }
    answer = await save(client, person, {**wanted, "legs": [h2h, total], "price_decimal": None})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("legs")


async def test_fields_that_only_the_server_writes_are_ignored(client: httpx.AsyncClient) -> None:
    person, other = await register(client), await register(client)
    wanted = await slip(client)
    body = {
        **wanted,
        "status": "won",
        "payout_cents": 10**9,
        "user_id": other.id,
        "id": str(uuid.uuid4()),
        "history": [],
    }
    saved = (await save(client, person, body)).json()
    assert (saved["status"], saved["payout_cents"]) == ("open", None)
    assert saved["id"] != body["id"]
    assert (await client.get("/api/me/parlays", headers=other.bearer)).json()["parlays"] == []


async def test_nobody_sees_or_deletes_anothers_parlay(client: httpx.AsyncClient) -> None:
    owner, other = await register(client), await register(client)
    saved = (await save(client, owner, await slip(client))).json()
    path = f"/api/me/parlays/{saved['id']}"
    for headers, status in ((other.bearer, 404), ({}, 401)):
        assert (await client.get(path, headers=headers)).status_code == status
        assert (await client.delete(path, headers=headers)).status_code == status
    assert (await client.get(path, headers=owner.bearer)).status_code == 200
    assert (await client.get("/api/me/parlays/not-an-id", headers=owner.bearer)).status_code == 404


async def test_a_begun_parlay_cannot_be_deleted_and_pages_follow_each_other(
    web: Web, client: httpx.AsyncClient
) -> None:
    person = await register(client)
    wanted = await slip(client)
    saved = [(await save(client, person, wanted)).json() for _ in range(3)]
    async with session(web.stores.database) as connection:
        await raw(connection).execute(
            "UPDATE saved_parlays SET first_start = $2 WHERE id = $1",
            uuid.UUID(saved[0]["id"]),
            datetime.now(UTC),
        )
        # 60 more, older ones, by the hand that the test has: a page has 50.
        await raw(connection).execute(
            """
            INSERT INTO saved_parlays (id, user_id, created_at, bookmaker_key, stake_cents, currency, price_decimal,
                                       first_start, known)
            SELECT gen_random_uuid(), user_id, created_at - interval '1 day', bookmaker_key, stake_cents, currency,
                   price_decimal, first_start, known
              FROM saved_parlays, generate_series(1, 60) WHERE id = $1
            """,
            uuid.UUID(saved[0]["id"]),
        )
    begun = await client.delete(f"/api/me/parlays/{saved[0]['id']}", headers=person.bearer)
    assert (begun.status_code, begun.json()["code"]) == (409, "parlay_begun")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"cursor": cursor} if cursor else {}
        page = (await client.get("/api/me/parlays", params=query, headers=person.bearer)).json()
        seen += [one["id"] for one in page["parlays"]]
        cursor = page["next"]
    assert (len(seen), len(set(seen))) == (63, 63)
    assert seen[:3] == [one["id"] for one in reversed(saved)]
    for wrong in ("x", "////", "2026-01-01", "MjAyNi0wMS0wMSB4"):
        answer = await client.get("/api/me/parlays", params={"cursor": wrong}, headers=person.bearer)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


async def test_limits_hold_for_saves_that_come_at_one_moment(client: httpx.AsyncClient) -> None:
    person = await register(client)
    put = await client.put(
        "/api/me/limits", json={"daily_stake_cents": 3_500, "parlays_per_day": 10}, headers=person.bearer
    )
    assert (put.json()["daily_stake_cents"], put.json()["pending"]) == (3_500, {})
    wanted = await slip(client)
    answers = await asyncio.gather(*(save(client, person, wanted) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [403] * 5
    refused = next(answer for answer in answers if answer.status_code == 403).json()
    assert (refused["code"], refused["limit"]) == ("limit_reached", "daily_stake_cents")
    saved = next(answer for answer in answers if answer.status_code == 201).json()
    await client.delete(f"/api/me/parlays/{saved['id']}", headers=person.bearer)
    assert (await save(client, person, wanted)).status_code == 403, "deleting does not give the stake back"
    looser = await client.put("/api/me/limits", json={"daily_stake_cents": None}, headers=person.bearer)
    assert looser.json()["daily_stake_cents"] == 3_500
    assert looser.json()["pending"]["daily_stake_cents"]["value"] is None
    assert (await save(client, person, wanted)).status_code == 403


async def test_a_session_limit_counts_from_log_in(web: Web, client: httpx.AsyncClient) -> None:
    person = await register(client)
    await client.put("/api/me/limits", json={"session_minutes": 60}, headers=person.bearer)
    wanted = await slip(client)
    assert (await save(client, person, wanted)).status_code == 201
    async with session(web.stores.database) as connection:
        await raw(connection).execute("UPDATE sessions SET created_at = created_at - interval '61 minutes'")
    assert (await save(client, person, wanted)).json()["limit"] == "session_minutes"


async def test_limits_that_are_none_are_refused(client: httpx.AsyncClient) -> None:
    person = await register(client)
    bodies: tuple[Any, ...] = (
        {},
        {"daily_stake_cents": -1},
        {"daily_stake_cents": 1.5},
        {"session_minutes": 0},
        [],
    )
    for body in bodies:
        assert (await client.put("/api/me/limits", json=body, headers=person.bearer)).status_code == 422, body


async def test_an_exclusion_holds_everywhere_and_cannot_be_undone(
    web: Web, settings: Any, client: httpx.AsyncClient
) -> None:
    person = await register(client, region="US-MA")
    wanted = await slip(client)
    assert (await save(client, person, wanted, "before")).status_code == 201
    begun = await client.post("/api/me/exclusion", json={"days": 30}, headers=person.bearer)
    assert begun.status_code == 201
    until = datetime.fromisoformat(begun.json()["exclusion"]["until"])
    assert timedelta(days=29, hours=23) < until - datetime.now(UTC) <= timedelta(days=30)
    assert begun.json()["helplines"][0]["name"] == "Massachusetts Problem Gambling Helpline"

    refused = await save(client, person, wanted)
    assert (refused.status_code, refused.json()["code"]) == (403, "excluded")
    assert refused.json()["helplines"][0]["region"] == "US-MA"
    shorter = await client.post("/api/me/exclusion", json={"days": 1}, headers=person.bearer)
    assert datetime.fromisoformat(shorter.json()["exclusion"]["until"]) == until, "a shorter one ends nothing"
    forever = await client.post("/api/me/exclusion", json={"days": None}, headers=person.bearer)
    assert forever.json()["exclusion"]["until"] is None
    for days in (0, 2, -1, "30", 1.0, True):
        assert (
            await client.post("/api/me/exclusion", json={"days": days}, headers=person.bearer)
        ).status_code == 422
    assert (await client.post("/api/me/exclusion", json={}, headers=person.bearer)).status_code == 422
    async with session(web.stores.database) as connection:
        for statement in ("DELETE FROM exclusions", "UPDATE exclusions SET until = now()"):
            with pytest.raises(Exception, match="cannot be undone"):
                await raw(connection).execute(statement)


async def test_personal_suggestions_are_refused_to_an_excluded_account(client: httpx.AsyncClient) -> None:
    person = await register(client)
    query = "/api/parlays/suggest?legs=2"
    own = await client.get(query, headers=person.bearer)
    assert (own.status_code, own.headers["cache-control"]) == (200, "private, no-store")
    await client.post("/api/me/exclusion", json={"days": 7}, headers=person.bearer)
    refused = await client.get(query, headers=person.bearer)
    assert (refused.status_code, refused.json()["code"]) == (403, "excluded"), refused.text
    assert (await client.get(query)).status_code == 200, "a visitor is told what the site publishes"
    assert (await client.get(query, headers={"Authorization": "Bearer none"})).status_code == 401


async def test_an_excluded_account_is_refused_by_every_process(
    web: Web, settings: Any, client: httpx.AsyncClient
) -> None:
    from tests.support.members import running

    person = await register(client)
    wanted = await slip(client)
    async with running(settings) as other, browser(other) as elsewhere:
        from tests.support.waiting import eventually

        await eventually(lambda: other.documents.warm)
        assert (await save(elsewhere, person, wanted)).status_code == 201
        await client.post("/api/me/exclusion", json={"days": 1}, headers=person.bearer)
        assert (await save(elsewhere, person, wanted)).status_code == 403, "at once: the database is asked"
