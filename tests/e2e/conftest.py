"""Real processes of ours, ended whatever a test does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import PROJECT

Start = Callable[..., "Running"]


class Running:
    """A started command, its log, and every process that it ever had below it."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path, folder: Path) -> None:
        self.log = log
        with log.open("wb") as sink:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=sink, stderr=sink, start_new_session=True
            )
        self.root = psutil.Process(self.process.pid)

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return [self.root, *self.root.children(recursive=True)]
        return []

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)


def gone(processes: list[psutil.Process]) -> bool:
    """Return whether none of them lives any more."""

    def alive(process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        return False

    return not any(map(alive, processes))


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder for unix sockets, whose paths end at 103 bytes: pytest's own folder may be longer."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        yield Path(folder)


@pytest.fixture
def start(tmp_path: Path, python: str) -> Iterator[Start]:
    """Return a function that starts ``python -m launcher ...`` with an environment."""
    running: list[Running] = []

    def begin(*arguments: str, environment: dict[str, str], folder: Path = PROJECT) -> Running:
        log = tmp_path / f"process-{len(running)}.log"
        one = Running([python, "-m", "launcher", *arguments], environment, log, folder)
        running.append(one)
        return one

    yield begin
    for one in running:
        for process in reversed(one.family()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        one.process.wait()
