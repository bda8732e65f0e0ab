"""Which processes are alive: each says so in Redis every ten seconds, and is forgotten after thirty.

One that was killed cannot say that it is gone. Its mark is left out where that can be known, which is on its own host
and beside its successor; elsewhere it is `silent` after fifteen seconds, and nothing counts it as alive any more.

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
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import orjson

from ops.stores import Unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

State = Literal["connected", "standby", "leading"]

BEAT_SECONDS = 10.0
SILENT_AFTER_SECONDS = 15.0  # it has missed a beat, and half of another
FORGOTTEN_AFTER_SECONDS = 30
STARTS_SECONDS = 300  # so long is a start remembered whose process did not stop in good order
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
    starts: int = (
        1  # of this role on this host within five minutes that did not stop in good order, and this one
    )
    place: str = ""  # the container's id; empty outside Docker
    number: str = "1"  # which of the role's processes in that place
    commit: str = ""  # the same as git_sha
    started: float = 0.0  # started_at with fractions: two starts may share a second
    pid_space: str = ""  # in which `pid` counts; empty where the system does not say
    quiet_seconds: float = 0.0  # since its last word, by the clock of Redis; known to the reader alone

    @property
    def silent(self) -> bool:
        """Whether it has missed a beat: killed, frozen, or cut off from Redis."""
        return self.quiet_seconds > SILENT_AFTER_SECONDS


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


def own_pid_space() -> str:
    """Return the name of what this process's id counts in: two containers on one host each have a process 7."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def mark_file(role: str, process_id: int) -> Path:
    """Return the file in which a process leaves the name of its mark, for the health check of its own container."""
    return Path(tempfile.gettempdir()) / f"launcher-mark-{os.getuid()}-{role}-{process_id}"


async def beat(
    redis: Redis,
    role: str,
    git_sha: str,
    stop: asyncio.Event,
    standing: Standing | None = None,
    *,
    ended_well: Callable[[], bool] = lambda: True,
) -> None:
    """Say that this process is alive until `stop`; then say that it is gone.

    A start whose process then `ended_well` is forgotten: deploys and reloads are no crash loop.
    """
    standing = standing or Standing()
    holder, began, token = holder_name(role), time.time(), secrets.token_hex(4)
    place = own_place()
    number = os.environ.get("LAUNCHER_PROCESS") or os.environ.get("LAUNCHER_WORKER") or "1"
    # On the host's network two containers have one host name, and often one process id: a token tells them apart.
    name = f"{role}:{holder}:{token}"
    pid_space = own_pid_space()
    starts, start = 0, ""
    leaves_file = mark_file(role, os.getpid())
    with suppress(OSError):  # without it only this container's health check suffers
        leaves_file.write_text(f"mark:{name}")
    while not stop.is_set():
        # Readiness and the clock report a missing Redis; this has nothing to add.
        with suppress(*Unavailable):
            if not starts:
                start = f"{time.time():.0f}"
                starts = await _record_start(redis, role, start)
            mark = Instance(
                *(role, holder, os.getpid(), git_sha, _text(began), _text(time.time())),
                state=standing.state,
                starts=starts,
                place=place,
                number=number,
                commit=git_sha,
                started=began,
                pid_space=pid_space,
            )
            told = asdict(mark)
            del told["quiet_seconds"]
            old = {field: told[field] for field in _OLD_FIELDS}
            await redis.set(f"mark:{name}", orjson.dumps(told), ex=FORGOTTEN_AFTER_SECONDS)
            await redis.set(f"instance:{name}", orjson.dumps(old), ex=FORGOTTEN_AFTER_SECONDS)
        await standing.changed_or(stop, BEAT_SECONDS)
    leaves_file.unlink(missing_ok=True)
    with suppress(*Unavailable):
        await redis.delete(f"mark:{name}", f"instance:{name}")
        if starts and ended_well():
            await redis.lrem(_starts_key(role), 1, start)


def _starts_key(role: str) -> str:
    return f"starts:{role}:{socket.gethostname()}"


async def _record_start(redis: Redis, role: str, start: str) -> int:
    """Remember this start; return how many are remembered, this one among them."""
    key = _starts_key(role)
    async with redis.pipeline() as pipeline:
        pipeline.rpush(key, start)
        pipeline.ltrim(key, -STARTS_KEPT, -1)
        pipeline.expire(key, STARTS_SECONDS)
        answers = await pipeline.execute()
    return min(int(answers[0]), STARTS_KEPT)


async def recent_starts(redis: Redis) -> dict[tuple[str, str], int]:
    """Return how often each (role, host) has started within the last minutes without stopping in good order."""
    since = datetime.now(UTC).timestamp() - STARTS_SECONDS
    found: dict[tuple[str, str], int] = {}
    async for key in redis.scan_iter(match="starts:*", count=200):
        _, role, host = str(key).split(":", 2)
        moments = await redis.lrange(key, 0, -1)
        found[role, host] = sum(str(moment).isdigit() and int(moment) >= since for moment in moments)
    return found


async def living(redis: Redis) -> list[Instance]:
    """Return the processes that spoke in the last thirty seconds and are not known to be dead, by role and name."""
    newest: dict[str, Instance] = {}
    for pattern in ("instance:*", "mark:*"):  # the mark last, because it says more
        keys = [str(key) async for key in redis.scan_iter(match=pattern, count=200)]
        async with redis.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.get(key)
                pipeline.pttl(key)
            answers = await pipeline.execute()
        for key, value, left in zip(keys, answers[::2], answers[1::2], strict=True):
            if (mark := _read_mark(value)) is not None:
                quiet = FORGOTTEN_AFTER_SECONDS - left / 1000 if left >= 0 else 0.0
                newest[key.partition(":")[2]] = replace(mark, quiet_seconds=round(max(0.0, quiet), 1))
    alive = [mark for mark in newest.values() if not _replaced(mark, newest.values()) and not _dead(mark)]
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
            pid_space=str(said.get("pid_space", "")),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _dead(mark: Instance) -> bool:
    """Tell whether a process whose id this one can look up does not exist any more."""
    ours = bool(mark.pid_space) and mark.pid_space == own_pid_space()
    if not ours or mark.holder.split(":", 1)[0] != socket.gethostname():
        return False
    try:
        os.kill(mark.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # another user's
        return False
    return False


def _replaced(mark: Instance, others: Collection[Instance]) -> bool:
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
