"""`launcher up` and honcho: several roles on one host, started, reloaded and stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import psutil
import pytest

from launcher.host.child import Child, Spec
from launcher.host.procfile import RoleError, parse_scale, read_procfile
from launcher.host.supervisor import ReloadError, Supervisor
from tests.conftest import PROJECT
from tests.e2e.conftest import Start, gone
from tests.e2e.test_web_role import answers
from tests.support.waiting import eventually, free_port
from tests.support.wrk import load, needs_wrk

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("control-socket")]
Environment = Callable[..., dict[str, str]]


@pytest.fixture
def up_env(settings_env: Environment, short_path: Path) -> Environment:
    """An environment with a folder of its own for the control socket."""

    def environment(**overrides: str) -> dict[str, str]:
        return settings_env(
            PORT=str(free_port()),
            HOST="127.0.0.1",
            TELEGRAM_ALERTS_ENABLED="false",
            TMPDIR=str(short_path),
            **overrides,
        )

    return environment


def test_the_procfile_names_web_and_clock() -> None:
    roles = read_procfile()
    assert {name: " ".join(role.command) for name, role in roles.items()} == {
        "web": "python -m launcher web",
        "clock": "python -m launcher clock",
    }
    assert parse_scale("web=2", roles) == {"web": 2, "clock": 1}
    for wrong in ("web", "web=x", "worker=1", "web=1000"):
        with pytest.raises(RoleError):
            parse_scale(wrong, roles)


async def test_without_a_web_process_the_port_is_not_taken(start: Start, up_env: Environment) -> None:
    env = up_env()
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", int(env["PORT"])))
        somebody.listen()
        running = start("up", "--scale", "web=0,clock=1", environment=env)
        await eventually(lambda: "clock_started" in running.text, timeout=60)
        running.signal(signal.SIGTERM)
        assert await asyncio.to_thread(running.process.wait, 90) == 0
    nothing = start("up", "--scale", "web=0,clock=0", environment=env)
    assert await asyncio.to_thread(nothing.process.wait, 90) == 2
    assert "leaves nothing to run" in nothing.text


async def test_eight_processes_are_gone_after_the_supervisor_is_killed(
    start: Start, up_env: Environment
) -> None:
    env = up_env(DRAIN_SECONDS="3")
    running = start("up", "--scale", "web=4,clock=4", environment=env)
    await eventually(
        lambda: running.text.count("serving") == 4 and running.text.count("clock_started") == 4, timeout=60
    )
    family = running.family()
    assert len(family) == 9
    running.process.kill()
    running.process.wait()
    await eventually(lambda: gone(family), timeout=15)


async def test_a_reload_under_load_fails_no_request(start: Start, up_env: Environment, python: str) -> None:
    env = up_env()
    running = start("up", "--scale", "web=2,clock=0", environment=env)
    url = f"http://127.0.0.1:{env['PORT']}/healthz"
    await eventually(lambda: running.text.count("serving") == 2 and answers(url), timeout=30)
    before = {process.pid for process in running.family()}
    failures: list[str] = []
    served = 0
    done = asyncio.Event()

    async def load() -> None:
        nonlocal served
        while not done.is_set():
            try:
                async with httpx.AsyncClient(
                    timeout=5
                ) as client:  # a connection of its own: each must be accepted
                    answer = await client.get(url)
                served += 1
                if answer.status_code != 200:
                    failures.append(str(answer.status_code))
            except httpx.HTTPError as problem:
                failures.append(repr(problem))

    loads = [asyncio.create_task(load()) for _ in range(4)]
    reload = await asyncio.create_subprocess_exec(
        python, "-m", "launcher", "reload", "web", cwd=PROJECT, env=env, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(reload.communicate(), 60)
    served_by_new = served + 20
    await eventually(lambda: served > served_by_new, timeout=10)
    done.set()
    await asyncio.gather(*loads)
    assert json.loads(out) == {"reloaded": ["web.1", "web.2"]}
    assert failures == []
    after = {process.pid for process in running.family()}
    assert len(after) == len(before)
    assert len(after & before) == 1  # the supervisor
    running.signal(signal.SIGTERM)
    assert await asyncio.to_thread(running.process.wait, 30) == 0


@needs_wrk
@pytest.mark.parametrize("close", [False, True], ids=["kept connections", "a connection a request"])
async def test_a_reload_under_wrk_fails_no_request(
    start: Start, up_env: Environment, python: str, close: bool
) -> None:
    env = up_env()
    running = start("up", "--scale", "web=2,clock=0", environment=env)
    url = f"http://127.0.0.1:{env['PORT']}/healthz"
    await eventually(lambda: running.text.count("serving") == 2 and answers(url), timeout=30)
    async with load(url, seconds=12, close=close) as seen:
        reload = await asyncio.create_subprocess_exec(
            python, "-m", "launcher", "reload", "web", cwd=PROJECT, env=env, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(reload.communicate(), 120)
    assert json.loads(out) == {"reloaded": ["web.1", "web.2"]}
    assert seen.requests > 1000
    assert seen.failed == 0, seen.text
    running.signal(signal.SIGTERM)
    assert await asyncio.to_thread(running.process.wait, 30) == 0


async def test_a_process_that_cannot_start_stops_everything_with_its_exit_code() -> None:
    steady = Spec("steady.1", (sys.executable, "-c", "import time; time.sleep(600)"))
    broken = Spec("broken.1", (sys.executable, "-c", "raise SystemExit(7)"))
    output = io.StringIO()
    supervisor = Supervisor([steady, broken], grace_seconds=5, output=output)
    assert await asyncio.wait_for(supervisor.run(), 60) == 7
    assert "broken.1 | failed 5 times in a row" in output.getvalue()
    assert [child.process.returncode for child in supervisor.children if child.spec is steady] == [
        -signal.SIGTERM
    ]


async def test_a_process_that_lived_long_enough_starts_its_count_of_failures_anew() -> None:
    ending = Spec("ending.1", (sys.executable, "-S", "-c", "raise SystemExit(7)"))
    # Each one has lived long enough.
    supervisor = Supervisor(
        [ending], grace_seconds=5, output=io.StringIO(), steady_seconds=0.0, backoff_seconds=(0.01,)
    )
    running = asyncio.create_task(supervisor.run())

    def starts() -> object:
        return sum(int(str(one["starts"])) for one in supervisor.report())

    await eventually(lambda: running.done() or starts() == 7)  # five end it otherwise
    assert not running.done()
    supervisor.stop.set()
    await running


# As the file `how` tells it: well (then it says that it is ready), slow (it does not), late (nor in time), broken (it
# ends with 3).
ROLE = """
import os, pathlib, sys, time
how, ready = map(pathlib.Path, sys.argv[1:])
match how.read_text():
    case "well":
        (ready / str(os.getpid())).touch()
    case "broken":
        sys.exit(3)
time.sleep(600)
"""


def alive(how: Path) -> int:
    """Count the processes of the role that live, whoever started them."""
    return sum(str(how) in process.cmdline() for process in psutil.Process().children())


@contextlib.asynccontextmanager
async def supervised(folder: Path) -> AsyncIterator[tuple[Supervisor, Path]]:
    """Run two instances of a role; the file decides how new ones fare."""
    how, ready = folder / "how", folder / "ready"
    how.write_text("well")
    ready.mkdir()

    async def is_ready(process_id: int) -> None:
        if how.read_text() == "late":
            raise TimeoutError
        await eventually((ready / str(process_id)).exists, timeout=20)

    command = (sys.executable, "-c", ROLE, str(how), str(ready))
    specs = [Spec(f"role.{number}", command, ready=is_ready) for number in (1, 2)]
    supervisor = Supervisor(specs, grace_seconds=5, output=io.StringIO())
    running = asyncio.create_task(supervisor.run())
    await eventually(lambda: len(list(ready.iterdir())) == len(supervisor.children) == 2, timeout=20)
    try:
        yield supervisor, how
    finally:
        supervisor.stop.set()
        await asyncio.wait_for(running, 20)
    assert alive(how) == 0


def pids(supervisor: Supervisor) -> list[int]:
    return [child.process.pid for child in supervisor.children if child.process.returncode is None]


async def test_a_reload_whose_new_instance_fails_leaves_the_old_ones(tmp_path: Path) -> None:
    async with supervised(tmp_path) as (supervisor, how):
        before = pids(supervisor)
        how.write_text("broken")
        with pytest.raises(ReloadError, match=r"role\.1: the new process ended with exit code 3 .* goes on"):
            await supervisor.reload("role")
        assert pids(supervisor) == before
        how.write_text("well")
        assert await supervisor.reload("role") == ["role.1", "role.2"]
        assert not set(pids(supervisor)) & set(before)
    assert supervisor.exit_code == 0


async def test_a_new_instance_that_is_not_ready_in_time_is_ended(tmp_path: Path) -> None:
    async with supervised(tmp_path) as (supervisor, how):
        before = pids(supervisor)
        how.write_text("late")
        with pytest.raises(ReloadError, match=r"role\.1: the new process was not ready in time"):
            await supervisor.reload("role")
        assert pids(supervisor) == before
        assert alive(how) == 2


async def test_a_reload_while_an_instance_is_down_ends_with_one_of_each(tmp_path: Path) -> None:
    async with supervised(tmp_path) as (supervisor, how):
        how.write_text("broken")  # so that it stays down, between its attempts
        os.kill(pids(supervisor)[0], signal.SIGKILL)
        await eventually(lambda: supervisor.report()[0]["starts"] == 2, timeout=10)
        how.write_text("well")
        assert await supervisor.reload("role") == ["role.1", "role.2"]
        assert len(pids(supervisor)) == 2
        assert alive(how) == 2


async def test_two_reloads_at_once_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with supervised(tmp_path) as (supervisor, how):
        until_ready, starting, most = supervisor._until_ready, 0, 0

        async def counted(child: Child) -> None:
            nonlocal starting, most
            starting += 1
            most = max(most, starting)
            await until_ready(child)
            starting -= 1

        monkeypatch.setattr(supervisor, "_until_ready", counted)
        first, second = await asyncio.gather(supervisor.reload("role"), supervisor.reload("role"))
        assert first == second == ["role.1", "role.2"]
        assert most == 1  # never two new ones beside the old
        assert len(pids(supervisor)) == alive(how) == 2


async def test_a_stop_in_the_middle_of_a_reload_ends_the_new_instance_too(tmp_path: Path) -> None:
    async with supervised(tmp_path) as (supervisor, how):
        how.write_text("slow")
        reloading = asyncio.create_task(supervisor.reload("role"))
        await eventually(lambda: alive(how) == 3, timeout=10)
        supervisor.stop.set()
        with pytest.raises(ReloadError, match="stopped"):
            await reloading


DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


async def test_what_ignores_sigterm_is_killed_after_the_grace_time() -> None:
    output = io.StringIO()
    supervisor = Supervisor([Spec("deaf.1", (sys.executable, "-c", DEAF))], grace_seconds=0.5, output=output)
    running = asyncio.create_task(supervisor.run())
    await eventually(lambda: "deaf.1 | deaf" in output.getvalue(), timeout=10)
    supervisor.stop.set()
    assert await asyncio.wait_for(running, 20) == 128 + signal.SIGKILL
    assert "killed" in output.getvalue()


async def test_honcho_start_works_with_the_procfile(up_env: Environment, tmp_path: Path) -> None:
    port = free_port()
    env = up_env() | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PORT": str(port)}
    log = tmp_path / "honcho.log"
    with log.open("wb") as sink:
        honcho = subprocess.Popen(
            [sys.executable, "-m", "honcho", "start"], cwd=PROJECT, env=env, stdout=sink, stderr=sink
        )
    family = [psutil.Process(honcho.pid)]
    try:
        await eventually(lambda: answers(f"http://127.0.0.1:{port}/readyz"), timeout=30)
        await eventually(lambda: "clock_started" in log.read_text(), timeout=20)
        family += family[0].children(recursive=True)
        honcho.terminate()
        await asyncio.to_thread(honcho.wait, 30)
        await eventually(lambda: gone(family), timeout=10)
    finally:
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
