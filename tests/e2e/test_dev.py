"""`launcher dev`: from nothing to a filled site, and back to nothing, however it is ended."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.conftest import PROJECT
from tests.e2e.conftest import Running, Start, gone
from tests.support.waiting import eventually, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("dev")]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A copy of the code: `.local` is the checkout's own, and a developer's is not touched."""
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", ".*", "tests", "bench")
    shutil.copytree(PROJECT, copy, ignore=ignored)
    yield copy
    shutil.rmtree(copy, ignore_errors=True)


def dev_environment(checkout: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": str(checkout), "PORT": str(free_port()), **more}


def start_dev(start: Start, environment: dict[str, str], checkout: Path) -> Running:
    return start("dev", environment=environment, folder=checkout)


async def filled(port: str) -> list[dict[str, Any]]:
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=3) as client:
            ready = await client.get("/readyz")
            games = await client.get("/api/games")
        return games.json()["games"] if ready.status_code == games.status_code == 200 else []
    except (httpx.HTTPError, ValueError):
        return []


async def everything(running: Running) -> list[psutil.Process]:
    def all_there() -> list[psutil.Process] | None:
        family = running.family()
        return family if {"postgres", "valkey-server"} <= {process.name() for process in family} else None

    family: list[psutil.Process] = await eventually(all_there, timeout=20)
    return family


def _printed(running: Running, words: str) -> bool:
    return words in running.text


@pytest.mark.parametrize(
    "end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["ctrl-c", "sigterm", "kill-9"]
)
async def test_it_fills_the_site_leaves_nothing_behind_and_starts_again(
    start: Start, checkout: Path, end: signal.Signals
) -> None:
    environment = dev_environment(checkout)
    for _ in range(2):
        running = start_dev(start, environment, checkout)
        games = await eventually(lambda: filled(environment["PORT"]), timeout=60)
        assert "not connected" not in running.text  # nobody is told of a store that is only starting
        assert games[0]["bookmakers"]
        await eventually(partial(_printed, running, "sandbox data"), timeout=10)
        family = await everything(running)
        running.signal(end)
        await asyncio.to_thread(running.process.wait, 30)
        await eventually(partial(gone, family), timeout=20)
        if end != signal.SIGKILL:
            assert running.process.returncode == 0


async def test_a_second_run_and_a_taken_port_are_told_clearly(start: Start, checkout: Path) -> None:
    environment = dev_environment(checkout)
    first = start_dev(start, environment, checkout)
    await eventually(lambda: filled(environment["PORT"]), timeout=60)
    same_port = start_dev(start, environment, checkout)
    assert await asyncio.to_thread(same_port.process.wait, 20) == 1
    assert same_port.text.splitlines()[-1].startswith(f"Port {environment['PORT']} is in use")
    same_data = start_dev(start, environment | {"PORT": str(free_port())}, checkout)
    assert await asyncio.to_thread(same_data.process.wait, 20) == 1
    assert "Another run" in same_data.text
    first.signal(signal.SIGTERM)
    await asyncio.to_thread(first.process.wait, 30)


async def test_a_replay_serves_every_recorded_price(start: Start, checkout: Path, shared_data: Path) -> None:
    environment = dev_environment(checkout, ODDS_REPLAY_DIR=str(shared_data))
    running = start_dev(start, environment, checkout)
    await eventually(lambda: "replay data" in running.text, timeout=60)
    await eventually(lambda: _all_games(environment["PORT"], "soccer_epl"), timeout=30)
    for sport, file, field, wanted in (
        ("basketball_nba", "basketball_nba_odds_2022-11-23.json", "price_american", 14),
        ("soccer_epl", "soccer_epl_odds_2023-24.json", "price_decimal", 380),
    ):
        served = {game["id"]: game for game in await _all_games(environment["PORT"], sport)}
        recorded = json.loads((shared_data / file).read_text())
        assert len(served) == len(recorded) == wanted
        for event in recorded:
            assert _prices(served[event["id"]], field) == _prices(event, "price")
        earliest = min(datetime.fromisoformat(game["commence_time"]) for game in served.values())
        assert timedelta(hours=23) < earliest - datetime.now(UTC) <= timedelta(hours=24)
    running.signal(signal.SIGTERM)
    assert await asyncio.to_thread(running.process.wait, 30) == 0


def _prices(game: dict[str, Any], field: str) -> dict[tuple[str, str], list[tuple[str, float, float | None]]]:
    return {
        (book["key"], market["key"]): [(o["name"], o[field], o.get("point")) for o in market["outcomes"]]
        for book in game["bookmakers"]
        for market in book["markets"]
    }


async def _all_games(port: str, sport: str) -> list[dict[str, Any]]:
    games: list[dict[str, Any]] = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        cursor = ""
        while True:
            answer = await client.get("/api/games", params={"sport": sport, "limit": 500, "cursor": cursor})
            if answer.status_code != 200:
                return []
            games += answer.json()["games"]
            cursor = answer.json()["next"]
            if cursor is None:
                return games


def test_a_free_port_is_not_called_taken() -> None:
    from launcher.dev.dev import _taken

    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        assert _taken(busy.getsockname()[1])
    assert not _taken(free_port())


async def test_production_s_variables_do_not_reach_it_and_operators_commands_do(
    start: Start, checkout: Path, python: str
) -> None:
    exported = {
        "DATABASE_URL": "postgresql://u:p@127.0.0.1:9/production",
        "MIGRATION_DATABASE_URL": "postgresql://u:p@127.0.0.1:9/production",
        "HEARTBEAT_URL": "http://127.0.0.1:9/ping",
        "DATABASE_POOLER": "true",
    }
    environment = dev_environment(checkout, **exported)
    running = start_dev(start, environment, checkout)
    await eventually(lambda: filled(environment["PORT"]), timeout=60)
    assert "127.0.0.1:9" not in running.text
    said = checkout / ".local" / "dev" / "env"
    assert said.stat().st_mode & 0o777 == 0o600
    await eventually(lambda: "settings for a shell  . .local/dev/env" in running.text, timeout=10)
    ran = await asyncio.create_subprocess_exec(
        "sh", "-c", f'. .local/dev/env && exec "{python}" -m launcher jobs list',
        cwd=checkout, env=environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(ran.communicate(), 30)
    assert ran.returncode == 0
    assert b"daily_pass" in out
    running.signal(signal.SIGTERM)
    assert await asyncio.to_thread(running.process.wait, 30) == 0


@pytest.mark.parametrize("port", ["abc", "0", "99999", "-1"])
def test_a_port_that_is_none_is_named(checkout: Path, python: str, port: str) -> None:
    ran = subprocess.run(
        [python, "-m", "launcher", "dev"],
        check=False, cwd=checkout, env=dev_environment(checkout) | {"PORT": port},
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr == f"PORT is no port: {port}. Choose one from 1 to 65535: PORT=8080 make dev\n"
