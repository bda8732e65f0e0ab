"""What is kept of a member can be taken along, is deleted with the account, and docs/privacy.md says all of it."""

from __future__ import annotations

import re
import uuid
from typing import Any

import httpx

from ops.database import raw, session
from quartapp.app import Web
from quartapp.store import personal
from tests.conftest import PROJECT
from tests.members.test_saved_parlays import save
from tests.support.members import register, registration
from tests.support.slips import slip

SECRETS = ("password_hash", "refresh_hash", "salt", "code_hash", "token_hash")


async def test_the_export_holds_everything_but_what_proves_who_one_is(client: httpx.AsyncClient) -> None:
    person = await register(client)
    await client.put("/api/me/limits", json={"parlays_per_day": 9}, headers=person.bearer)
    saved = (await save(client, person, await slip(client))).json()
    await client.post("/api/me/exclusion", json={"days": 1}, headers=person.bearer)
    answer = await client.get("/api/me/export", headers=person.bearer)
    assert answer.headers["content-disposition"].startswith("attachment")
    kept = answer.json()
    assert kept["account"][0]["email"] == person.email
    assert kept["parlays"] == [saved]
    assert (kept["limits"][0]["limits"]["parlays_per_day"], len(kept["exclusions"])) == (9, 1)
    assert (len(kept["sessions"]), len(kept["recovery_codes"]), len(kept["stakes"])) == (1, 10, 1)
    assert not [name for name in SECRETS if f'"{name}"' in answer.text]
    assert not [code for code in person.codes if code in answer.text]


async def test_every_table_of_members_is_exported_and_explained(web: Web) -> None:
    async with session(web.stores.database) as connection:
        rows = await raw(connection).fetch(
            "SELECT DISTINCT table_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name = 'user_id'"
        )
    tables = {row["table_name"] for row in rows} | {"users"}
    exported = {table for table, _ in personal.EXPORTED.values()} | personal.ELSEWHERE.keys()
    assert tables == exported
    explained = set(re.findall(r"^\| (\w+)", (PROJECT / "docs" / "privacy.md").read_text(), re.MULTILINE))
    assert tables | {"excluded_addresses"} <= explained
    for statement in [statement for _, statement in personal.EXPORTED.values()]:
        assert re.search(r"WHERE (user_id|id) = \$1", statement)
        assert not any(secret in statement for secret in SECRETS)


async def test_a_deleted_account_leaves_settlements_that_are_nobodys(
    web: Web, client: httpx.AsyncClient
) -> None:
    person = await register(client)
    ids = [(await save(client, person, await slip(client))).json()["id"] for _ in range(2)]
    async with session(web.stores.database) as connection:
        await raw(connection).execute(
            "UPDATE saved_parlays SET status = 'lost', payout_cents = 0 WHERE id = $1", uuid.UUID(ids[0])
        )
    gone = await client.request(
        "DELETE", "/api/me", json={"password": person.password}, headers=person.bearer
    )
    assert gone.status_code == 204
    async with session(web.stores.database) as connection:
        left = await raw(connection).fetch("SELECT id, user_id, known FROM saved_parlays")
        assert [(str(row["id"]), row["user_id"], row["known"]) for row in left] == [(ids[0], None, {})]
        for name, (table, _) in personal.EXPORTED.items():
            column = "id" if table == "users" else "user_id"
            rows = await raw(connection).fetchval(
                f"SELECT count(*) FROM {table} WHERE {column} = $1", uuid.UUID(person.id)
            )
            # That its sessions ended is known for a while, so that no process lets them in.
            assert rows == 0 or name == "account_events", table
        dump = await _everything(connection)
    assert person.email not in dump


async def test_an_exclusion_outlives_its_account(client: httpx.AsyncClient) -> None:
    person = await register(client)
    await client.post("/api/me/exclusion", json={"days": 180}, headers=person.bearer)
    await client.request("DELETE", "/api/me", json={"password": person.password}, headers=person.bearer)
    again = await client.post("/api/auth/register", json=registration(person.email.upper()))
    taken = await register(client)
    known = await client.post("/api/auth/register", json=registration(taken.email))
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")
    assert again.json()["detail"] == known.json()["detail"], "nobody learns of another's exclusion"


async def _everything(connection: Any) -> str:
    tables = await raw(connection).fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    texts = [
        await raw(connection).fetchval(f"SELECT string_agg(one::text, ' ') FROM {row['tablename']} AS one")
        for row in tables
    ]
    return " ".join(text or "" for text in texts)
