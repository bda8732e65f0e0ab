"""Role web as a process: its start, its stop, its port, its workers, its clock."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.conftest import PROJECT
from tests.e2e.conftest import Start, gone
from tests.support.waiting import eventually, free_port

pytestmark = pytest.mark.e2e
Environment = Callable[..., dict[str, str]]


async def answers(url: str, status: int = 200) -> bool:
    try:
        async with httpx.AsyncClient(timeout=2) as client:
            return (await client.get(url)).status_code == status
    except httpx.HTTPError:
        return False


@pytest.fixture
def web_env(settings_env: Environment) -> Environment:
    def environment(**overrides: str) -> dict[str, str]:
        return settings_env(
            PORT=str(free_port()),
            HOST="127.0.0.1",
            SCHEDULER_STANDALONE="true",
            TELEGRAM_ALERTS_ENABLED="false",
            **overrides,
        )

    return environment


async def test_it_migrates_an_empty_database_before_it_serves(
    start: Start, web_env: Environment, empty_database_url: str
) -> None:
    env = web_env(DATABASE_URL=empty_database_url)
    running = start("web", environment=env)
    await eventually(lambda: answers(f"http://127.0.0.1:{env['PORT']}/readyz"), timeout=20)
    assert running.text.index("Migrated to") < running.text.index("serving")
    running.signal(signal.SIGTERM)
    assert running.process.wait(10) == 0


async def test_http_2_is_loaded_and_spoken_when_somebody_speaks_it(
    start: Start, web_env: Environment
) -> None:
    env = web_env()
    start("web", environment=env)
    url = f"http://127.0.0.1:{env['PORT']}"
    await eventually(lambda: answers(f"{url}/healthz"), timeout=60)
    async with httpx.AsyncClient(http1=False, http2=True, timeout=60) as client:  # h2c, with prior knowledge
        for path, status in (("/healthz", 200), ("/api/no-such-path", 404)):
            answer = await client.get(url + path)
            assert (answer.http_version, answer.status_code) == ("HTTP/2", status)


async def test_sigterm_lets_a_request_in_flight_finish(start: Start, web_env: Environment) -> None:
    env = web_env()
    running = start("web", environment=env)
    port = int(env["PORT"])
    await eventually(lambda: answers(f"http://127.0.0.1:{port}/healthz"), timeout=20)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b'{"legs": []}'
    head = (
        "POST /api/parlays/price HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body[:4])  # the handler waits for the rest
    await writer.drain()
    await eventually(lambda: answers(f"http://127.0.0.1:{port}/healthz"), timeout=5)
    running.signal(signal.SIGTERM)
    await eventually(lambda: _refused(port), timeout=5)
    writer.write(body[4:])
    await writer.drain()
    assert (await asyncio.wait_for(reader.readline(), 60)).startswith(b"HTTP/1.1 422")
    writer.close()
    assert await asyncio.to_thread(running.process.wait, 10) == 0
    assert "stopped" in running.text


def _refused(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_port_in_use_is_one_clear_line(start: Start, web_env: Environment) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = start("web", environment=web_env() | {"PORT": str(port)})
        assert running.process.wait(20) == 1
    errors = [line for line in running.text.splitlines() if '"level":"error"' in line]
    assert len(errors) == 1
    assert f"Port {port} is in use" in errors[0]
    assert "Traceback" not in running.text


def test_bad_settings_end_it_with_2_and_their_names(start: Start, web_env: Environment) -> None:
    env = web_env(PORT_="x") | {
        "PORT": "hidden-port",
        "JWT_SECRET": "hidden-jwt",
        "ENVIRONMENT": "production",
    }
    del env["TELEGRAM_BOT_TOKEN"]
    running = start("web", environment=env)
    assert running.process.wait(20) == 2
    for name in ("PORT", "JWT_SECRET", "TELEGRAM_BOT_TOKEN"):
        assert name in running.text
    assert "hidden" not in running.text


async def test_two_workers_share_one_port_and_stop_together(start: Start, web_env: Environment) -> None:
    env = web_env(WEB_CONCURRENCY="2")
    running = start("web", environment=env)
    url = f"http://127.0.0.1:{env['PORT']}/healthz"
    await eventually(lambda: running.text.count('"serving"') == 2 and answers(url), timeout=20)
    family = running.family()
    assert len(family) == 3
    victim = next(process for process in family if process.pid != running.process.pid)
    victim.kill()  # a worker that dies is replaced, and the other serves on
    await eventually(lambda: running.text.count('"serving"') == 3, timeout=20)
    assert await answers(url)
    running.signal(signal.SIGTERM)
    assert await asyncio.to_thread(running.process.wait, 15) == 0
    assert gone(family)


@pytest.mark.parametrize("standalone", ["true", "false"])
async def test_the_clock_inside_web_follows_scheduler_standalone(
    start: Start, web_env: Environment, database_url: str, standalone: str
) -> None:
    env = web_env() | {"SCHEDULER_STANDALONE": standalone}
    running = start("web", environment=env)
    await eventually(lambda: answers(f"http://127.0.0.1:{env['PORT']}/readyz"), timeout=20)
    ledger = await asyncpg.connect(database_url)
    if standalone == "false":
        await eventually(lambda: ledger.fetchval("SELECT token > 0 FROM scheduler_fences"), timeout=10)
    else:
        assert await ledger.fetchval("SELECT token FROM scheduler_fences") == 0
        assert "clock_started" not in running.text
    await ledger.close()
    running.signal(signal.SIGTERM)
    assert await asyncio.to_thread(running.process.wait, 30) == 0


async def test_a_started_web_process_holds_little_memory(start: Start, web_env: Environment) -> None:
    # How fast it starts is `make bench`'s business: a test that measures time fails on a busy machine.
    env = web_env()
    running = start("web", environment=env)
    await eventually(lambda: answers(f"http://127.0.0.1:{env['PORT']}/healthz"), timeout=20, pause=0.01)
    assert running.root.memory_info().rss < 90e6


async def test_the_healthcheck_asks_this_container_and_not_whoever_shares_the_port(
    start: Start, web_env: Environment, short_path: Path, python: str
) -> None:
    """During a deploy two containers share the port: each has its own /tmp, as here."""

    def of_container(name: str, **overrides: str) -> dict[str, str]:
        (short_path / name).mkdir(exist_ok=True)
        return env | {"TMPDIR": str(short_path / name), "REUSE_PORT": "true"} | overrides

    def check(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [python, "-m", "launcher", "healthcheck", "web", *arguments]
        return subprocess.run(
            command, check=False, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=30
        )

    env = web_env(WEB_CONCURRENCY="1")
    old, new = of_container("old"), of_container("new", WEB_CONCURRENCY="2")
    running = start("web", environment=old)
    await eventually(lambda: check(old, "--ready").returncode == 0, timeout=20)
    answer = check(new)  # the port answers, but not from the new container
    assert answer.returncode == 1
    assert "0 of 2 web processes" in answer.stderr
    second = start("web", environment=new)
    await eventually(lambda: check(new, "--ready").returncode == 0, timeout=20)
    victim = next(process for process in second.family() if process.pid != second.process.pid)
    victim.suspend()  # it holds the socket and never answers
    assert "nothing answers" in check(new).stderr
    victim.resume()
    running.signal(signal.SIGTERM)
    assert running.process.wait(10) == 0
    assert not list((short_path / "old").glob("*.sock"))
    assert check(old).returncode == 1
    assert check(new).returncode == 0
