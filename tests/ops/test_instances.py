"""Marks of living processes: read by name, of two versions; crash loops are known; the dead are not alive."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from launcher.commands.healthcheck import check_clock
from ops.clock.facts import Facts
from ops.clock.verdict import judge
from ops.instances import (
    FORGOTTEN_AFTER_SECONDS,
    Instance,
    Standing,
    beat,
    living,
    mark_file,
    own_pid_space,
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


async def test_the_mark_of_a_process_that_is_known_to_be_dead_is_left_out(redis: Any) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here: dict[str, Any] = {"holder": f"{socket.gethostname()}:web:1", "pid_space": own_pid_space()}
    marks: dict[str, dict[str, Any]] = {
        "dead here": here | {"pid": ended.pid},
        "alive here": here | {"pid": os.getpid()},
        "another container": here | {"pid": ended.pid, "pid_space": "pid:[1]"},
        "another host": here | {"pid": ended.pid, "holder": "elsewhere:web:1"},
        "an older version": here | {"pid": ended.pid, "pid_space": ""},
    }
    for name, changes in marks.items():
        await redis.set(f"mark:web:{name}", orjson.dumps(a_mark(git_sha=name, **changes)))
    if not own_pid_space():
        pytest.skip("this system does not say in what a process id counts")
    assert {mark.git_sha for mark in await living(redis)} == set(marks) - {"dead here"}


async def test_a_process_that_missed_a_beat_is_silent_and_not_alive(redis: Any) -> None:
    for name, seconds in (("speaks", FORGOTTEN_AFTER_SECONDS), ("silent", FORGOTTEN_AFTER_SECONDS - 20)):
        await redis.set(f"mark:web:{name}", orjson.dumps(a_mark(role="web", git_sha=name)), ex=seconds)
    found = {mark.git_sha: mark for mark in await living(redis)}
    assert not found["speaks"].silent
    assert found["silent"].silent
    facts = Facts(datetime.now(UTC), leader="x", instances=[found["silent"]])
    assert "no_web" in {trouble.code for trouble in judge(facts).troubles}
    facts.instances.append(found["speaks"])
    assert "no_web" not in {trouble.code for trouble in judge(facts).troubles}


def test_a_clock_is_ready_once_it_of_this_commit_leads_or_stands_by(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
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
