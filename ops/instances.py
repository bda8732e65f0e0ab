"""Which processes are alive: each says so in Redis every ten seconds, and is forgotten after thirty.

A process writes two keys. ``instance:*`` has the six fields that every version before this one reads, and refuses to
read with any more; ``mark:*`` has those and what came later. Readers take fields by name, ignore those they do not
know, and prefer the mark: during a deploy two versions read each other.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from ops.stores import Unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

State = Literal["connected", "standby", "leading"]

BEAT_SECONDS = 10.0
FORGOTTEN_AFTER_SECONDS = 30
STARTS_SECONDS = (
    300  # how long a start is remembered, to tell a process that dies at once from one that lives
)
STARTS_KEPT = 50
_OLD_FIELDS = ("role", "holder", "pid", "git_sha", "started_at", "seen_at")


@dataclass(frozen=True, slots=True)
class Instance:
    """One living process."""

    role: str
    holder: str
    pid: int
    git_sha: str
    started_at: str
    seen_at: str
    state: str = ""  # connected, standby or leading; empty in marks of older versions
    starts: int = 1  # of this role on this host within five minutes, this one among them
    place: str = ""  # the container's id; empty outside Docker
    number: str = "1"  # which of the role's processes in that place
    commit: str = ""  # the same as git_sha
    started: float = 0.0  # started_at with fractions: two starts may share a second


class Standing:
    """What this process is at the moment; a change is told at once."""

    def __init__(self) -> None:
        self.state: State = "connected"
        self._changed = asyncio.Event()

    def become(self, state: State) -> None:
        """Change the state and wake the beat."""
        if state != self.state:
            self.state = state
            self._changed.set()

    async def changed_or(self, stop: asyncio.Event, seconds: float) -> None:
        """Wait for a change or for `stop`, at most `seconds`."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._changed, stop)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            self._changed.clear()


def holder_name(role: str) -> str:
    """Return this process's name in leases and the ledger: host:role:process."""
    return f"{socket.gethostname()}:{role}:{os.getpid()}"


def own_place() -> str:
    """Return the id of the container this process runs in, or nothing outside Docker.

    The host's name will not do, because two containers on the host's network share it.
    """
    try:
        mounts = Path("/proc/self/mountinfo").read_text()
    except OSError:
        return ""
    found = re.search(r"/containers/([0-9a-f]{64})/hostname ", mounts)
    return found[1] if found else ""


def mark_file(role: str, process_id: int) -> Path:
    """Return the file in which a process leaves the name of its mark, for the health check of its own container."""
    return Path(tempfile.gettempdir()) / f"launcher-mark-{os.getuid()}-{role}-{process_id}"


async def beat(
    redis: Redis, role: str, git_sha: str, stop: asyncio.Event, standing: Standing | None = None
) -> None:
    """Say that this process is alive until `stop`; then say that it is gone."""
    standing = standing or Standing()
    holder, began, token = holder_name(role), time.time(), secrets.token_hex(4)
    place = own_place()
    number = os.environ.get("LAUNCHER_PROCESS") or os.environ.get("LAUNCHER_WORKER") or "1"
    # On the host's network two containers have one host name, and often one process id: a token tells them apart.
    name = f"{role}:{holder}:{token}"
    starts = 0
    leaves_file = mark_file(role, os.getpid())
    with suppress(OSError):  # without it only this container's health check suffers
        leaves_file.write_text(f"mark:{name}")
    while not stop.is_set():
        # Readiness and the clock report a missing Redis; this has nothing to add.
        with suppress(*Unavailable):
            if not starts:
                starts = await _record_start(redis, role)
            mark = Instance(
                *(role, holder, os.getpid(), git_sha, _text(began), _text(time.time())),
                state=standing.state,
                starts=starts,
                place=place,
                number=number,
                commit=git_sha,
                started=began,
            )
            told = asdict(mark)
            old = {field: told[field] for field in _OLD_FIELDS}
            await redis.set(f"mark:{name}", orjson.dumps(told), ex=FORGOTTEN_AFTER_SECONDS)
            await redis.set(f"instance:{name}", orjson.dumps(old), ex=FORGOTTEN_AFTER_SECONDS)
        await standing.changed_or(stop, BEAT_SECONDS)
    leaves_file.unlink(missing_ok=True)
    with suppress(*Unavailable):
        await redis.delete(f"mark:{name}", f"instance:{name}")


async def _record_start(redis: Redis, role: str) -> int:
    """Remember this start; return how many are remembered, this one among them."""
    key = f"starts:{role}:{socket.gethostname()}"
    async with redis.pipeline() as pipeline:
        pipeline.rpush(key, f"{datetime.now(UTC).timestamp():.0f}")
        pipeline.ltrim(key, -STARTS_KEPT, -1)
        pipeline.expire(key, STARTS_SECONDS)
        answers = await pipeline.execute()
    return min(int(answers[0]), STARTS_KEPT)


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
    """Return the processes seen in the last thirty seconds, by role and name.

    The mark of a process that was killed stays for thirty seconds; where its successor in the same container is
    known, it is left out.
    """
    newest: dict[str, Instance] = {}
    for pattern in ("instance:*", "mark:*"):  # the mark last, because it says more
        keys = [str(key) async for key in redis.scan_iter(match=pattern, count=200)]
        values = await redis.mget(keys) if keys else []
        for key, value in zip(keys, values, strict=True):
            if (mark := _read_mark(value)) is not None:
                newest[key.partition(":")[2]] = mark
    alive = [mark for mark in newest.values() if not _replaced(mark, newest.values())]
    return sorted(alive, key=lambda mark: (mark.role, mark.holder))


def _read_mark(value: str | bytes | None) -> Instance | None:
    """Read a mark by name: another version may write more fields or fewer, and what is no mark is passed over."""
    try:
        said = orjson.loads(value or "")
        return Instance(
            role=str(said["role"]),
            holder=str(said["holder"]),
            pid=int(said["pid"]),
            git_sha=str(said["git_sha"]),
            started_at=str(said["started_at"]),
            seen_at=str(said["seen_at"]),
            state=str(said.get("state", "")),
            starts=int(said.get("starts", 1)),
            place=str(said.get("place", "")),
            number=str(said.get("number", "1")),
            commit=str(said.get("commit", said["git_sha"])),
            started=float(said.get("started", 0.0)),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _replaced(mark: Instance, others: Any) -> bool:
    """Tell whether another process of the same container and number has come after this one."""
    return bool(mark.place) and any(
        other.place == mark.place
        and other.number == mark.number
        and other.role == mark.role
        and other.started > mark.started
        for other in others
    )


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
