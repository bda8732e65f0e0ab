"""A web process's server in this process, on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import hypercorn.asyncio.run
import hypercorn.protocol
import hypercorn.protocol.h2
import hypercorn.protocol.h11
import pytest
from hypercorn.asyncio import serve
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config

from launcher.serve.connection import Connections
from launcher.serve.errors import answer_errors_with_problems
from launcher.serve.fast_reads import FastReads
from launcher.serve.hypercorn import hypercorn_config, serve_connections_of
from quartapp.app import Web, create_web
from quartapp.documents.table import Document
from quartapp.settings import Settings
from tests.http.test_published import GAMES, put
from tests.support.waiting import eventually


@dataclass
class Served:
    """A server under test."""

    port: int
    web: Web
    connections: Connections
    fast_reads: FastReads
    listening: socket.socket
    stop: asyncio.Event
    config: Config

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a new connection to it."""
        return await asyncio.open_connection("127.0.0.1", self.port)


Start = Callable[..., Awaitable[Served]]


@pytest.fixture
async def start_server(
    settings: Settings, database: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Start]:
    """Return a function that serves two documents with the bounds it is given."""
    await put(
        database,
        Document("/api/games?sport=nfl", GAMES),
        Document("/api/sports", {"source": "live", "sports": [{"key": "x" * 2000}]}),
    )
    monkeypatch.setitem(vars(hypercorn.asyncio.run), "TCPServer", TCPServer)  # put back after
    for module in (hypercorn.protocol, hypercorn.protocol.h11, hypercorn.protocol.h2):
        for name in ("H11Protocol", "H2Protocol", "HTTPStream", "WSStream"):
            if name in vars(module):
                monkeypatch.setitem(vars(module), name, vars(module)[name])
    async with contextlib.AsyncExitStack() as stack:

        async def start(**bounds: float) -> Served:
            web = create_web(settings)
            web.start()
            await eventually(lambda: web.documents.warm)
            front = web.asgi
            fast = FastReads(
                web.documents,
                web.access,
                find=front.in_memory,
                alive=front.alive(),
                closing=lambda: front.closing,
            )
            connections = Connections(fast, **bounds)
            serve_connections_of(connections)
            answer_errors_with_problems(web.access)
            listening = socket.create_server(("127.0.0.1", 0), backlog=512)
            config, own_door = hypercorn_config(settings, listening)
            config.graceful_timeout = 5
            stop, ended = asyncio.Event(), asyncio.Event()
            watching = asyncio.ensure_future(connections.watch(ended))
            serving = asyncio.ensure_future(serve(web.asgi, config, shutdown_trigger=stop.wait))  # type: ignore[arg-type]

            async def end() -> None:
                connections.stop()
                stop.set()
                await asyncio.wait_for(serving, 60)
                ended.set()
                await asyncio.wait_for(watching, 60)
                await web.stop()
                listening.detach()  # Hypercorn has closed it
                own_door.unlink(missing_ok=True)

            stack.push_async_callback(end)
            return Served(listening.getsockname()[1], web, connections, fast, listening, stop, config)

        yield start
