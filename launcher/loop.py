"""An event loop that remembers its servers, so that accepting can end before serving does."""

from __future__ import annotations

from typing import Any

import uvloop


class AcceptingLoop(uvloop.Loop):
    """uvloop, with a way to stop accepting: Hypercorn keeps its servers to itself."""

    async def create_server(self, *args: Any, **kwargs: Any) -> Any:
        """Make a server as ever, and remember it."""
        server = await super().create_server(*args, **kwargs)
        self.__dict__.setdefault("accepting", []).append(server)
        return server

    def stop_accepting(self) -> None:
        """Close the listening sockets of this process; connections that are open stay."""
        for server in self.__dict__.get("accepting", []):
            server.close()
