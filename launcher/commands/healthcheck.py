"""`launcher healthcheck`: for compose, where the image has no curl. Lean: it runs every few seconds.

web is alive when each of its processes answers /healthz: a missing database must not make Docker call it
unhealthy, for a restart would mend nothing and lose the documents in memory. Each process is asked through
a unix socket of its own, because the port may be shared with an older container during a deploy. clock is
alive when its process on this host has said so in Redis within thirty seconds; with Redis away it counts
as alive, for the same reason.
"""

from __future__ import annotations

import http.client
import os
import socket
from pathlib import Path

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
        if wrong := _ask(UnixConnection(door, timeout), path, door.name):
            return wrong
    return None


def check_clock() -> str | None:
    """Return what is wrong, or None."""
    import redis

    url = os.environ.get("REDIS_URL", "")
    if not url:
        return "REDIS_URL is not set"
    try:
        with redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            found = next(client.scan_iter(match=f"instance:clock:{socket.gethostname()}:*", count=500), None)
    except redis.RedisError:
        return None
    return None if found is not None else "no clock of this host has said that it is alive"


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
        return None if answer.status == 200 else f"{path} answered {answer.status} at {where}"
    except (OSError, http.client.HTTPException) as problem:
        return f"nothing answers at {where} ({type(problem).__name__})"
    finally:
        connection.close()


def _pattern(port: int) -> str:
    return f"launcher-web-{os.getuid()}-{port}-*.sock"


def _lives(door: Path) -> bool:
    """Tell whether the process that made `door` still runs; a killed one leaves its socket behind."""
    try:
        os.kill(int(door.stem.rpartition("-")[2]), 0)
    except (ValueError, ProcessLookupError):
        door.unlink(missing_ok=True)
        return False
    except PermissionError:
        return False
    return True


def _host() -> str:
    host = os.environ.get("HOST") or "127.0.0.1"
    return "127.0.0.1" if host == "0.0.0.0" else "::1" if host == "::" else host  # noqa: S104 - compared, not bound
