"""An event loop that remembers its servers, so that accepting can end before serving does."""

from __future__ import annotations

import socket
from typing import Any

import uvloop

from launcher.serve.handover import shares_port, spread_again, steer_away


class AcceptingLoop(uvloop.Loop):
    """uvloop, with a way to stop accepting: Hypercorn keeps its servers to itself."""

    async def create_server(self, *args: Any, **kwargs: Any) -> Any:
        """Make a server as ever, and remember it."""
        server = await super().create_server(*args, **kwargs)
        self.__dict__.setdefault("accepting", []).append(server)
        listening = kwargs.get("sock")
        if isinstance(listening, socket.socket) and shares_port(listening):
            spread_again(listening)
            self.__dict__.setdefault("listening", []).append(listening)
        return server

    async def steer_away(self) -> None:
        """Let the kernel give new connections to the other process on the port, where there is one."""
        for listening in self.__dict__.get("listening", []):
            await steer_away(listening)

    def stop_accepting(self) -> None:
        """Close the listening sockets of this process; connections that are open stay."""
        for server in self.__dict__.get("accepting", []):
            server.close()
