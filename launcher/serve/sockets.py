"""The socket that a web process listens on: the supervisor's, or its own."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quartapp.settings import Settings

LISTEN_FD = "LAUNCHER_LISTEN_FD"  # the supervisor's socket, handed down


class PortError(OSError):
    """The port cannot be bound; the message says which and what to do."""


def listening_socket(settings: Settings) -> socket.socket:
    """Return the socket to serve on: the supervisor's, or a new one. Raises PortError."""
    if inherited := os.environ.get(LISTEN_FD):
        return socket.socket(fileno=int(inherited))
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if settings.reuse_port:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as problem:
        listening.close()
        if problem.errno == errno.EADDRINUSE:
            raise PortError(
                f"Port {settings.port} is in use. Stop what listens there, or set PORT to another."
            ) from None
        raise PortError(f"{settings.host}:{settings.port} cannot be bound: {problem.strerror}.") from None
    if not settings.reuse_port:
        # Listening begins at once: a connection waits in the queue rather than being refused meanwhile.
        listening.listen(1024)
    return listening


def health_socket(port: int, process_id: int) -> Path:
    """Return where the web process `process_id` that serves `port` listens for this check alone."""
    return Path(tempfile.gettempdir()) / f"launcher-web-{os.getuid()}-{port}-{process_id}.sock"
