"""The sandbox as a process: on loopback only, there until told to stop."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from quartapp.feeds.odds_api import OddsApiClient
from tests.support.waiting import eventually, free_port

PROJECT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.e2e


@contextmanager
def sandbox_process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "quartapp.sandbox", *arguments]
    process = subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_until_it_is_told_to_stop(client: httpx.AsyncClient, number: signal.Signals) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    async def is_up() -> bool:
        try:
            return (await client.get(f"{url}/healthz")).status_code == 200
        except httpx.TransportError:
            return False

    with sandbox_process(str(port)) as process:
        await eventually(is_up)
        events, _ = await OddsApiClient(client, f"{url}/odds-api", "key").odds("basketball_nba")
        assert events
        process.send_signal(number)
        assert await asyncio.to_thread(process.wait, 10) == 0


def test_a_folder_with_nothing_to_replay_ends_it_with_one_clear_line(tmp_path: Path) -> None:
    with sandbox_process(str(free_port()), str(tmp_path)) as process:
        _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert said == f"{tmp_path} has no *.json file with an array of v4 events with bookmakers.\n"
