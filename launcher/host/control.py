"""The control socket of `launcher up`: asked by `launcher status` and `launcher reload`, one line each way."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson

from launcher.host.supervisor import ReloadError, Supervisor

STATUS_SECONDS = 2.0
RELOAD_SECONDS = 600.0  # one instance after another, each up to its drain time


class NoSupervisorError(OSError):
    """No `launcher up` of this checkout runs here."""


def control_path() -> Path:
    """Return the control socket of this checkout's supervisor: short, for socket paths end at 107 bytes."""
    # Named after the place where this module stood first: the version before must find the same socket.
    first = Path(__file__).resolve().parents[1] / "control.py"
    here = hashlib.blake2b(str(first).encode(), digest_size=6).hexdigest()
    return Path(tempfile.gettempdir()) / f"launcher-{os.getuid()}-{here}.sock"


@contextlib.asynccontextmanager
async def answering(supervisor: Supervisor) -> AsyncIterator[None]:
    """Answer questions to `supervisor` while the block runs. Only this user can ask."""
    path = control_path()
    path.unlink(missing_ok=True)  # left by one that was killed; one that runs holds the port, so we are alone
    server = await asyncio.start_unix_server(lambda r, w: _answer(supervisor, r, w), path)
    path.chmod(0o600)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def _answer(supervisor: Supervisor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    answer: dict[str, object]
    match (await reader.readline()).decode(errors="replace").split():
        case ["status"]:
            answer = {"processes": supervisor.report()}
        case ["reload", role]:
            try:
                done = await supervisor.reload(role)
                answer = {"reloaded": done} if done else {"error": f"nothing of role {role!r} runs here"}
            except ReloadError as problem:
                answer = {"error": str(problem)}
        case _:
            answer = {"error": "ask: status, or reload ROLE"}
    with contextlib.suppress(OSError):
        writer.write(orjson.dumps(answer) + b"\n")
        await writer.drain()
    writer.close()


def ask(question: str, timeout: float) -> dict[str, Any]:
    """Return the supervisor's answer. Raises NoSupervisorError, or TimeoutError after `timeout` seconds."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(control_path()))
        except OSError:
            raise NoSupervisorError("No `launcher up` of this checkout runs here.") from None
        connection.sendall(f"{question}\n".encode())
        answer = b""
        while not answer.endswith(b"\n") and (part := connection.recv(65536)):
            answer += part
    if not answer.endswith(b"\n"):
        raise NoSupervisorError("The supervisor ended before it answered.")
    found: dict[str, Any] = orjson.loads(answer)
    return found
