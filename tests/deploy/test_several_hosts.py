"""What docs/scaling-out.md promises of several hosts: one set of answers, one leader, another one when it dies.

Each process stands for one on a host of its own: they share nothing but PostgreSQL and Redis.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest

from launcher.commands.healthcheck import check_clock
from ops.clock.lease import read_holder
from ops.instances import living
from quartapp.jobs import JOBS
from tests.conftest import PROJECT
from tests.e2e.conftest import Running
from tests.support.waiting import eventually, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.chaos]

TTL = 2.0
STARTED = [job.name for job in JOBS if job.run_at_start]
Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, python: str) -> Iterator[Start]:
    """Return a function that starts ``python -m ...`` with an environment; all are ended afterwards."""
    running: list[Running] = []

    def begin(*module: str, environment: dict[str, str]) -> Running:
        log = tmp_path / f"process-{len(running)}.log"
        running.append(Running([python, "-m", *module], environment, log, PROJECT))
        return running[-1]

    yield begin
    for one in running:
        for process in reversed(one.family()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        one.process.wait()


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    # Each encoding has an ETag of its own: the plain one is the one in the database.
    async with httpx.AsyncClient(timeout=5, headers={"Accept-Encoding": "identity"}) as one:
        yield one


@pytest.fixture
def environment(settings_env: Callable[..., dict[str, str]]) -> dict[str, str]:
    """Settings that all hosts share. No job runs but at the start and when it is asked for."""
    upstream = free_port()
    schedules = {f"SCHEDULE_{job.name.upper()}": "0 0 29 2 *" for job in JOBS}
    return settings_env(
        HOST="127.0.0.1",
        SCHEDULER_STANDALONE="true",
        CLOCK_LEASE_TTL_SECONDS=str(TTL),
        TELEGRAM_ALERTS_ENABLED="false",
        DATA_SOURCE="sandbox",
        ODDS_API_DAILY_CREDITS="20000",
        ODDS_API_BASE_URL=f"http://127.0.0.1:{upstream}/odds-api",
        ESPN_BASE_URL=f"http://127.0.0.1:{upstream}/espn",
        SANDBOX_PORT=str(upstream),
        **schedules,
    )


async def answered(client: httpx.AsyncClient, url: str) -> httpx.Response | None:
    with contextlib.suppress(httpx.HTTPError):
        return await client.get(url)
    return None


async def fence(ledger: Any) -> tuple[int, str]:
    row = await ledger.fetchrow("SELECT token, holder FROM scheduler_fences WHERE name = 'clock'")
    return row["token"], row["holder"]


async def published(ledger: Any) -> Any:
    return await ledger.fetchrow("SELECT etag, fencing_token FROM documents WHERE key = '/api/sports'")


async def start_is_over(ledger: Any) -> bool:
    rows = await ledger.fetch("SELECT job_name, status FROM scheduler_job_runs")
    well = {row["job_name"] for row in rows if row["status"] == "success"}
    return well >= set(STARTED) and not any(row["status"] == "running" for row in rows)


async def all_serve(client: httpx.AsyncClient, urls: list[str], etag: str) -> list[httpx.Response] | None:
    """The answers of all hosts, once each of them serves the version with this ETag."""
    answers = [await answered(client, f"{url}/api/sports") for url in urls]
    found = [one for one in answers if one is not None and one.headers.get("etag") == etag]
    return found if len(found) == len(urls) else None


async def test_two_hosts_serve_alike_and_the_second_clock_leads_when_the_first_dies(
    start: Start, environment: dict[str, str], client: httpx.AsyncClient, ledger: Any, redis: Any
) -> None:
    sandbox = start("quartapp.sandbox", environment["SANDBOX_PORT"], environment=environment)
    upstream = f"http://127.0.0.1:{environment['SANDBOX_PORT']}"
    await eventually(lambda: answered(client, f"{upstream}/healthz"), timeout=20)

    ports = [free_port(), free_port()]
    webs = [start("launcher", "web", environment=environment | {"PORT": str(port)}) for port in ports]
    clocks = [start("launcher", "clock", environment=environment) for _ in range(2)]
    by_pid = {clock.process.pid: clock for clock in clocks}
    urls = [f"http://127.0.0.1:{port}" for port in ports]

    # Both clocks live; one of them leads, and has led from the beginning.
    await eventually(lambda: start_is_over(ledger), timeout=60)

    async def clocks_alive() -> set[int]:
        return {one.pid for one in await living(redis) if one.role == "clock"}

    async def both_live() -> bool:
        return await clocks_alive() == set(by_pid)

    await eventually(both_live, timeout=20)
    token, holder = await fence(ledger)
    assert token == 1
    assert await read_holder(redis, "clock") == holder
    assert ["leadership_gained" in clock.text for clock in clocks].count(True) == 1

    # Both web processes give the same answer, to the byte.
    first = (await published(ledger))["etag"]
    one, other = await eventually(lambda: all_serve(client, urls, first), timeout=20)
    assert one.status_code == other.status_code == 200
    assert one.content == other.content
    assert one.json()["sports"]
    known = [
        await client.get(f"{url}/api/sports", headers={"If-None-Match": first}) for url in reversed(urls)
    ]
    assert [answer.status_code for answer in known] == [304, 304]  # what one host gave, the other recognises

    # The leader's host is lost. The other clock leads when the lease has lapsed; visitors notice nothing.
    leader = by_pid.pop(int(holder.rpartition(":")[2]))
    leader.signal(signal.SIGKILL)
    (survivor,) = by_pid.values()

    async def taken_over() -> bool:
        answers = [await client.get(f"{url}/api/sports") for url in urls]
        assert [answer.headers["etag"] for answer in answers] == [first, first]
        return (await fence(ledger))[0] > token

    await eventually(taken_over, timeout=20)
    new_token, new_holder = await fence(ledger)
    assert (new_token, new_holder.rpartition(":")[2]) == (token + 1, str(survivor.process.pid))
    assert await read_holder(redis, "clock") == new_holder

    # What the new leader publishes reaches both web processes. A pass that finds nothing new would publish nothing.
    await ledger.execute("UPDATE odds SET price = price + 7")
    asked = start("launcher", "jobs", "run", "daily_pass", environment=environment)
    assert await asyncio.to_thread(asked.process.wait, 60) == 0, asked.text
    row = await published(ledger)
    assert row["fencing_token"] == new_token
    assert row["etag"] != first
    one, other = await eventually(lambda: all_serve(client, urls, row["etag"]), timeout=20)
    assert one.content == other.content

    for running in (*webs, survivor):
        running.signal(signal.SIGTERM)
    for running in (*webs, survivor):
        assert await asyncio.to_thread(running.process.wait, 40) == 0, running.text
    assert sandbox.process.poll() is None


async def test_a_host_without_a_clock_is_told_so_by_its_probe(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    assert "no clock of this host" in str(await asyncio.to_thread(check_clock))


@pytest.mark.parametrize("role", ["web", "clock"])
async def test_as_process_1_it_stops_at_sigterm(
    environment: dict[str, str], tmp_path: Path, python: str, role: str
) -> None:
    """Kubernetes starts the role without an init: the kernel then drops every signal that has no handler."""
    alone = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
    if (
        not shutil.which("unshare")
        or subprocess.run([*alone, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("a namespace of process ids cannot be made here")
    settings = environment | {"PORT": str(free_port())}
    running = Running([*alone, python, "-m", "launcher", role], settings, tmp_path / "role.log", PROJECT)
    try:
        ready = '"serving"' if role == "web" else '"leadership_gained"'
        await eventually(lambda: ready in running.text, timeout=30)
        (process,) = [one for one in running.family() if one.ppid() == running.process.pid]
        process.terminate()
        assert await asyncio.to_thread(running.process.wait, 40) == 0, running.text
    finally:
        for process in reversed(running.family()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        running.process.wait()
