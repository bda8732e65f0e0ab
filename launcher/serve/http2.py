"""HTTP/2 connections that outlast what one client does on one stream, because a proxy sends many visitors over one.

Hypercorn's protocol ends the whole connection at a body that comes after its answer, forgets to say that the last
request was taken back, waits for ever for a client that takes nothing of an answer, and keeps the connection of one that
has left without taking it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import h2.connection
import h2.events
import h2.exceptions
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h2 import H2Protocol

from launcher.serve.http1 import MOST_PARTS

MOST_BODY_BYTES = 1024 * 1024  # of one request; bodies over 64 KiB are refused by the application
LEAST_PART_BYTES = MOST_BODY_BYTES // (MOST_PARTS - 1)  # a frame without a byte counts as so many
MOST_STREAMS = (
    500  # begun and not yet cleared away: a client may have 100 open, and take back any number at once
)
NO_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 0x0, 0x7, 0x8, 0xB  # RFC 9113, 7


class LastingH2(H2Protocol):
    """Hypercorn's HTTP/2, whose streams end one by one."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._received: dict[int, int] = {}  # bytes of body, by stream
        self._untaken: dict[
            int, tuple[int, float]
        ] = {}  # bytes of answer that wait, and since when none was taken

    async def handle(self, event: Event) -> None:
        """Take what the client has sent."""
        await super().handle(event)
        if isinstance(event, Closed):  # what still writes an answer would wait for room for ever
            for waiting in list(self.stream_buffers.values()):
                await waiting.close()
        if not self.streams and not self.closed:
            self._received.clear()

    async def _handle_events(self, events: list[Any]) -> None:
        for event in events:
            if isinstance(event, h2.events.RequestReceived) and len(self.stream_buffers) > MOST_STREAMS:
                await self.send(RawData(data=self.goodbye(ENHANCE_YOUR_CALM)))
                await self.send(Closed())
                return
            if isinstance(event, h2.events.RequestReceived) and self.context.terminated.is_set():
                self._reset(event.stream_id, REFUSED_STREAM)  # which says that it is safe to send again
                continue
            if isinstance(event, h2.events.DataReceived) and not await self._wanted(event):
                continue
            await super()._handle_events([event])
        await self._flush()

    async def _wanted(self, event: Any) -> bool:
        """Tell whether a part of a body belongs to a request that still waits for it; stop the client otherwise."""
        stream_id, size = event.stream_id, event.flow_controlled_length
        answered = stream_id not in self.streams
        self._received[stream_id] = self._received.get(stream_id, 0) + max(size, LEAST_PART_BYTES)
        if not answered and self._received[stream_id] <= MOST_BODY_BYTES:
            return True
        with suppress(h2.exceptions.ProtocolError):  # it may be over for the client as well
            self.connection.acknowledge_received_data(size, stream_id)  # other streams' bodies need this room
        if answered:
            self._reset(stream_id, NO_ERROR)
        else:
            await self.give_up(stream_id, ENHANCE_YOUR_CALM)
        return False

    async def _priority_updated(self, event: Any) -> None:
        """Ignore what a client wishes of the order, which RFC 9113 deprecates: streams take turns."""

    def stalled(self, now: float, seconds: float) -> list[int]:
        """Return the streams whose client has taken nothing of what waits for it for so long."""
        before, self._untaken = self._untaken, {}
        for stream_id, waiting in self.stream_buffers.items():
            if size := len(waiting.buffer):
                last, since = before.get(stream_id, (size, now))
                self._untaken[stream_id] = size, now if size < last else since
        return [stream_id for stream_id, (_, since) in self._untaken.items() if now - since > seconds]

    async def give_up(self, stream_id: int, code: int = CANCEL) -> None:
        """End one stream as if its client had."""
        self._reset(stream_id, code)
        await self._close_stream(stream_id)
        await self._window_updated(stream_id)
        await self._flush()
        if not self.streams:
            await self.send(Updated(idle=True))

    def _reset(self, stream_id: int, code: int) -> None:
        with suppress(h2.exceptions.ProtocolError):  # it may be over for the client as well
            self.connection.reset_stream(stream_id, error_code=code)

    def goodbye(self, code: int = NO_ERROR) -> bytes:
        """Return the bytes that say which requests were seen, so that the client sends others again elsewhere."""
        with suppress(h2.exceptions.ProtocolError):  # said before
            self.connection.close_connection(error_code=code)
        return bytes(self.connection.data_to_send())
