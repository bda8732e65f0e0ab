"""Marks of living processes: read by name, of two versions; crash loops are known; the dead are not alive."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

import orjson
import pytest

from launcher.commands.healthcheck import check_clock
from ops.instances import (
    Instance,
    Standing,
    beat,
    living,
    mark_file,
)
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def a_mark(**changes: Any) -> dict[str, Any]:
    return (
        asdict(Instance("clock", "host:clock:7", 7, "abc", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"))
        | changes
    )


async def test_a_mark_says_commit_state_and_starts_and_the_old_key_keeps_its_six_fields(redis: Any) -> None:
    stop, standing = asyncio.Event(), Standing()
    running = asyncio.create_task(beat(redis, "clock", "abc", stop, standing))
    (mark,) = await eventually(lambda: living(redis))
    assert (mark.role, mark.commit, mark.state, mark.starts) == ("clock", "abc", "connected", 1)
    standing.become("leading")

    async def leads() -> bool:
        return [one.state for one in await living(redis)] == ["leading"]

    await eventually(leads)
    (key,) = await redis.keys("instance:*")
    # Older versions build their record from all fields of this key, and end on one they do not know.
    assert set(orjson.loads(await redis.get(key))) == {
        "role",
        "holder",
        "pid",
        "git_sha",
        "started_at",
        "seen_at",
    }
    stop.set()
    await running
    assert await living(redis) == []
    assert await redis.keys("instance:*") == []


async def test_marks_of_older_and_newer_versions_are_read_by_name(redis: Any) -> None:
    old = {name: a_mark()[name] for name in ("role", "holder", "pid", "git_sha", "started_at", "seen_at")}
    await redis.set("instance:clock:old:1", orjson.dumps(old | {"role": "web"}))
    await redis.set("instance:clock:new:1", orjson.dumps(old | {"later": 1}))
    await redis.set("mark:clock:newer:1", orjson.dumps(a_mark(later={"x": 1}, state="standby")))
    await redis.set("mark:clock:broken:1", "no json")
    assert [(mark.role, mark.state) for mark in await living(redis)] == [
        ("clock", ""),
        ("clock", "standby"),
        ("web", ""),
    ]


async def test_the_mark_of_a_killed_process_is_not_alive_beside_its_successor(redis: Any) -> None:
    place = "c" * 64
    for name, started in (("dead", 1.0), ("alive", 2.0)):
        await redis.set(
            f"mark:clock:{name}", orjson.dumps(a_mark(place=place, started=started, git_sha=name))
        )
    await redis.set("mark:clock:other", orjson.dumps(a_mark(place="d" * 64, started=0.5, git_sha="other")))
    assert sorted(mark.git_sha for mark in await living(redis)) == ["alive", "other"]


def test_a_clock_is_ready_once_it_of_this_commit_leads_or_stands_by(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    import redis as redis_client

    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("GIT_SHA", "abc")
    with redis_client.Redis.from_url(redis_url) as client:
        # The old clock on the same host is alive and leads: it says nothing of this container's.
        client.set(f"instance:clock:{os.uname().nodename}:clock:7:f", orjson.dumps(a_mark()))
        client.set("mark:clock:another", orjson.dumps(a_mark(state="leading", commit="abc")))
        assert "has reached its stores" in str(check_clock(ready=True))
        assert "no clock of this host" in str(check_clock())
        mark_file("clock", os.getpid()).write_text("mark:clock:own")
        assert "it has said nothing" in str(check_clock(ready=True))
        for state, commit, well in (
            ("connected", "abc", False),
            ("leading", "before", False),
            ("standby", "abc", True),
            ("leading", "abc", True),
        ):
            client.set("mark:clock:own", orjson.dumps(a_mark(state=state, commit=commit)))
            assert (check_clock(ready=True) is None) is well, (state, commit)
            assert check_clock() is None
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    assert "see REDIS_URL" in str(check_clock(ready=True))
    assert check_clock() is None  # a missing Redis is no reason to call the container unhealthy
