"""An event loop that remembers its servers, so that accepting can end before serving does."""

from __future__ import annotations

import socket
from typing import Any

import uvloop

from launcher.serve.aside import Aside
from launcher.serve.handover import shares_port, spread_again, steer_away


class AcceptingLoop(uvloop.Loop):
    """uvloop, with a way to stop accepting: Hypercorn keeps its servers to itself."""

    async def create_server(self, *args: Any, **kwargs: Any) -> Any:
        """Make a server and remember it; on a port shared with another version, once a deploy lets this one in."""
        listening = kwargs.get("sock")
        shared = isinstance(listening, socket.socket) and shares_port(listening)
        aside: Aside | None = self.__dict__.get("aside") if shared else None
        if aside is not None and not await aside.let_in():
            kwargs["start_serving"] = False  # told to stop meanwhile
        server = await super().create_server(*args, **kwargs)
        self.__dict__.setdefault("accepting", []).append(server)
        if isinstance(listening, socket.socket) and shared and kwargs.get("start_serving", True):
            spread_again(listening)
            self.__dict__.setdefault("listening", []).append(listening)
        if aside is not None:
            aside.listening()
        return server

    def stand_aside(self, aside: Aside) -> None:
        """Ask `aside` before a shared port is opened."""
        self.__dict__["aside"] = aside

    async def steer_away(self) -> None:
        """Let the kernel give new connections to the other process on the port, where there is one."""
        for listening in self.__dict__.get("listening", []):
            await steer_away(listening)

    def stop_accepting(self) -> None:
        """Close the listening sockets of this process; connections that are open stay."""
        for server in self.__dict__.get("accepting", []):
            server.close()
