"""Which processes are alive: each says so in Redis every ten seconds, and is forgotten after thirty."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from ops.stores import Unavailable
from ops.tasks import waited

if TYPE_CHECKING:
    from redis.asyncio import Redis

BEAT_SECONDS = 10.0
FORGOTTEN_AFTER_SECONDS = 30
STARTS_SECONDS = (
    300  # how long a start is remembered, to tell a process that dies at once from one that lives
)
STARTS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Instance:
    """One living process."""

    role: str
    holder: str
    pid: int
    git_sha: str
    started_at: str
    seen_at: str


def holder_name(role: str) -> str:
    """Return this process's name in leases and the ledger: host:role:process."""
    return f"{socket.gethostname()}:{role}:{os.getpid()}"


async def beat(redis: Redis, role: str, git_sha: str, stop: asyncio.Event) -> None:
    """Say that this process is alive until `stop`; then say that it is gone."""
    holder, started = holder_name(role), _now()
    # On the host's network two containers have one host name, and often one process id: a token tells them apart.
    key = f"instance:{role}:{holder}:{secrets.token_hex(4)}"
    with suppress(*Unavailable):
        await _record_start(redis, role)
    while not stop.is_set():
        mark = Instance(role, holder, os.getpid(), git_sha, started, _now())
        # Readiness and the clock tell of a missing Redis; this has nothing to add.
        with suppress(*Unavailable):
            await redis.set(key, orjson.dumps(asdict(mark)), ex=FORGOTTEN_AFTER_SECONDS)
        await waited(stop, BEAT_SECONDS)
    with suppress(*Unavailable):
        await redis.delete(key)


async def _record_start(redis: Redis, role: str) -> None:
    key = f"starts:{role}:{socket.gethostname()}"
    async with redis.pipeline() as pipeline:
        pipeline.rpush(key, f"{datetime.now(UTC).timestamp():.0f}")
        pipeline.ltrim(key, -STARTS_KEPT, -1)
        pipeline.expire(key, STARTS_SECONDS)
        await pipeline.execute()


async def recent_starts(redis: Redis) -> dict[tuple[str, str], int]:
    """Return how often each (role, host) has started within the last minutes."""
    since = datetime.now(UTC).timestamp() - STARTS_SECONDS
    found: dict[tuple[str, str], int] = {}
    async for key in redis.scan_iter(match="starts:*", count=200):
        _, role, host = str(key).split(":", 2)
        moments = await redis.lrange(key, 0, -1)
        found[role, host] = sum(str(moment).isdigit() and int(moment) >= since for moment in moments)
    return found


async def living(redis: Redis) -> list[Instance]:
    """Return the processes seen in the last thirty seconds, by role and name."""
    keys = [key async for key in redis.scan_iter(match="instance:*", count=200)]
    values = await redis.mget(keys) if keys else []
    found = [mark for value in values if (mark := _mark(value)) is not None]
    return sorted(found, key=lambda one: (one.role, one.holder))


def _mark(value: str | bytes | None) -> Instance | None:
    """Read a mark by name: another version may write more fields, and what is no mark is passed over."""
    try:
        said = orjson.loads(value or "")
        return Instance(
            role=str(said["role"]),
            holder=str(said["holder"]),
            pid=int(said["pid"]),
            git_sha=str(said["git_sha"]),
            started_at=str(said["started_at"]),
            seen_at=str(said["seen_at"]),
        )
    except (ValueError, TypeError, KeyError):
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
