"""How Hypercorn is set up here, and the one place where a name of its interior is replaced."""

from __future__ import annotations

import logging
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import hypercorn.asyncio.run
from hypercorn.config import Config

from launcher.serve.connection import HEAD_BYTES
from launcher.serve.sockets import health_socket
from ops.telemetry.events import emit

if TYPE_CHECKING:
    from launcher.serve.connection import Connections
    from quartapp.settings import Settings


UNIX_PATH_MAX = 103  # bytes, macOS; 107 on Linux


def hypercorn_config(settings: Settings, listening: socket.socket) -> tuple[Config, Path]:
    """Return Hypercorn's settings, and the path of this process's own socket for health checks."""
    config = Config()
    own_door = health_socket(listening.getsockname()[1], os.getpid())
    config.bind = [f"fd://{listening.fileno()}"]
    if len(os.fsencode(own_door)) <= UNIX_PATH_MAX:
        # First, because it answers already while the port stands aside during a deploy.
        config.bind.insert(0, f"unix:{own_door}")
    else:
        emit("health_socket_refused", error="the folder for temporary files has too long a name; set TMPDIR")
    config.umask = 0o077  # the health socket is this user's alone
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")  # as it is: our handler has the root
    config.include_server_header = False
    config.graceful_timeout = settings.drain_seconds
    config.read_timeout = None  # how long a connection may stay as it is: launcher/serve/connection.py
    config.h11_max_incomplete_size = HEAD_BYTES
    # No bound: an answer to a request whose body filled the queue would never end. Connection bounds the bytes.
    config.max_app_queue_size = 0
    # No bound: over HTTP/2 the request beyond it is never answered, and a kept connection is bounded by its idle time.
    config.keep_alive_max_requests = sys.maxsize
    config.backlog = 1024
    return config, own_door


def serve_connections_of(connections: Connections) -> None:
    """Let Hypercorn hand every connection that it accepts to `connections`."""
    # Hypercorn has no hook for it. tests/serve/test_hypercorn_interior.py fails when this name is gone.
    vars(hypercorn.asyncio.run)["TCPServer"] = connections.accept
