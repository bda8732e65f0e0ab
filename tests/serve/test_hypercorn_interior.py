"""What launcher/serve uses of Hypercorn's interior, by name. When this fails after an upgrade, read
docs/decisions/0007-reads-are-answered-where-their-bytes-arrive.md before anything else."""

from __future__ import annotations

import inspect

import h11
import hypercorn.asyncio.run
from hypercorn.asyncio.tcp_server import MAX_RECV, TCPServer
from hypercorn.events import Updated
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h2 import H2Protocol, StreamBuffer
from hypercorn.protocol.h11 import H11Protocol


def test_worker_serve_looks_its_server_up_by_this_name_for_every_connection() -> None:
    source = inspect.getsource(hypercorn.asyncio.run.worker_serve)
    assert "await TCPServer(app, loop, config, context, lifespan_state, reader, writer)" in source
    assert "TCPServer" in vars(hypercorn.asyncio.run)


def test_the_server_is_made_and_closed_as_ours_expects() -> None:
    names = list(inspect.signature(TCPServer.__init__).parameters)
    assert names == ["self", "app", "loop", "config", "context", "state", "reader", "writer"]
    for method in ("run", "protocol_send", "_read_data", "_close"):
        assert inspect.iscoroutinefunction(getattr(TCPServer, method)), method
    assert MAX_RECV == 2**16
    assert "idle" in inspect.signature(Updated).parameters


def test_the_protocol_is_made_and_asked_as_ours_expects() -> None:
    wrapper = list(inspect.signature(ProtocolWrapper.__init__).parameters)
    assert " ".join(wrapper[1:]) == "app config context task_group state ssl client server send alpn_protocol"
    source = inspect.getsource(H11Protocol)
    for name in ("self.stream", "self.connection", "Updated(idle=True)", "Updated(idle=False)", "Closed()"):
        assert name in source, name
    for name in ("_maybe_recycle", "self.can_read.wait()", "self.can_read.set()"):
        assert name in source, name
    assert {"our_state", "their_state", "trailing_data"} <= set(dir(h11.Connection))


def test_the_streams_of_http_2_are_kept_and_ended_as_ours_expects() -> None:
    source = inspect.getsource(H2Protocol)
    for name in (
        "self.streams", "self.stream_buffers", "self.task_group", "self.closed = True", "await self._flush()",
        "await self._handle_events(events)", "await self._priority_updated(event)",
        "await self._close_stream(event.stream_id)\n                await self._window_updated(event.stream_id)",
    ):  # fmt: skip
        assert name in source, name
    for name in ("self.buffer", "async def close(self)"):
        assert name in inspect.getsource(StreamBuffer), name
