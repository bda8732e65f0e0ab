"""WEB_CONCURRENCY above 1: that many web processes on one listening socket, under the supervisor."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from typing import TYPE_CHECKING

from launcher.host.child import Spec
from launcher.host.handshake import MIGRATED
from launcher.host.parent import die_with_parent
from launcher.host.supervisor import TIDY_UP_SECONDS, Supervisor
from launcher.serve.sockets import LISTEN_FD

if TYPE_CHECKING:
    from quartapp.settings import Settings


def stop_on_signals(supervisor: Supervisor) -> None:
    """Let SIGTERM and SIGINT stop the supervisor in order."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.stop.set)


async def _leave(listening: socket.socket, stop: asyncio.Event) -> None:
    """Once stopping, hold the port no longer than the workers do: nobody would accept what waits for us."""
    await stop.wait()
    listening.close()


def run_workers(settings: Settings, listening: socket.socket) -> int:
    """Serve with WEB_CONCURRENCY processes on one socket; return the exit code."""
    die_with_parent()
    specs = [
        Spec(
            f"web.{number}",
            (sys.executable, "-m", "launcher", "web"),
            {LISTEN_FD: str(listening.fileno()), MIGRATED: "1", "LAUNCHER_WORKER": str(number)},
            (listening.fileno(),),
        )
        for number in range(1, settings.web_concurrency + 1)
    ]

    async def run() -> int:
        supervisor = Supervisor(specs, grace_seconds=settings.drain_seconds + TIDY_UP_SECONDS, prefix=False)
        stop_on_signals(supervisor)
        leaving = asyncio.create_task(_leave(listening, supervisor.stop))
        try:
            return await supervisor.run()
        finally:
            leaving.cancel()

    return asyncio.run(run())
