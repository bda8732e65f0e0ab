"""`launcher up`: the Procfile's roles under the supervisor, with a control socket for status and reload."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import time
from typing import TYPE_CHECKING

import click

from launcher.host.child import Spec
from launcher.host.control import answering
from launcher.host.handshake import MIGRATED, ready_marker
from launcher.host.procfile import Role, RoleError, parse_scale, read_procfile
from launcher.host.schema import bring_schema
from launcher.host.supervisor import TIDY_UP_SECONDS, Supervisor
from launcher.host.workers import stop_on_signals
from launcher.serve.sockets import LISTEN_FD, PortError, listening_socket
from ops.telemetry.logs import configure_logging

if TYPE_CHECKING:
    from quartapp.settings import Settings

READY_SECONDS = 60.0


def run_up(settings: Settings, scale: str) -> int:
    """Run until SIGTERM or a role that cannot be kept alive; return the exit code."""
    configure_logging(settings.log_level, settings.log_format, settings.secrets)
    try:
        roles = read_procfile()
        counts = parse_scale(scale, roles)
    except (RoleError, OSError) as problem:
        click.echo(str(problem), err=True)
        return 2
    if not any(counts.values()):
        click.echo(f"--scale {scale!r} leaves nothing to run: give a role a count above 0.", err=True)
        return 2
    if not bring_schema(settings):
        return 1
    try:
        # Without a web process the port is nobody's, and may well be in use by another.
        listening = listening_socket(settings) if counts.get("web") else None
    except PortError as problem:
        click.echo(str(problem), err=True)
        return 1
    try:
        specs = [spec for role in roles.values() for spec in _specs(role, counts[role.name], listening)]
    except RoleError as problem:
        click.echo(str(problem), err=True)
        return 2
    return asyncio.run(_supervise(specs, settings.drain_seconds + TIDY_UP_SECONDS))


def _specs(role: Role, count: int, listening: socket.socket | None) -> list[Spec]:
    command = list(role.command)
    if command[0] in ("python", "python3"):
        command[0] = sys.executable  # this environment's, whatever PATH says
    elif shutil.which(command[0]) is None:
        raise RoleError(f"{role.name}: there is no command {command[0]!r}.")
    descriptors = (listening.fileno(),) if role.name == "web" and listening is not None else ()
    web = bool(descriptors)
    environment = (
        {LISTEN_FD: str(descriptors[0]), MIGRATED: "1", "WEB_CONCURRENCY": "1"} if descriptors else {}
    )
    return [
        Spec(
            f"{role.name}.{number}",
            tuple(command),
            environment | ({"SCHEDULER_STANDALONE": "true"} if web else {}) | {"PYTHONUNBUFFERED": "1"},
            descriptors,
            web_ready if web else None,
        )
        for number in range(1, count + 1)
    ]


async def web_ready(process_id: int) -> None:
    """Wait until the instance has left its mark: it serves, and holds its documents. Raises TimeoutError."""
    marker = ready_marker(process_id)
    deadline = time.monotonic() + READY_SECONDS
    while not marker.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {process_id} was not ready within {READY_SECONDS:g} s")
        await asyncio.sleep(0.05)


async def _supervise(specs: list[Spec], grace_seconds: float) -> int:
    supervisor = Supervisor(specs, grace_seconds=grace_seconds)
    stop_on_signals(supervisor)
    async with answering(supervisor):
        return await supervisor.run()
