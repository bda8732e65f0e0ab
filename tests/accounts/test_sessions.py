"""A session gives one token after another, survives two tabs, and ends everywhere at once."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from ops.database import session
from quartapp.accounts import sessions
from quartapp.accounts.follow import StandingFollower
from quartapp.accounts.standing import ENDED_KNOWN_SECONDS, Standing
from quartapp.app import Web
from quartapp.settings import Settings
from quartapp.store import account_events, members
from quartapp.store import sessions as stored
from quartapp.store.account_events import Event
from tests.support.members import Person, browser, register, running
from tests.support.waiting import eventually


async def use(web: Web, token: str, after: float = 0.0) -> str | None:
    """Return the refresh token that follows `token`, used some seconds from now."""
    now = datetime.now(UTC) + timedelta(seconds=after)
    issued, _ = await sessions.refresh(web.accounts.database, web.accounts.keys, token, now)
    return issued.refresh_token if issued else None


async def refreshes(client: httpx.AsyncClient, token: str) -> int:
    answer = await client.post("/api/auth/refresh", headers={"Cookie": f"refresh={token}"})
    return answer.status_code


async def test_fifty_refreshes_of_one_token_at_once_are_one_session(
    web: Web, client: httpx.AsyncClient
) -> None:
    person = await register(client)
    ask = {"headers": {"Cookie": f"refresh={person.refresh}"}}
    async with browser(web) as bare:
        answers = await asyncio.gather(*(bare.post("/api/auth/refresh", **ask) for _ in range(50)))  # type: ignore[arg-type]  # headers alone
        assert {answer.status_code for answer in answers} == {200}
        (following,) = {answer.headers["set-cookie"].split(";")[0] for answer in answers}
        assert following != f"refresh={person.refresh}"
        alive = await bare.get(
            "/api/me/sessions", headers={"Authorization": f"Bearer {answers[-1].json()['access_token']}"}
        )
        assert len(alive.json()["sessions"]) == 1
        assert (await bare.post("/api/auth/refresh", headers={"Cookie": following})).status_code == 200


async def test_the_parent_gets_the_current_token_for_ten_seconds(web: Web, client: httpx.AsyncClient) -> None:
    person = await register(client)
    child = await use(web, person.refresh)
    assert child is not None
    assert await use(web, person.refresh, after=9) == child
    assert await use(web, person.refresh, after=11) is None
    assert await use(web, child) is None, "a parent that comes too late has ended the session"


async def test_a_grandparent_leaves_no_valid_token_in_two_processes(
    settings: Settings, web: Web, client: httpx.AsyncClient, database: Any
) -> None:
    async with running(settings) as other, browser(other) as elsewhere:
        person = await register(client)
        child = await use(web, person.refresh)
        assert child is not None
        grandchild = await use(web, child)
        assert grandchild is not None
        await eventually(lambda: other.accounts.standing.fresh(time.monotonic()))
        assert (await elsewhere.get("/api/me", headers=person.bearer)).status_code == 200
        assert await refreshes(client, person.refresh) == 401
        assert (await client.get("/api/me", headers=person.bearer)).status_code == 401
        await eventually(lambda: other.accounts.standing.has_ended(UUID(_session(other, person))))
        assert (await elsewhere.get("/api/me", headers=person.bearer)).status_code == 401
        for token in (person.refresh, child, grandchild):
            assert await refreshes(elsewhere, token) == 401
        async with session(database) as connection:
            (line,) = await connection.fetch_all(
                "SELECT event FROM account_audit WHERE event = 'refresh_reused'"
            )
            assert line is not None


def _session(web: Web, person: Person) -> str:
    from quartapp.accounts.tokens import read_access

    access = read_access(web.accounts.keys, person.token)
    assert access is not None
    return str(access.session_id)


@pytest.mark.parametrize(("listen", "poll_seconds"), [(True, 3600.0), (False, 0.05)])
async def test_a_process_hears_of_an_end_by_a_notification_and_by_asking(
    database: Any, database_url: str, listen: bool, poll_seconds: float
) -> None:
    standing, stop = Standing(), asyncio.Event()
    user_id, ended = uuid4(), uuid4()
    follower = StandingFollower(standing, database_url, listen=listen, poll_seconds=poll_seconds)
    following = asyncio.create_task(follower.run(stop))
    try:
        await eventually(lambda: standing.fresh(time.monotonic()))
        async with session(database) as connection, connection.transaction():
            await members.add(connection, _user(user_id))
            await stored.add(connection, _row(user_id, ended))
            await stored.end(connection, user_id, "test", datetime.now(UTC))
        await eventually(lambda: standing.has_ended(ended))
        async with session(database) as connection, connection.transaction():
            await account_events.exclude(connection, user_id, None)
        await eventually(lambda: standing.exclusion(user_id, datetime.now(UTC)) == (True, None))
    finally:
        stop.set()
        await following


def _user(user_id: UUID) -> members.User:
    born = datetime(1990, 1, 1, tzinfo=UTC).date()
    return members.User(user_id, f"{user_id}@example.com", "", born, "GB", datetime.now(UTC))


def _row(user_id: UUID, session_id: UUID) -> stored.Session:
    now = datetime.now(UTC)
    return stored.Session(session_id, user_id, now, now, now + timedelta(days=1), 0, b"", b"", "", None, "GB")


async def test_a_process_that_cannot_follow_asks_the_database(web: Web, client: httpx.AsyncClient) -> None:
    person = await register(client)
    session_id = UUID(_session(web, person))
    await web.tasks.close(5)
    async with session(web.stores.database) as connection, connection.transaction():
        await stored.end(connection, UUID(person.id), "elsewhere", datetime.now(UTC))
    assert not web.accounts.standing.has_ended(session_id)
    assert (await client.get("/api/me", headers=person.bearer)).status_code == 401
    await web.stores.database.disconnect()
    assert (await client.get("/api/me", headers=person.bearer)).status_code == 503


async def test_an_exclusion_is_known_within_a_second_and_to_processes_that_start_later(
    settings: Settings, web: Web, client: httpx.AsyncClient
) -> None:
    person = await register(client)
    until = datetime.now(UTC) + timedelta(days=7)
    async with session(web.stores.database) as connection, connection.transaction():
        await account_events.exclude(connection, UUID(person.id), until)
    await eventually(lambda: web.accounts.standing.exclusion(UUID(person.id), datetime.now(UTC))[0])
    async with running(settings) as later:
        await eventually(lambda: later.accounts.standing.fresh(time.monotonic()))
        assert later.accounts.standing.exclusion(UUID(person.id), datetime.now(UTC)) == (True, until)
        async with session(web.stores.database) as connection:
            assert await account_events.standing(connection, UUID(person.id), uuid4()) == (False, True, until)


def test_an_exclusion_never_becomes_shorter_and_ends_by_itself() -> None:
    standing, who, now = Standing(), uuid4(), datetime.now(UTC)
    week, day = now + timedelta(days=7), now + timedelta(days=1)
    standing.apply([Event(1, "excluded", who, None, week), Event(2, "excluded", who, None, day)], 0)
    assert standing.exclusion(who, now) == (True, week)
    assert standing.exclusion(who, week) == (False, None)
    standing.apply([Event(3, "excluded", who, None, None), Event(4, "excluded", who, None, day)], 0)
    assert standing.exclusion(who, week) == (True, None)


def test_what_is_known_of_ended_sessions_is_forgotten_when_no_token_of_theirs_is_valid() -> None:
    standing, sids = Standing(), [uuid4() for _ in range(1000)]
    standing.apply([Event(n, "session_ended", uuid4(), sid, None) for n, sid in enumerate(sids)], 0.0)
    standing.apply([], ENDED_KNOWN_SECONDS - 1)
    assert all(standing.has_ended(sid) for sid in sids)
    standing.apply([], ENDED_KNOWN_SECONDS + 1)
    assert len(standing) == 0


async def test_a_member_has_a_bounded_number_of_sessions(web: Web, client: httpx.AsyncClient) -> None:
    web.accounts.most_sessions = 2
    person = await register(client)
    for _ in range(2):
        person.takes(await client.post("/api/auth/login", json=person.login))
    listed = await client.get("/api/me/sessions", headers=person.bearer)
    assert len(listed.json()["sessions"]) == 2


async def test_the_secret_is_changed_without_logging_anybody_out(settings_env: Any) -> None:
    from quartapp.settings import read_settings

    old, new = "an-old-secret-of-more-than-32-bytes", "a-new-secret-of-more-than-32-bytes"
    async with running(read_settings(settings_env(JWT_SECRET=old))) as web, browser(web) as client:
        person = await register(client)
    changed = settings_env(JWT_SECRET=new, JWT_SECRET_PREVIOUS=old)
    async with running(read_settings(changed)) as web, browser(web) as client:
        assert (await client.get("/api/me", headers=person.bearer)).status_code == 200
        child = await use(web, person.refresh)
        assert child is not None
        assert await use(web, person.refresh) == child
    async with running(read_settings(settings_env(JWT_SECRET=new))) as web, browser(web) as client:
        assert (await client.get("/api/me", headers=person.bearer)).status_code == 401
        assert await refreshes(client, child) == 200
        assert await refreshes(client, person.refresh) == 401
