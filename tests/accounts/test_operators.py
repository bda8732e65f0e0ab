"""What an operator does for a member, and what housekeeping takes away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from launcher.commands.users import reset_user
from ops.database import raw, session
from quartapp.jobs.housekeeping import housekeeping
from quartapp.settings import Settings, read_settings
from quartapp.store import account_events
from tests.support.leader import Leader, open_leader
from tests.support.members import register

NEW_PASSWORD = "another Phrase of 5 words"


async def test_an_operators_link_sets_a_password_once_within_half_an_hour(
    client: httpx.AsyncClient, settings_env: Any, database: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    person = await register(client)
    settings = read_settings(settings_env(CORS_ALLOWED_ORIGINS="https://www.example"))
    links = []
    for _ in range(2):
        assert await reset_user(settings, f" {person.email.upper()} ") == 0
        links.append(capsys.readouterr().out.splitlines()[0])
    assert all(link.startswith("https://www.example/reset-password#token=") for link in links)
    older, token = (link.partition("#token=")[2] for link in links)
    async with session(database) as connection:
        rows = await raw(connection).fetch("SELECT row_to_json(r)::text FROM account_resets r")
        assert not [row for row in rows if token in row[0]]

    async def use(token: str, password: str = NEW_PASSWORD) -> int:
        ask = {"token": token, "new_password": password}
        return (await client.post("/api/auth/reset", json=ask)).status_code

    assert await use(older) == 401, "a newer link takes the place of an older one"
    assert await use("x") == 401
    assert await use(token, "short") == 422
    assert await use(token) == 204
    assert await use(token) == 401
    assert (await client.get("/api/me", headers=person.bearer)).status_code == 401
    login = await client.post("/api/auth/login", json=person.login | {"password": NEW_PASSWORD})
    assert login.status_code == 200

    await reset_user(settings, person.email)
    late = capsys.readouterr().out.splitlines()[0].partition("#token=")[2]
    async with session(database) as connection:
        await raw(connection).execute(
            "UPDATE account_resets SET expires_at = expires_at - interval '30 minutes'"
        )
        audit = await raw(connection).fetch("SELECT actor FROM account_audit WHERE event = 'reset_link_made'")
    assert await use(late) == 401
    assert len(audit) == 3
    assert all(row["actor"].startswith("operator:") for row in audit)


async def test_an_address_without_an_account_is_told_to_the_operator(
    settings_env: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = read_settings(settings_env())
    assert await reset_user(settings, "nobody@example.com") == 1
    assert await reset_user(settings, "nobody") == 1
    assert capsys.readouterr().err == ("No account has this address.\nEMAIL must be an e-mail address.\n")


@pytest.fixture
async def leader(database: Any, redis: Any, settings: Settings) -> AsyncIterator[Leader]:
    async with open_leader(database, redis, settings) as one:
        yield one


async def test_housekeeping_forgets_what_has_ended_and_keeps_what_holds(
    leader: Leader, client: httpx.AsyncClient, database: Any
) -> None:
    kept = await register(client)
    gone = await register(client)
    now = datetime.now(UTC)
    async with session(database) as connection:
        await account_events.exclude(connection, UUID(kept.id), None)
        await account_events.exclude(connection, UUID(kept.id), now + timedelta(days=300))
        await account_events.exclude(connection, UUID(kept.id), now - timedelta(days=3))
        await raw(connection).execute("UPDATE account_events SET at = at - interval '2 days'")
        await raw(connection).execute(
            "UPDATE sessions SET ended_at = $1 WHERE user_id = $2", now - timedelta(days=31), UUID(gone.id)
        )
        await raw(connection).execute(
            "UPDATE account_audit SET at = at - interval '366 days' WHERE user_id = $1", UUID(gone.id)
        )
    stats = await housekeeping(leader.context("housekeeping"))
    assert {name: stats[name] for name in ("sessions", "reset_links", "account_events", "account_audit")} == {
        "sessions": 1, "reset_links": 0, "account_events": 1, "account_audit": 1,
    }  # fmt: skip
    assert (await client.get("/api/me/sessions", headers=kept.bearer)).json()["sessions"] != []
