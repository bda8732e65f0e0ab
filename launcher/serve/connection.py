"""A visitor's connection: reads of published documents are answered here, every other byte is Hypercorn's.

Hypercorn's own server keeps a connection for 75 s after its client has left, stops reading one that idles, and
waits for ever for a body that nobody reads. `Connection` is its `TCPServer` with another read loop, and
`Connections` the one place that ends what takes too long. What is used of Hypercorn's interior is pinned by
tests/launcher/test_hypercorn_interior.py.
"""

from __future__ import annotations

import asyncio
import contextlib
from math import inf
from typing import TYPE_CHECKING, Any

import h11
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.tcp_server import MAX_RECV, TCPServer
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import ConnectionState
from hypercorn.utils import parse_socket_addr

from launcher.serve.http1 import OverError
from launcher.serve.http2 import LastingH2
from ops.tasks import waited

if TYPE_CHECKING:
    from launcher.serve.fast_reads import FastReads

IDLE_SECONDS = 100.0  # a tunnel keeps its connections to an origin for 90 s: it must be the one to close
HEAD_SECONDS = 30.0  # from the first byte of a request to the end of its head
WRITE_SECONDS = 20.0  # for a client that takes nothing of what is sent to it
LAST_WRITE_SECONDS = 5.0  # the same while the process stops
LINGER_SECONDS = 2.0  # for the rest of a body that nobody reads: closing at once would take back the answer
HALF_CLOSED_SECONDS = 1.0  # for the answer to a client that sends no more
LOOK_SECONDS = 1.0
LAST_REQUEST_SECONDS = 1.0  # at a stop
HIGH_WATER_BYTES = 64 * 1024
HEAD_BYTES = 16 * 1024  # a larger one is refused, however its bytes arrive
JOIN_BELOW_BYTES = 16 * 1024
MOST_UNREAD_BYTES = 1024 * 1024  # of one request; bodies over 64 KiB are refused by the application


class Connections:
    """The open connections of a process, and the bounds on how long each may stay as it is."""

    def __init__(
        self,
        fast_reads: FastReads | None = None,
        *,
        idle_seconds: float = IDLE_SECONDS,
        head_seconds: float = HEAD_SECONDS,
        write_seconds: float = WRITE_SECONDS,
        half_closed_seconds: float = HALF_CLOSED_SECONDS,
    ) -> None:
        self.fast_reads = fast_reads
        self.stopping = False
        self.half_closed_seconds = half_closed_seconds
        self._bounds = {"idle": idle_seconds, "head": head_seconds, "ending": LINGER_SECONDS}
        self._write_seconds = write_seconds
        self._open: set[Connection] = set()

    def __len__(self) -> int:
        """Return how many connections are open."""
        return len(self._open)

    def accept(self, *args: Any) -> Connection:
        """Return a new connection; called in place of Hypercorn's `TCPServer`."""
        return Connection(self, *args)

    def add(self, connection: Connection) -> None:
        """Watch a connection."""
        self._open.add(connection)

    def remove(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._open.discard(connection)

    async def watch(self, stop: asyncio.Event) -> None:
        """End connections that have been idle, half asked or unread for too long, until `stop`: also while others end."""
        while not stop.is_set():
            await waited(stop, LOOK_SECONDS)
            self.look(asyncio.get_running_loop().time())

    def look(self, now: float) -> None:
        """End the connections whose time is over at `now`, seconds of the loop's clock."""
        write_seconds = min(self._write_seconds, LAST_WRITE_SECONDS) if self.stopping else self._write_seconds
        for connection in list(self._open):
            seconds = now - connection.since
            connection.give_up_stalled(now, write_seconds)
            if connection.unread_seconds(now) > write_seconds:
                connection.abort()
            elif seconds > self._bounds.get(connection.phase, inf):
                connection.end()

    def stop(self) -> None:
        """Close what has idled for a second, the rest when it has, and from now on whatever was answered.

        A connection that was just accepted, or just answered, may have its next request on the way.
        """
        self.stopping = True
        loop = asyncio.get_running_loop()
        self._end_idle(loop.time() - LAST_REQUEST_SECONDS)
        loop.call_later(LAST_REQUEST_SECONDS, self._end_idle, inf)

    def _end_idle(self, before: float) -> None:
        for connection in list(self._open):
            if connection.phase != "busy" and connection.since <= before:
                connection.end()


class Connection(TCPServer):
    """One connection. `phase` is what it is in, `since` when that began, in seconds of the loop's clock.

    idle: nothing is under way. head: a request has begun to arrive. busy: it is being answered.
    ending: nothing more will be answered; what still arrives is thrown away.
    """

    def __init__(self, connections: Connections, *args: Any) -> None:
        super().__init__(*args)
        self.phase = "idle"
        self.since = self.loop.time()
        self._connections = connections
        self._stack = contextlib.AsyncExitStack()
        self._wrapper: ProtocolWrapper | None = None
        self._answered: asyncio.Future[None] | None = None
        self._bytes_of_request = 0
        self._transport: Any = self.writer.transport
        self._unread = (0, 0.0)

    async def run(self) -> None:
        """Serve this connection until either side ends it."""
        self._connections.add(self)
        try:
            async with self._stack:
                await self._read_data()
        except OSError:
            pass  # the client is gone
        finally:
            try:
                await self._close()
            finally:
                self._connections.remove(self)

    async def _read_data(self) -> None:
        fast_reads = self._connections.fast_reads
        reader, writer, transport = self.reader, self.writer, self._transport
        while True:
            try:
                data = await reader.read(MAX_RECV)
            except (OSError, TimeoutError):
                break
            if not data:
                break
            if self.phase == "ending":
                continue
            if (
                fast_reads is not None
                and len(data) <= HEAD_BYTES
                and (self._wrapper is None or self._between_requests())
            ):
                answer = fast_reads.answer(data)
                if answer is not None:
                    if len(answer[1]) < JOIN_BELOW_BYTES:
                        writer.write(b"".join(answer))
                    else:
                        writer.writelines(answer)  # one system call too, without a copy of the body
                    if fast_reads.closing():
                        break
                    if transport.get_write_buffer_size() > HIGH_WATER_BYTES:
                        await writer.drain()
                    self.since = self.loop.time()
                    continue
            try:
                await self._hand_over(data)
            except OverError:
                break
        if self._wrapper is not None:
            await self._finish_answer(self._wrapper)
            await self._wrapper.handle(Closed())

    async def _finish_answer(self, wrapper: ProtocolWrapper) -> None:
        """Wait a moment for an answer that has not begun: the client's end may have come with its request.

        Who sends a request and half closes still reads; who has left cannot be told from it, but by an answer.
        """
        connection = getattr(wrapper.protocol, "connection", None)
        if self.phase != "busy" or not isinstance(connection, h11.Connection):
            return
        if (connection.our_state, connection.their_state) == (h11.SEND_RESPONSE, h11.DONE):
            self._answered = self.loop.create_future()
            await asyncio.wait((self._answered,), timeout=self._connections.half_closed_seconds)

    def _between_requests(self) -> bool:
        """Return whether Hypercorn has answered all it was given, so that the next byte begins a request."""
        protocol = self._wrapper.protocol if self._wrapper is not None else None
        return (
            self.phase == "idle"
            and isinstance(protocol, H11Protocol)
            and isinstance(protocol.connection, h11.Connection)
            and protocol.stream is None
            and protocol.connection.our_state is h11.IDLE
            and protocol.connection.trailing_data == (b"", False)
        )

    async def _hand_over(self, data: bytes) -> None:
        """Give bytes to Hypercorn, and read no more of a body far too large until its answer has ended."""
        if self._wrapper is None:
            await self._start_protocol()
        assert self._wrapper is not None
        before = self.phase, self.since
        if self.phase == "idle":
            self.phase, self.since = "head", self.loop.time()
        room = HEAD_BYTES + 1 - self._bytes_of_request
        if self.phase == "head" and 0 < room < len(data):
            # h11 measures what is incomplete, so a head too large that came whole would pass.
            self._bytes_of_request += room
            await self._wrapper.handle(RawData(data[:room]))
            data = data[room:]
            if self.phase == "ending":
                return
        self._bytes_of_request += len(data)
        await self._wrapper.handle(RawData(data))
        if isinstance(self._wrapper.protocol, LastingH2):  # bounds the bytes of each request by itself
            if not self._wrapper.protocol.streams:
                await self._nothing_under_way(*before)
        elif self._bytes_of_request > MOST_UNREAD_BYTES and self.phase == "busy":
            self._answered = self.loop.create_future()
            await self._answered

    async def _nothing_under_way(self, phase: str, since: float) -> None:
        """Idle again, over HTTP/2: after a request that was taken back, or bytes that ask for nothing."""
        if self.phase == "busy":
            await self.protocol_send(Updated(idle=True))
        elif self.phase == "head":
            self.phase = "idle"
            if phase == "idle":
                self.since = since  # only an answer renews the idle time, and a ping is not one

    async def _start_protocol(self) -> None:
        task_group: Any = TaskGroup(self.loop)
        await self._stack.enter_async_context(task_group)
        socket = self.writer.get_extra_info("socket")
        self.protocol = self._wrapper = ProtocolWrapper(
            self.app,
            self.config,
            self.context,
            task_group,
            ConnectionState(self.state),
            False,
            parse_socket_addr(socket.family, socket.getpeername()),
            parse_socket_addr(socket.family, socket.getsockname()),
            self.protocol_send,
            "http/1.1",
        )
        await self._wrapper.initiate()

    async def protocol_send(self, event: Event) -> None:
        """Take what Hypercorn's protocol has to send, or to say of where it stands."""
        if isinstance(event, RawData):
            await super().protocol_send(event)
        elif isinstance(event, Updated):
            self.phase, self.since = "idle" if event.idle else "busy", self.loop.time()
            if event.idle:
                self._next_request()
            if event.idle and self._connections.stopping:
                self.end()
        elif isinstance(event, Closed) and self.phase != "ending":
            self._last_answer_is_sent()

    def _next_request(self) -> None:
        self._bytes_of_request = 0
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)

    def _last_answer_is_sent(self) -> None:
        self._next_request()
        self.phase, self.since = "ending", self.loop.time()
        protocol = self._wrapper.protocol if self._wrapper is not None else None
        connection = getattr(protocol, "connection", None)
        if isinstance(connection, h11.Connection) and (
            connection.their_state in (h11.SEND_BODY, h11.ERROR) or connection.trailing_data[0]
        ):
            # The client still sends, or may: a close now would reset the connection before the answer is read.
            with contextlib.suppress(OSError, RuntimeError, NotImplementedError):
                self.writer.write_eof()
        else:
            self.end()

    def unread_seconds(self, now: float) -> float:
        """Return for how long the client has taken nothing of what waits for it."""
        waiting = self._transport.get_write_buffer_size()
        if waiting != self._unread[0] or not waiting:
            self._unread = (waiting, now)
        return now - self._unread[1]

    def give_up_stalled(self, now: float, seconds: float) -> None:
        """End the HTTP/2 streams of which the client takes nothing; those beside them go on."""
        protocol = self._wrapper.protocol if self._wrapper is not None else None
        if isinstance(protocol, LastingH2):
            for stream_id in protocol.stalled(now, seconds):
                protocol.task_group.spawn(protocol.give_up, stream_id)

    def end(self) -> None:
        """Close once everything written has been taken; the read loop then ends."""
        protocol = self._wrapper.protocol if self._wrapper is not None else None
        if isinstance(protocol, LastingH2) and self.phase == "idle" and not self._transport.is_closing():
            self.writer.write(protocol.goodbye())
        self.phase = "ending"
        self._next_request()
        self.writer.close()

    def abort(self) -> None:
        """Close at once, with whatever is unsent."""
        self.phase = "ending"
        self._next_request()
        self._transport.abort()
