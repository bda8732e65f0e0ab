"""The embedded services: up from nothing, gone with their parent, ready for the next start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from launcher.dev.embedded import EmbeddedServiceError, embedded_services
from tests.conftest import PROJECT
from tests.support.waiting import eventually_sync


def start(root: Path) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    parent = subprocess.Popen(
        [sys.executable, "-m", "launcher.dev.embedded", str(root)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert "postgresql://" in parent.stdout.readline()
    return parent, psutil.Process(parent.pid).children(recursive=True)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


@pytest.mark.e2e
def test_a_killed_parent_leaves_no_process_and_the_next_start_works(tmp_path: Path) -> None:
    parent, children = start(tmp_path)
    assert {"postgres", "valkey-server"} <= {child.name() for child in children}
    parent.kill()
    parent.wait()
    eventually_sync(lambda: gone(children), timeout=15)
    with embedded_services(tmp_path) as services:
        assert services.postgres_pid not in {child.pid for child in children}


@pytest.mark.e2e
def test_a_second_run_on_the_same_data_is_told_who_holds_it(tmp_path: Path) -> None:
    second = embedded_services(tmp_path)
    with embedded_services(tmp_path), pytest.raises(EmbeddedServiceError, match="Another run"):
        second.__enter__()


@pytest.mark.e2e
def test_a_stale_pid_file_does_not_stop_a_start(tmp_path: Path) -> None:
    with embedded_services(tmp_path):
        pass
    (tmp_path / "postgres" / "postmaster.pid").write_text("1\n/nowhere\n0\n5432\n\n127.0.0.1\n\nready\n")
    with embedded_services(tmp_path) as services:
        assert psutil.pid_exists(services.postgres_pid)
