"""`launcher healthcheck`: for compose, where the image has no curl. Lean: it runs every few seconds.

web is alive when it answers /healthz: a missing database must not make Docker call it unhealthy, for a
restart would mend nothing and lose the documents in memory. clock is alive when its process on this host
has said so in Redis within thirty seconds; with Redis away it counts as alive, for the same reason.
"""

from __future__ import annotations

import http.client
import os
import socket


def check_web() -> str | None:
    """Return what is wrong, or None."""
    port = int(os.environ.get("PORT") or 8000)
    host = os.environ.get("HOST") or "127.0.0.1"
    host = "127.0.0.1" if host == "0.0.0.0" else "::1" if host == "::" else host  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return None if answer.status == 200 else f"/healthz answered {answer.status}"
    except OSError as problem:
        return f"nothing answers on port {port} ({type(problem).__name__})"
    finally:
        connection.close()


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
