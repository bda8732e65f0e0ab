"""Role web: migrate under the lock, then serve Quart through Hypercorn, in this process.

Hypercorn's own workers drop requests at SIGTERM and a killed one stops its master, so every web process
is one in-process `serve`. WEB_CONCURRENCY > 1 is that many such processes on one listening socket, under
our supervisor.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING

from launcher.host.handshake import MIGRATED, ready_marker
from launcher.host.parent import die_with_parent
from launcher.host.schema import bring_schema
from launcher.serve.later import HTTP2, load_later
from launcher.serve.leave import end_at_the_latest
from launcher.serve.sockets import LISTEN_FD, PortError, listening_socket
from launcher.serve.stall import end_when_stalled
from ops.telemetry.events import emit
from ops.telemetry.logs import configure_logging

if TYPE_CHECKING:
    from launcher.serve.fast_reads import FastReads
    from quartapp.app import Web
    from quartapp.settings import Settings


WARM_SECONDS = 15


def run_web(settings: Settings) -> int:
    """Run the role until SIGTERM; return the exit code."""
    die_with_parent()
    configure_logging(settings.log_level, settings.log_format, settings.secrets)
    if os.environ.get(MIGRATED) != "1" and not bring_schema(settings):
        return 1
    try:
        listening = listening_socket(settings)
    except PortError as problem:
        emit("port_refused", error=str(problem))
        return 1
    if settings.web_concurrency > 1 and LISTEN_FD not in os.environ:
        from launcher.host.workers import run_workers

        return run_workers(settings, listening)
    import uvloop

    from launcher.serve.loop import AcceptingLoop

    code: int = uvloop.run(serve_web(settings, listening), loop_factory=AcceptingLoop)
    return code


async def serve_web(settings: Settings, listening: socket.socket) -> int:
    """Serve until SIGTERM or SIGINT, then drain; return the exit code."""
    load_later(*HTTP2)
    from hypercorn.asyncio import serve

    from launcher.serve.connection import Connections
    from launcher.serve.descriptors import ask_for_descriptors, watch_descriptors
    from launcher.serve.drain import let_go
    from launcher.serve.errors import answer_errors_with_problems
    from launcher.serve.hypercorn import hypercorn_config, serve_connections_of
    from quartapp.app import create_web

    ask_for_descriptors()
    stop, closing, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
    _prepare(asyncio.get_running_loop(), stop)
    web = create_web(settings)
    config, own_door = hypercorn_config(settings, listening)
    connections = Connections(_fast_reads(settings, web))
    serve_connections_of(connections)
    answer_errors_with_problems(web.access)
    web.tasks.start(connections.watch(ended), "connections")
    web.tasks.start(watch_descriptors(web.stopping), "descriptors")
    web.start()
    start_companions(settings, web)
    web.tasks.start(_spare_the_collector(web), "collector")
    if settings.reuse_port:
        await _warm(web, stop)
    emit("serving", host=settings.host, port=listening.getsockname()[1], pid=os.getpid())
    serving = asyncio.ensure_future(serve(web.asgi, config, shutdown_trigger=closing.wait))  # type: ignore[arg-type]  # an ASGI callable by shape
    watching = asyncio.ensure_future(web.tasks.failed.wait())
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((serving, watching, stopping), return_when=asyncio.FIRST_COMPLETED)
    crashed = web.tasks.failed.is_set() and not stop.is_set()
    await let_go(web.asgi)
    connections.stop()
    closing.set()
    # graceful_timeout is no bound where a handler never yields: this is.
    await asyncio.wait((serving,), timeout=settings.drain_seconds + 2)
    ended.set()
    for task in (serving, watching, stopping):
        task.cancel()
    await web.stop()
    own_door.unlink(missing_ok=True)
    emit("stopped")
    sys.stdout.flush()
    code = 1 if crashed else 0
    end_at_the_latest(code)
    return code


def _prepare(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Let signals set `stop`, end the process when its loop hangs, and open a shared port only when a deploy agrees."""
    from launcher.serve.aside import Aside
    from launcher.serve.loop import AcceptingLoop

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    end_when_stalled(loop)
    if isinstance(loop, AcceptingLoop):
        loop.stand_aside(Aside(stop))


def _fast_reads(settings: Settings, web: Web) -> FastReads | None:
    """Return what answers reads where their bytes arrive, unless a setting turns it off."""
    if not settings.fast_reads:
        return None
    from launcher.serve.fast_reads import FastReads

    front = web.asgi
    return FastReads(
        web.documents, web.access, find=front.in_memory, alive=front.alive(), closing=lambda: front.closing
    )


async def _spare_the_collector(web: Web) -> None:
    """Take what start-up made out of the collector's sight once all is loaded: it lives as long as the process."""
    from ops.tasks import first_of

    await first_of(web.stopping, web.loaded)
    gc.collect()
    gc.freeze()


async def _warm(web: Web, stop: asyncio.Event) -> None:
    """Wait for the documents before taking visitors from the process beside us that has them.

    Not for ever: with PostgreSQL away there may be no other process, and then 503 says more than silence.
    """
    from ops.tasks import waited

    deadline = time.monotonic() + WARM_SECONDS
    while not web.documents.warm and not stop.is_set() and time.monotonic() < deadline:
        await waited(stop, 0.05)


def start_companions(settings: Settings, web: Web) -> None:
    """Start what lives beside the server: the watchdog, the in-process clock, the word to the supervisor."""
    from ops.alerts.desk import Desk
    from ops.clock.watchdog import Watchdog
    from ops.instances import holder_name
    from quartapp.freshness.troubles import looking

    watchdog = Watchdog(
        web.stores.database,
        web.stores.redis,
        desk=Desk(web.stores.database, holder_name("web"), enabled=settings.telegram_alerts_enabled),
        ttl_seconds=settings.clock_lease_ttl_seconds,
        look=looking(settings),
        errors=web.requests.server_errors,
    )
    web.tasks.start(watchdog.watch(web.stopping), "watchdog")
    if settings.telegram_alerts_enabled and settings.telegram_bot_token:
        web.tasks.start(_send_alerts(settings, web), "alerts")
    if not settings.scheduler_standalone and os.environ.get("LAUNCHER_WORKER", "1") == "1":
        from launcher.roles.clock import run_clock
        from quartapp.freshness.report import reporting
        from quartapp.jobs import JOBS
        from quartapp.upstreams import open_upstreams

        clock = run_clock(
            settings,
            web.stopping,
            jobs=JOBS,
            open_upstreams=open_upstreams,
            role="web-clock",
            report=reporting(settings),
        )
        web.tasks.start(clock, "clock")
    if LISTEN_FD in os.environ:
        web.tasks.start(_say_ready(web), "ready")


async def _send_alerts(settings: Settings, web: Web) -> None:
    """Send what the watchdog raises: with no clock alive there is nobody else to do it."""
    from ops.tasks import first_of

    await first_of(web.stopping, web.loaded)  # the claim of an alert needs a store, and its message httpx
    from ops.alerts.sender import send_alerts
    from ops.alerts.telegram import TelegramChat

    chat = TelegramChat(
        settings.telegram_base_url,
        settings.telegram_bot_token.get_secret_value(),
        settings.telegram_alert_chat_id,
    )
    await send_alerts(chat, web.stores.database, web.stores.redis, web.stopping)


async def _say_ready(web: Web) -> None:
    """Leave the mark that the supervisor waits for, once the documents are in memory."""
    from ops.tasks import waited

    marker = ready_marker(os.getpid())
    while not web.documents.warm and not web.stopping.is_set():
        await waited(web.stopping, 0.05)
    marker.touch()
    await web.stopping.wait()
    marker.unlink(missing_ok=True)
