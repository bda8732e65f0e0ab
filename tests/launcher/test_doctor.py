"""`launcher doctor` tells what mends a store or an upstream that refuses, and shows no part of a secret."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import orjson
import pytest
import respx
from redis.asyncio import Redis

from launcher.commands.doctor import run_doctor
from launcher.commands.mends import mend_of
from ops.instances import Instance
from quartapp.settings import read_settings
from tests.support.waiting import eventually

Examine = Callable[..., Awaitable[dict[str, str]]]
SECRET = "hidden-password-7c1d"


@pytest.fixture
def examine(settings_env: Callable[..., dict[str, str]], capsys: pytest.CaptureFixture[str]) -> Examine:
    """Return a function that runs doctor with other settings and gives its lines by check."""

    async def run(**setting: str) -> dict[str, str]:
        capsys.readouterr()
        await run_doctor(read_settings(settings_env(**setting)))
        said = capsys.readouterr().out
        assert SECRET not in said
        return {line[7:19].strip(): f"{line[:6].strip()} {line[20:]}" for line in said.splitlines()}

    return run


def with_user(url: str, user: str) -> str:
    """Return `url` with another user and its password."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}@{parts.hostname}:{parts.port}").geturl()


def with_path(url: str, path: str) -> str:
    """Return `url` with another database."""
    return urlsplit(url)._replace(path=path).geturl()


@pytest.fixture
async def wants_password(database_url: str) -> AsyncIterator[str]:
    """A user of PostgreSQL from whom the server wants a password."""
    admin = await asyncpg.connect(database_url)
    rules = Path(await admin.fetchval("SHOW hba_file"))
    before = rules.read_text()
    await admin.execute("CREATE ROLE doctor_test LOGIN PASSWORD 'right'")
    try:
        rules.write_text(f"host all doctor_test 127.0.0.1/32 scram-sha-256\n{before}")
        await admin.execute("SELECT pg_reload_conf()")
        yield "doctor_test"
    finally:
        rules.write_text(before)
        await admin.execute("SELECT pg_reload_conf()")
        await admin.execute("DROP ROLE doctor_test")
        await admin.close()


async def test_postgresql_refuses_a_password(
    examine: Examine, database_url: str, wants_password: str
) -> None:
    url = with_user(database_url, f"{wants_password}:{SECRET}")

    async def refused() -> str | None:
        said = (await examine(DATABASE_URL=url))["database"]
        return None if said.startswith("ok") else said

    said = await eventually(refused, pause=0.1)  # the server reads its rules anew when it gets to it
    assert said.startswith("FAIL PostgreSQL refuses the password")
    assert "DATABASE_URL" in said


async def test_postgresql_knows_neither_the_user_nor_the_database(
    examine: Examine, database_url: str
) -> None:
    url = with_user(database_url, f"nobody_of_this_name:{SECRET}")
    assert "does not know the user" in (await examine(DATABASE_URL=url))["database"]
    said = (await examine(DATABASE_URL=with_path(database_url, "/no_such_database")))["database"]
    assert said.startswith("FAIL PostgreSQL has no database of that name")


async def test_redis_refuses_a_password_and_has_no_such_database(
    examine: Examine, redis: Redis, redis_url: str
) -> None:
    await redis.acl_setuser("doctor_test", enabled=True, passwords=["+right"], keys=["*"], commands=["+@all"])
    try:
        said = (await examine(REDIS_URL=with_user(redis_url, f"doctor_test:{SECRET}")))["redis"]
        assert said.startswith("FAIL Redis refuses the user or the password")
        assert "REDIS_URL" in said
    finally:
        await redis.acl_deluser("doctor_test")
    assert "no database of that number" in (await examine(REDIS_URL=with_path(redis_url, "/9999")))["redis"]


async def test_a_server_that_does_not_listen_or_whose_name_is_unknown(examine: Examine) -> None:
    lines = await examine(DATABASE_URL=f"postgresql://u:{SECRET}@127.0.0.1:9/x")
    assert (
        lines["database"] == "FAIL ConnectionRefusedError: cannot be reached; check its URL and the network"
    )
    assert "because its host's name is not known" in mend_of(socket.gaierror(-2, "Name or service not known"))


async def test_a_refused_key_is_told_from_a_refused_connection(examine: Examine) -> None:
    said = (await examine(ODDS_API_BASE_URL="http://127.0.0.1:9"))["odds api"]
    assert "Check ODDS_API_BASE_URL and the network" in said
    assert "THE_ODDS_API_KEY" not in said
    with respx.mock(assert_all_called=False) as upstream:
        upstream.route(host="odds.test").mock(return_value=httpx.Response(401, json={"message": "no"}))
        upstream.route(host="127.0.0.1").pass_through()
        said = (await examine(ODDS_API_BASE_URL="http://odds.test"))["odds api"]
    assert "Check THE_ODDS_API_KEY" in said


async def test_connections_are_added_up_over_the_processes_that_live(
    examine: Examine, redis: Redis, database_url: str
) -> None:
    limit = 100
    assert (await examine())["connections"] == f"ok up to 14 of {limit}, by 2 processes"
    for number in range(6):
        role = "clock" if number == 0 else "web"
        mark = Instance(role, f"host-{number}:{role}:1", 1, "unknown", "", "")
        fields = {name: getattr(mark, name) for name in Instance.__dataclass_fields__}
        await redis.set(f"instance:{role}:{mark.holder}:token", orjson.dumps(fields))
    assert (await examine())["connections"] == f"ok up to 42 of {limit}, by 6 processes"
    said = (await examine(DATABASE_POOL_MAX="20"))["connections"]
    assert said.startswith(f"FAIL up to 132 of {limit}, by 6 processes. Lower DATABASE_POOL_MAX")
