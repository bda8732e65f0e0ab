"""An account from its first day to its last, over HTTP and with a real PostgreSQL and Redis."""

from __future__ import annotations

from typing import Any

import httpx

from ops.database import session
from quartapp.app import Web
from quartapp.settings import read_settings
from tests.support.members import PASSWORD, browser, register, registration, running

NEW_PASSWORD = "another Phrase of 5 words"


async def test_a_member_registers_and_reads_and_refreshes_and_leaves(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/auth/register", json=registration(" Ann@Example.com ", region="us-nj"))
    assert answer.status_code == 201
    body = answer.json()
    assert body["user"].keys() == {"id", "email", "region", "created_at"}
    assert (body["user"]["email"], body["user"]["region"]) == ("ann@example.com", "US-NJ")
    assert (body["expires_in"], len(set(body["recovery_codes"]))) == (900, 10)
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("refresh=")]
    assert {"Secure", "HttpOnly", "Path=/api/auth", "SameSite=Lax", "Max-Age=2592000"} <= set(
        cookie.split("; ")
    )

    bearer = {"Authorization": f"Bearer {body['access_token']}"}
    me = await client.get("/api/me", headers=bearer)
    assert (me.status_code, me.json() | body["user"]) == (200, me.json())
    refreshed = await client.post("/api/auth/refresh")
    assert refreshed.json().keys() == {"access_token", "expires_in"}
    bearer = {"Authorization": f"Bearer {refreshed.json()['access_token']}"}
    listed = await client.get("/api/me/sessions", headers=bearer)
    (only,) = listed.json()["sessions"]
    assert only["current"] is True

    assert (await client.post("/api/auth/logout")).status_code == 204
    for answer in (await client.get("/api/me", headers=bearer), await client.post("/api/auth/refresh")):
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    again = await client.post("/api/auth/login", json={"email": "ANN@example.com", "password": PASSWORD})
    assert (again.status_code, again.json()["user"]) == (200, body["user"])


async def test_every_answer_to_a_member_is_private(client: httpx.AsyncClient) -> None:
    person = await register(client)
    for answer in (
        await client.get("/api/me", headers=person.bearer),
        await client.get("/api/me"),
        await client.post("/api/auth/login", json=person.login),
        await client.post("/api/auth/login", json=person.login | {"password": "x"}),
        await client.get("/nowhere", headers=person.bearer),
        await client.post("/api/me/password", headers=person.bearer, content=b"x" * 70_000),
    ):
        assert answer.headers["Cache-Control"] == "private, no-store", answer.request.url


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("password", {"password": "too short"}),
    ("password", {"password": "x" * 201}),
    ("password", {"password": "Password123"}),
    ("password", {"password": "ann@example.com"}),
    ("email", {"email": "nobody"}),
    ("email", {"email": "a\r\nBcc: b@example.com"}),
    ("region", {"region": "Jersey"}),
    ("date_of_birth", {"date_of_birth": "2020-02-31"}),
    ("date_of_birth", {"date_of_birth": "2012-01-01"}),
    ("date_of_birth", {"date_of_birth": "1801-01-01"}),
    ("is_admin", {"is_admin": True}),
    ("id", {"id": "00000000-0000-0000-0000-000000000001"}),
]


async def test_what_is_wrong_with_a_registration_is_named(client: httpx.AsyncClient) -> None:
    for field, change in WRONG:
        answer = await client.post("/api/auth/register", json=registration("ann@example.com") | change)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), change
        assert all(str(value) not in answer.text for value in change.values() if len(str(value)) > 5)


async def test_an_address_has_one_account(client: httpx.AsyncClient) -> None:
    await register(client, email="ann@example.com")
    answer = await client.post("/api/auth/register", json=registration("Ann@example.com"))
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")


async def test_a_password_is_the_same_from_another_keyboard(client: httpx.AsyncClient) -> None:
    person = await register(client, password="scho\u0308ner Tag heute")
    answer = await client.post("/api/auth/login", json=person.login | {"password": "sch\u00f6ner Tag heute"})
    assert answer.status_code == 200


async def test_a_recovery_code_sets_a_password_once_and_ends_every_session(client: httpx.AsyncClient) -> None:
    person = await register(client)
    ask = {"email": person.email, "recovery_code": person.codes[3].lower(), "new_password": NEW_PASSWORD}
    wrong = await client.post("/api/auth/recover", json=ask | {"recovery_code": "AAAA-BBBB-CCCC-DDDD"})
    unknown = await client.post("/api/auth/recover", json=ask | {"email": "nobody@example.com"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}
    assert (await client.post("/api/auth/recover", json=ask)).status_code == 204
    assert (await client.get("/api/me", headers=person.bearer)).status_code == 401
    assert (await client.post("/api/auth/recover", json=ask)).status_code == 401
    assert (await client.post("/api/auth/login", json=person.login)).status_code == 401
    assert (
        await client.post("/api/auth/login", json=person.login | {"password": NEW_PASSWORD})
    ).status_code == 200


async def test_a_password_is_changed_with_the_old_one_and_other_sessions_end(
    web: Web, client: httpx.AsyncClient
) -> None:
    person = await register(client)
    async with browser(web, "198.51.100.7") as elsewhere:
        other = (await elsewhere.post("/api/auth/login", json=person.login)).json()["access_token"]
        ask = {"password": person.password, "new_password": NEW_PASSWORD}
        wrong = await client.post("/api/me/password", json=ask | {"password": "no"}, headers=person.bearer)
        assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
        assert (await client.post("/api/me/password", json=ask, headers=person.bearer)).status_code == 204
        assert (await client.get("/api/me", headers=person.bearer)).status_code == 200
        answer = await elsewhere.get("/api/me", headers={"Authorization": f"Bearer {other}"})
        assert answer.status_code == 401
        assert (await elsewhere.post("/api/auth/refresh")).status_code == 401


async def test_one_session_or_all_of_them_end(web: Web, client: httpx.AsyncClient) -> None:
    person = await register(client)
    async with browser(web, "198.51.100.7") as elsewhere:
        other = (await elsewhere.post("/api/auth/login", json=person.login)).json()["access_token"]
        listed = (await client.get("/api/me/sessions", headers=person.bearer)).json()["sessions"]
        (there,) = [one["id"] for one in listed if not one["current"]]
        assert (await client.delete(f"/api/me/sessions/{there}", headers=person.bearer)).status_code == 204
        assert (await client.delete(f"/api/me/sessions/{there}", headers=person.bearer)).status_code == 404
        answer = await elsewhere.get("/api/me", headers={"Authorization": f"Bearer {other}"})
        assert answer.status_code == 401
    assert (await client.post("/api/auth/logout-everywhere", headers=person.bearer)).status_code == 204
    assert (await client.get("/api/me", headers=person.bearer)).status_code == 401


async def test_logging_out_everywhere_takes_the_cookie_as_well(web: Web, client: httpx.AsyncClient) -> None:
    person = await register(client)
    assert (await client.post("/api/auth/logout-everywhere")).status_code == 204
    assert (await client.get("/api/me", headers=person.bearer)).status_code == 401
    assert (await client.post("/api/auth/logout-everywhere")).status_code == 401


async def test_new_recovery_codes_end_the_old_ones(client: httpx.AsyncClient) -> None:
    person = await register(client)
    answer = await client.post(
        "/api/me/recovery-codes", json={"password": person.password}, headers=person.bearer
    )
    codes = answer.json()["recovery_codes"]
    assert len(set(codes) | set(person.codes)) == 20
    ask = {"email": person.email, "new_password": NEW_PASSWORD}
    old, new = [
        (await client.post("/api/auth/recover", json=ask | {"recovery_code": code})).status_code
        for code in (person.codes[0], codes[0])
    ]
    assert (old, new) == (401, 204)


async def test_a_deleted_account_leaves_no_row_that_names_it(
    web: Web, client: httpx.AsyncClient, database: Any
) -> None:
    person = await register(client)
    ask = {"password": person.password}
    refused = await client.request("DELETE", "/api/me", json={"password": "no"}, headers=person.bearer)
    assert refused.status_code == 403
    gone = await client.request("DELETE", "/api/me", json=ask, headers=person.bearer)
    assert gone.status_code == 204
    assert (await client.get("/api/me", headers=person.bearer)).status_code == 401
    assert (await client.post("/api/auth/login", json=person.login)).status_code == 401
    async with session(database) as connection:
        for table in ("users", "sessions", "recovery_codes", "account_resets"):
            assert await connection.fetch_val(f"SELECT count(*) FROM {table}") == 0
        audit = await connection.fetch_all("SELECT event, user_id FROM account_audit ORDER BY id")
    assert [(row["event"], row["user_id"]) for row in audit] == [("registered", None), ("deleted", None)]


async def test_without_a_secret_there_are_no_accounts_and_reads_go_on(settings_env: Any) -> None:
    async with running(read_settings(settings_env(JWT_SECRET=""))) as web, browser(web) as client:
        for answer in (
            await client.post("/api/auth/login", json={}),
            await client.get("/api/me", headers={"Authorization": "Bearer x"}),
            await client.post("/api/auth/refresh"),
        ):
            assert (answer.status_code, "JWT_SECRET" in answer.json()["detail"]) == (503, True)
        assert (await client.get("/healthz")).status_code == 200
