"""The operator's commands against a running system: status, doctor, jobs; well, degraded and out of reach."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from quartapp.jobs import JOBS
from tests.conftest import PROJECT
from tests.e2e.conftest import Running, short_path, start
from tests.support.waiting import eventually_sync, free_port

__all__ = ["short_path", "start"]  # fixtures

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("control-socket")]


@dataclass
class System:
    """`launcher up` with web and clock, a sandbox for upstreams, and a shell in its environment."""

    environment: dict[str, str]
    running: Running | None = None

    def launcher(
        self, *words: str, input: str | None = None, **overrides: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "launcher", *words],
            check=False,
            cwd=PROJECT,
            env=self.environment | overrides,
            input=input,
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def shell(settings_env: Callable[..., dict[str, str]], short_path: Path) -> Iterator[System]:
    """The environment and the sandbox; nothing of ours runs."""
    port = free_port()
    upstream = f"http://127.0.0.1:{port}"
    sandbox = subprocess.Popen([sys.executable, "-m", "quartapp.sandbox", str(port)], cwd=PROJECT)
    environment = settings_env(
        PORT=str(free_port()),
        HOST="127.0.0.1",
        TMPDIR=str(short_path),
        ODDS_API_BASE_URL=f"{upstream}/odds-api",
        ESPN_BASE_URL=f"{upstream}/espn",
        TELEGRAM_BASE_URL=f"{upstream}/telegram",
        DATA_SOURCE="sandbox",
        ODDS_API_DAILY_CREDITS="20000",
    )
    system = System(environment)
    try:
        eventually_sync(
            lambda: system.launcher("doctor").stdout.count("\nok     odds api") == 1, timeout=30, pause=0.2
        )
        yield system
    finally:
        sandbox.kill()
        sandbox.wait()


@pytest.fixture
def system(shell: System, start: Callable[..., Running]) -> System:
    """Web and clock as well, once every job that fills the site has run."""
    shell.running = start("up", environment=shell.environment)
    try:
        eventually_sync(lambda: shell.launcher("status").returncode == 0, timeout=60, pause=0.3)
    except AssertionError:
        print(shell.launcher("status").stdout, shell.running.text)
        raise
    return shell


def test_status_of_a_healthy_system(system: System) -> None:
    ran = system.launcher("status", "--json")
    assert ran.returncode == 0, ran.stdout
    found = json.loads(ran.stdout)
    assert found["status"] == "healthy"
    assert found["troubles"] == found["unreachable"] == []
    assert {one["role"] for one in found["instances"]} == {"web", "clock"}
    assert found["leader"] in {one["holder"] for one in found["instances"] if one["role"] == "clock"}
    assert found["fencing_token"] == 1
    assert found["migrations"]["standing"] == "at_head"
    assert {job["job_name"] for job in found["jobs"]} == {job.name for job in JOBS}
    assert all(job["next_run_at"] for job in found["jobs"])
    assert found["credits"]["remaining"] is not None
    assert [(one["name"], one["alive"], one["starts"]) for one in found["supervised"]] == [
        ("web.1", True, 1), ("clock.1", True, 1),
    ]  # fmt: skip
    assert found["last_deploy"] is None
    said = system.launcher("status").stdout
    assert said.startswith("healthy\n")
    for part in ("leader: ", "fencing token 1", "Odds API credits: ", "supervised: web.1", "job: daily_pass"):
        assert part in said


def test_status_without_anything_running_is_degraded_and_says_what_is_missing(shell: System) -> None:
    ran = shell.launcher("status")
    assert ran.returncode == 1
    assert "no web process is alive" in ran.stdout
    assert "no clock leads" in ran.stdout


@pytest.mark.parametrize(
    ("setting", "away"),
    [
        ({"DATABASE_URL": "postgresql://u:hidden-password@127.0.0.1:9/x"}, "PostgreSQL"),
        ({"REDIS_URL": "redis://:hidden-password@127.0.0.1:9/0"}, "Redis"),
    ],
)
def test_status_and_doctor_with_a_store_out_of_reach(
    shell: System, setting: dict[str, str], away: str
) -> None:
    ran = shell.launcher("status", **setting)
    assert ran.returncode == 2
    assert f"{away} (" in ran.stdout
    assert "cannot be reached" in ran.stdout
    examined = shell.launcher("doctor", **setting)
    assert examined.returncode == 1
    assert "FAIL   " + ("database" if away == "PostgreSQL" else "redis") in examined.stdout
    assert "check its URL" in examined.stdout
    for output in (ran, examined):
        assert "hidden-password" not in output.stdout + output.stderr
        assert "Traceback" not in output.stdout + output.stderr


def test_doctor_finds_all_well(shell: System) -> None:
    ran = shell.launcher("doctor")
    assert ran.returncode == 0, ran.stdout
    assert [line.split(maxsplit=1)[0] for line in ran.stdout.splitlines()] == ["ok"] * 9


@pytest.mark.parametrize(
    ("setting", "line", "mend"),
    [
        ({"THE_ODDS_API_KEY": "", "ENVIRONMENT": "production"}, None, "THE_ODDS_API_KEY"),
        ({"ODDS_API_BASE_URL": "http://127.0.0.1:9"}, "odds api", "Check ODDS_API_BASE_URL"),
        ({"TELEGRAM_BASE_URL": "http://127.0.0.1:9"}, "telegram", "check its URL"),
        ({"DATABASE_POOL_MAX": "50", "WEB_CONCURRENCY": "4"}, "connections", "Lower DATABASE_POOL_MAX"),
        ({"DATABASE_POOLER": "true"}, "migrations", "set MIGRATION_DATABASE_URL"),
        ({"SCHEDULE_RESULTS": "61 * * * *"}, None, "SCHEDULE_RESULTS"),
    ],
)
def test_doctor_names_what_is_wrong_and_the_mend(
    shell: System, setting: dict[str, str], line: str | None, mend: str
) -> None:
    ran = shell.launcher("doctor", **setting)
    assert ran.returncode != 0
    said = ran.stdout + ran.stderr
    assert mend in said
    assert "Traceback" not in said
    if line:
        (failed,) = [one for one in ran.stdout.splitlines() if one.startswith("FAIL")]
        assert failed.split(maxsplit=1)[1].startswith(line)


def test_jobs_are_listed_run_paused_resumed_and_foreseen(system: System) -> None:
    ran = system.launcher("jobs", "run", "sport_state")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "success" in ran.stdout
    history = json.loads(system.launcher("jobs", "history", "sport_state", "--json").stdout)
    assert history[0]["trigger"] == "manual"
    assert history[0]["status"] == "success"
    assert system.launcher("jobs", "pause", "results").returncode == 0
    listed = {job["job_name"]: job for job in json.loads(system.launcher("jobs", "list", "--json").stdout)}
    assert listed["results"]["paused"]
    assert system.launcher("jobs", "resume", "results").returncode == 0
    words = ("--hours", "24", "--from", "2026-11-01T04:00:00Z", "--json")
    foreseen = json.loads(system.launcher("jobs", "preview", *words).stdout)
    assert {"job_name": "daily_pass", "scheduled_for": "2026-11-01T11:00:00Z"} in foreseen  # 06:00 EST
    for command in (("run", "nothing"), ("history", "nothing"), ("pause", "nothing")):
        unknown = system.launcher("jobs", *command)
        assert unknown.returncode == 1, words
        assert "nothing" in unknown.stderr + unknown.stdout
        assert "daily_pass" in unknown.stderr + unknown.stdout  # what there is


def test_regions_are_changed_without_a_deploy(system: System, tmp_path: Path) -> None:
    file = tmp_path / "regions.toml"
    file.write_text(
        '[US-NJ]\nage = 22\nhelplines = [{ name = "\\"Jersey\\" line", phone = "1", url = "https://nj.example" }]\n'
    )
    url = f"http://127.0.0.1:{system.environment['PORT']}/api/help?region=us-nj"

    def told() -> tuple[int, str]:
        answer = httpx.get(url, timeout=10)
        if answer.status_code == 503:
            return 0, "not published yet"
        body = answer.json()
        return body["age"], body["helplines"][0]["name"]

    eventually_sync(lambda: told() == (21, "National Problem Gambling Helpline"), timeout=60)
    loaded = system.launcher("regions", "load", str(file))
    assert loaded.returncode == 0, loaded.stderr
    assert eventually_sync(lambda: told() == (22, '"Jersey" line'), timeout=60)
    printed = system.launcher("regions", "list").stdout
    file.write_text(printed)
    assert system.launcher("regions", "load", str(file)).returncode == 0, "what list prints, load reads"
    assert system.launcher("regions", "list").stdout == printed
    wrong = system.launcher("regions", "load", "-", input="[US-NJ]\nage = 12\n")
    assert wrong.returncode == 1
    assert (
        wrong.stderr
        == "The file is not used, because it [US-NJ] age must be a whole number of years from 16 to 30.\n"
    )
    broken = system.launcher("regions", "load", "-", input="[default]\nage = 21\n")
    assert (broken.returncode, "needs an age and a text" in broken.stderr) == (1, True)
    assert system.launcher("regions", "reset", "US-NJ").returncode == 0
    assert eventually_sync(lambda: told() == (21, "National Problem Gambling Helpline"), timeout=60)
    assert "Nobody has changed ZZ" in system.launcher("regions", "reset", "ZZ").stderr


def test_help_teaches(shell: System) -> None:
    for words in ((), ("up",), ("jobs",), ("jobs", "run"), ("reload",), ("healthcheck",)):
        ran = shell.launcher(*words, "--help")
        assert ran.returncode == 0
        assert len(ran.stdout) > 150
    assert "No `launcher up`" in shell.launcher("reload", "web").stderr
