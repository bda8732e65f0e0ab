"""Clocks as real processes, on a database with the test jobs' own tables."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import PROJECT

TABLES = """
CREATE TABLE IF NOT EXISTS ticks (job_name text, scheduled_for timestamptz, token bigint);
CREATE TABLE IF NOT EXISTS begun (token bigint);
CREATE TABLE IF NOT EXISTS gates (open boolean);
CREATE TABLE IF NOT EXISTS answer (token bigint);
INSERT INTO answer SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM answer);
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start_clock(settings_env: Callable[..., dict[str, str]], python: str, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a clock of a kind; all are ended afterwards."""
    running: list[subprocess.Popen[bytes]] = []

    def start(kind: str, **environment: str) -> subprocess.Popen[bytes]:
        log = (tmp_path / f"clock-{len(running)}.log").open("wb")
        process = subprocess.Popen(
            [python, "-m", "tests.chaos.clock_process", kind],
            cwd=PROJECT,
            env=settings_env(
                CLOCK_LEASE_TTL_SECONDS="1.5", DRAIN_SECONDS="5", TELEGRAM_ALERTS_ENABLED="false"
            )
            | environment,
            stdout=log,
            stderr=log,
        )
        log.close()
        running.append(process)
        return process

    yield start
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
            process.kill()
        process.wait()


@pytest.fixture
async def ledger(database_url: str):  # type: ignore[no-untyped-def]  # an async generator fixture
    """A connection to the clocks' database, with the test jobs' tables made."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(TABLES)
    yield connection
    await connection.close()
