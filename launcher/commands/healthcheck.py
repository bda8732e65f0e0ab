"""`launcher healthcheck`: for compose, where the image has no curl. Lean: it runs every few seconds.

web is alive when each of its processes answers /healthz: a missing database must not make Docker call it
unhealthy, for a restart would mend nothing and lose the documents in memory. Each process is asked through
a unix socket of its own, because the port may be shared with an older container during a deploy. clock is
alive when the process of this container (it leaves the name of its mark in /tmp) has said so in Redis within
thirty seconds; with Redis away it counts as alive, for the same reason. A deploy asks for more: with --ready a
clock of this very commit must have reached its stores and lead or stand by.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path

from launcher.serve.aside import aside_file, held_aside
from launcher.serve.sockets import health_socket

ASK_SECONDS = 3
ASK_READY_SECONDS = 10  # /readyz asks PostgreSQL and Redis, each within 2 s


def check_web(*, ready: bool = False) -> str | None:
    """Return what is wrong, or None. With `ready` the processes must also be ready for visitors."""
    port = int(os.environ.get("PORT") or 8000)
    path, timeout = ("/readyz", ASK_READY_SECONDS) if ready else ("/healthz", ASK_SECONDS)
    doors = [door for door in health_socket(port, 0).parent.glob(_pattern(port)) if _lives(door)]
    wanted = int(os.environ.get("WEB_CONCURRENCY") or 1)
    if len(doors) < wanted and os.environ.get("REUSE_PORT", "").lower() in ("1", "true", "yes", "on"):
        return f"{len(doors)} of {wanted} web processes of this container serve port {port}"
    if not doors:
        return _ask(http.client.HTTPConnection(_host(), port, timeout=timeout), path, f"port {port}")
    for door in doors:
        if ready and aside_file(_process_of(door)).exists() and not held_aside():
            return f"{door.name} does not listen on port {port} yet"
        if wrong := _ask(UnixConnection(door, timeout), path, door.name):
            return wrong
    return None


def check_clock(*, ready: bool = False) -> str | None:
    """Return what is wrong, or None. With `ready` the clock must have reached its stores, and be of this commit."""
    import redis

    from ops.instances import mark_file

    url = os.environ.get("REDIS_URL", "")
    if not url:
        return "REDIS_URL is not set"
    pattern = mark_file("clock", 0).name.removesuffix("0") + "*"
    names = [path.read_text() for path in mark_file("clock", 0).parent.glob(pattern) if _lives(path)]
    try:
        with redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
            marks = [value for value in client.mget(names) if value] if names else []
    except redis.RedisError as problem:
        return f"Redis does not answer ({type(problem).__name__}): see REDIS_URL" if ready else None
    if not ready:
        return None if marks else "no clock of this host or container has said that it is alive"
    if not names:
        return "no clock of this container has reached its stores yet"
    return None if any(_stands(value) for value in marks) else _why_not(marks)


def _stands(mark: bytes) -> bool:
    """Tell whether a mark is of this image's commit and says that its clock leads or stands by."""
    found = json.loads(mark)
    commit = os.environ.get("GIT_SHA") or found.get("commit")
    return found.get("state") in ("leading", "standby") and found.get("commit") == commit


def _why_not(marks: list[bytes]) -> str:
    said = [f"{found.get('state')} at {found.get('commit')}" for found in map(json.loads, marks)]
    return f"the clock of this container neither leads nor stands by ({', '.join(said) or 'it has said nothing'})"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's path instead of a host and port."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _ask(connection: http.client.HTTPConnection, path: str, where: str) -> str | None:
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status == 200:
            return None
        return f"{path} answered {answer.status} at {where}{_failing(answer.read(65536))}"
    except (OSError, http.client.HTTPException) as problem:
        return f"nothing answers at {where} ({type(problem).__name__})"
    finally:
        connection.close()


def _failing(body: bytes) -> str:
    """Name the checks of /readyz that are not well, and the setting behind each."""
    settings = {
        "database": "DATABASE_URL",
        "redis": "REDIS_URL",
        "migrations": "python -m ops.migrate_with_lock",
    }
    try:
        checks = json.loads(body)["checks"]
        names = [name for name, check in checks.items() if not check.get("ok")]
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""
    said = [f"{name} (see {settings[name]})" if name in settings else name for name in names]
    return f"; not well: {', '.join(said)}" if said else ""


def _pattern(port: int) -> str:
    return f"launcher-web-{os.getuid()}-{port}-*.sock"


def _lives(door: Path) -> bool:
    """Tell whether the process that made `door` still runs; a killed one leaves its socket behind."""
    try:
        os.kill(_process_of(door), 0)
    except (ValueError, ProcessLookupError):
        door.unlink(missing_ok=True)
        return False
    except PermissionError:
        return False
    return True


def _process_of(door: Path) -> int:
    return int(door.stem.rpartition("-")[2])


def _host() -> str:
    host = os.environ.get("HOST") or "127.0.0.1"
    return "127.0.0.1" if host == "0.0.0.0" else "::1" if host == "::" else host  # noqa: S104 - compared, not bound
