"""Saves by many at once, web killed and Redis restarted in the middle: each parlay once, none lost.

SAVES=1000 makes as many as docs/accounts.md speaks of; CI makes a tenth of the trouble, with the same parts.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from launcher.dev.embedded import valkey_server
from ops.database import raw, session
from quartapp.app import Web
from tests.e2e.conftest import Running, start
from tests.support.members import Person, register
from tests.support.slips import slip
from tests.support.waiting import eventually, free_port

__all__ = ["start"]  # a fixture

SAVES = int(os.environ.get("SAVES", "150"))
MEMBERS, AT_ONCE = 10, 60


@pytest.mark.chaos
async def test_each_parlay_is_saved_once_and_none_is_lost(
    web: Web,
    client: httpx.AsyncClient,
    settings_env: Callable[..., dict[str, str]],
    start: Callable[..., Running],
    tmp_path: Path,
) -> None:
    wanted = await slip(client)
    people = [await register(client) for _ in range(MEMBERS)]
    port, redis_port = free_port(), free_port()
    environment = settings_env(
        PORT=str(port), HOST="127.0.0.1", REDIS_URL=f"redis://127.0.0.1:{redis_port}/0"
    )
    url = f"http://127.0.0.1:{port}"
    # Two of three saves are new; every second of those comes once more, under its key.
    keys = [f"key-{number}" for number in range(SAVES * 2 // 3)]
    asked = [*keys, *keys[::2]]
    answered: list[tuple[str, str]] = []
    with valkey_server(_folder(tmp_path, "one"), port=redis_port):
        serving = start("web", environment=environment)
        await eventually(lambda: _ready(url))
        saving = asyncio.create_task(_save_all(url, people, wanted, asked, answered))
        await eventually(lambda: len(answered) >= len(asked) // 4)
        serving.signal(signal.SIGKILL)
        start("web", environment=environment)
        await eventually(lambda: len(answered) >= len(asked) // 2)
    with valkey_server(_folder(tmp_path, "two"), port=redis_port):
        await saving
    by_key: dict[str, set[str]] = {}
    for key, parlay_id in answered:
        by_key.setdefault(key, set()).add(parlay_id)
    assert set(by_key) == set(keys)
    assert {len(ids) for ids in by_key.values()} == {1}, "a repeat is answered with the same parlay"
    async with session(web.stores.database) as connection:
        saved = [str(row["id"]) for row in await raw(connection).fetch("SELECT id FROM saved_parlays")]
        legs = await raw(connection).fetchval("SELECT count(*) FROM saved_parlay_legs")
    assert sorted(saved) == sorted(parlay_id for ids in by_key.values() for parlay_id in ids)
    assert legs == len(keys) * len(wanted["legs"])


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


async def _ready(url: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{url}/api/sports", timeout=5)).status_code == 200
    except httpx.HTTPError:
        return False


async def _save_all(
    url: str, people: list[Person], wanted: dict[str, Any], asked: list[str], answered: list[tuple[str, str]]
) -> None:
    """Save until each request has its answer, as a client does that repeats what it heard nothing of."""
    places = asyncio.Semaphore(AT_ONCE)

    async def save(client: httpx.AsyncClient, key: str) -> None:
        person = people[int(key.partition("-")[2]) % len(people)]
        headers = {**person.bearer, "Idempotency-Key": key}

        async def answer() -> httpx.Response | None:
            try:
                said = await client.post("/api/me/parlays", json=wanted, headers=headers, timeout=30)
            except httpx.HTTPError:
                return None
            return None if said.status_code == 503 else said

        async with places:
            said = await eventually(answer, timeout=60, pause=0.05)
        assert said.status_code == 201, said.text
        answered.append((key, said.json()["id"]))

    async with httpx.AsyncClient(base_url=url, limits=httpx.Limits(max_connections=AT_ONCE)) as client:
        await asyncio.gather(*(save(client, key) for key in asked))
