"""HTTP/1.1 connections that end although their client has sent requests ahead of the answers."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from hypercorn.protocol.h11 import H11Protocol

MOST_PARTS = 2_000  # of a body, which may have 64 KiB: chunks of a byte each would take seconds to read


class OverError(Exception):
    """The connection is at its end, and nothing more that was sent ahead will be answered."""


class _Gate:
    """What Hypercorn waits at, with requests sent ahead, until the answer before them is complete."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._over = False

    async def set(self) -> None:
        self._open.set()

    def is_set(self) -> bool:
        return self._open.is_set()

    async def clear(self) -> None:
        if not self._over:
            self._open.clear()

    async def wait(self) -> None:
        await self._open.wait()
        if self._over:
            raise OverError

    def shut(self) -> None:
        """Let nobody through any more."""
        self._over = True
        self._open.set()


class _Reader(h11.Connection):
    """h11, which answers 400 in place of a last request if anything comes after it, be it the line end of `echo`."""

    def next_event(self) -> Any:
        if self.their_state is h11.MUST_CLOSE:
            return h11.NEED_DATA  # RFC 9112, 9.6: nothing that follows is read
        return super().next_event()


class LastingH11(H11Protocol):
    """Hypercorn's HTTP/1.1, which at a stop waits for ever at requests that it will not answer."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.connection = _Reader(h11.SERVER, max_incomplete_event_size=self.config.h11_max_incomplete_size)
        self._gate = self.can_read = _Gate()

    async def _maybe_recycle(self) -> None:
        await super()._maybe_recycle()
        if self.connection.our_state is not h11.IDLE:  # no next request
            self._gate.shut()
