"""The verdict: what is overdue, who starts again and again, and which versions run beside each other."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson
import pytest

from ops.clock import thresholds
from ops.instances import Instance, beat, living, recent_starts

if TYPE_CHECKING:
    from redis.asyncio import Redis

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class State:
    job_name: str
    status: str = "success"
    paused: bool = False
    next_run_at: datetime | None = NOW - timedelta(minutes=6)


def instance(role: str = "web", sha: str = "a", started: datetime = NOW, host: str = "h") -> Instance:
    text = started.isoformat()
    return Instance(role, f"{host}:{role}:1", 1, sha, text, text)


def test_a_job_that_should_have_run_is_overdue_unless_it_runs_or_is_paused() -> None:
    assert thresholds.overdue([State("late")], NOW) == ["late"]
    assert thresholds.overdue([State("paused", paused=True), State("never", next_run_at=None)], NOW) == []


def test_a_tick_that_waits_for_a_long_run_is_given_longer() -> None:
    jobs = [State("waits"), State("runs", status="running")]
    assert thresholds.overdue(jobs, NOW) == []
    assert thresholds.overdue(jobs, NOW + timedelta(minutes=15)) == ["waits"]


def test_two_versions_are_a_trouble_once_no_deploy_takes_so_long() -> None:
    both = [instance(sha="a", started=NOW - timedelta(hours=1)), instance(sha="b")]
    assert thresholds.versions_mixed(both, NOW + timedelta(minutes=5)) == []
    assert thresholds.versions_mixed(both, NOW + timedelta(minutes=16)) == ["a", "b"]
    assert thresholds.versions_mixed(both[:1], NOW + timedelta(hours=1)) == []


def test_many_starts_are_a_crash_loop_and_many_workers_are_not() -> None:
    assert thresholds.crash_loops({("web", "h"): 6}, [instance()]) == ["web"]
    assert thresholds.crash_loops({("web", "h"): 6}, [instance()] * 4) == []
    assert thresholds.crash_loops({("web", "h"): 5}, [instance()]) == []
    silent = [replace(instance(), quiet_seconds=20.0)] * 4
    assert thresholds.crash_loops({("web", "h"): 6}, [instance(), *silent]) == ["web"]


async def start_and_end(redis: Redis, *, how: str) -> None:
    """Let a process of role web speak once, and end it."""
    stop = asyncio.Event()
    beating = asyncio.create_task(beat(redis, "web", "sha", stop, ended_well=lambda: how == "stopped"))
    while not await redis.keys("mark:*"):
        await asyncio.sleep(0)
    if how == "killed":
        while not beating.done():  # the client may swallow one cancellation
            beating.cancel()
            await asyncio.sleep(0)
        await redis.delete("gone", *await redis.keys("mark:*"), *await redis.keys("instance:*"))
    else:
        stop.set()
        await beating


@pytest.mark.parametrize(("how", "loops"), [("killed", ["web"]), ("crashed", ["web"]), ("stopped", [])])
async def test_starts_count_unless_their_processes_stopped_in_good_order(
    redis: Redis, how: str, loops: list[str]
) -> None:
    """Three good deploys of four processes within minutes are twelve starts and no crash loop."""
    for _ in range(12):
        await start_and_end(redis, how=how)
    assert thresholds.crash_loops(await recent_starts(redis), await living(redis)) == loops


async def test_a_newer_versions_mark_is_read_and_what_is_no_mark_is_passed_over(redis: Redis) -> None:
    mark = {"role": "web", "holder": "h:web:1", "pid": 1, "git_sha": "x", "started_at": "s", "seen_at": "s"}
    await redis.set("instance:web:newer", orjson.dumps(mark | {"mood": {"good": True}}))
    await redis.set("instance:web:odd", b"[]")
    await redis.set("instance:web:cut", b'{"role":')
    assert [one.holder for one in await living(redis)] == ["h:web:1"]
