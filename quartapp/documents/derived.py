"""Answers computed from documents: kept until a document changes, computed once, within a budget.

One computation at a time has the event loop, and rests after each short turn, because published documents are
answered by the same loop. Beyond `MAX_WAITING` different questions that wait at once the next one is refused:
the bound counts questions and never seconds, so a slow machine refuses no visitor who asks one at a time.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

import brotli

from quartapp.documents.copy import Copy

DERIVED_BYTES = 16 * 1024 * 1024
DERIVED_OVERHEAD_BYTES = 5_000  # header lists and entries: what an answer of a few bytes was measured to cost
MAX_WAITING = 64
MAX_ABSENT = 1_000
LONGEST_ABSENT_KEY = 512  # longer questions are asked anew: a visitor must not fill memory with them
TURN_SECONDS = 0.0005
BROTLI_QUALITY, GZIP_LEVEL = 4, 5
TRIES = 3  # documents may change under a computation; the last try's answer is sent, but not kept


class BusyError(Exception):
    """Too many different questions wait already."""


class AbsentError(Exception):
    """These documents have no answer to the question; remembered like an answer until one of them changes."""


class Turns:
    """A computation's share of the event loop."""

    def __init__(self, seconds: float = TURN_SECONDS) -> None:
        self._seconds = seconds
        self._began = time.perf_counter()

    async def rest(self) -> None:
        """Let others have the loop, if this turn has been long enough."""
        if time.perf_counter() - self._began >= self._seconds:
            await asyncio.sleep(0)
            self._began = time.perf_counter()


class Computed(NamedTuple):
    """What a question comes to. Equal `result`s have equal bodies, so `render` is asked for the first alone.

    `expires_at`: the time (seconds since 1970) from which on it is no answer any more, however the documents stand.
    """

    result: Hashable
    render: Callable[[], Awaitable[bytes]]
    published_at: datetime
    route: str
    link: str | None = None
    expires_at: float | None = None


class _Kept(NamedTuple):
    copy: Copy
    result: Hashable
    expires_at: float | None


Work = Callable[[Turns], Awaitable[Computed]]


class _Body:
    """What answers of one result share."""

    __slots__ = ("answers", "bodies", "etag")

    def __init__(self, body: bytes) -> None:
        self.bodies = {"identity": body}
        self.etag = b'"%s"' % hashlib.blake2b(body, digest_size=12).hexdigest().encode()
        self.answers = 0

    @property
    def size(self) -> int:
        return sum(map(len, self.bodies.values()))


class _UnderWay:
    """A computation, and how many requests wait for it."""

    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[Copy]) -> None:
        self.task = task
        self.waiting = 0


class Derived:
    """The computed answers of a web process."""

    def __init__(
        self,
        max_bytes: int = DERIVED_BYTES,
        max_waiting: int = MAX_WAITING,
        clock: Callable[[], float] = time.time,
        turn_seconds: float = TURN_SECONDS,
    ) -> None:
        self._turn_seconds = turn_seconds
        self._clock = clock
        self._max_bytes = max_bytes
        self._max_waiting = max_waiting
        self._answers: OrderedDict[str, _Kept] = OrderedDict()
        self._bodies: dict[Hashable, _Body] = {}
        self._bytes = 0
        self._absent: OrderedDict[str, AbsentError] = OrderedDict()
        self._generation = 0  # of the documents: what was computed from an earlier one is forgotten
        self._under_way: dict[str, _UnderWay] = {}
        self._loop_turn = asyncio.Lock()
        self._compressing: dict[tuple[int, str], asyncio.Task[None]] = {}
        self._threads: ThreadPoolExecutor | None = None

    @property
    def bytes(self) -> int:
        """Bytes of memory that the kept answers take, nearly."""
        return self._bytes

    def get(self, key: str) -> Copy | None:
        """Return the answer that is kept under `key`."""
        kept = self._answers.get(key)
        if kept is None:
            return None
        if self._expired(kept.expires_at):
            self._drop(self._answers.pop(key))
            return None
        self._answers.move_to_end(key)
        return kept.copy

    def _expired(self, expires_at: float | None) -> bool:
        return expires_at is not None and self._clock() >= expires_at

    def forget(self) -> None:
        """Drop every answer: a document has changed."""
        self._generation += 1
        self._answers.clear()
        self._bodies.clear()
        self._absent.clear()
        self._bytes = 0

    async def compute(self, key: str, work: Work) -> Copy:
        """Return the answer to the question `key`, computed once for all who ask it now.

        Raises AbsentError, and BusyError when `max_waiting` other questions wait.

        What `work` raises, everyone who waits for it gets.
        """
        kept = self.get(key)
        if kept is not None:
            return kept
        if key in self._absent:
            raise AbsentError(*self._absent[key].args)
        under_way = self._under_way.get(key)
        if under_way is None:
            if len(self._under_way) >= self._max_waiting:
                raise BusyError
            under_way = self._under_way[key] = _UnderWay(asyncio.create_task(self._compute(key, work)))
            under_way.task.add_done_callback(lambda _: self._end(key, under_way))
        under_way.waiting += 1
        try:
            return await asyncio.shield(under_way.task)
        finally:
            under_way.waiting -= 1
            if not under_way.waiting:
                under_way.task.cancel()  # nobody waits any more, if it still runs
                self._end(key, under_way)

    def _end(self, key: str, under_way: _UnderWay) -> None:
        if self._under_way.get(key) is under_way:
            del self._under_way[key]

    async def _compute(self, key: str, work: Work) -> Copy:
        async with self._loop_turn:
            turns = Turns(self._turn_seconds)
            for _ in range(TRIES):
                generation = self._generation
                try:
                    computed = await work(turns)
                    body = self._bodies.get(computed.result) or _Body(await computed.render())
                except AbsentError as absent:
                    if generation == self._generation:
                        self._remember_absent(key, absent)
                    raise
                if generation == self._generation and not self._expired(computed.expires_at):
                    break
                await turns.rest()
            copy = Copy(
                key,
                0,
                body.etag,
                body.bodies,
                computed.published_at,
                route=computed.route,
                link=computed.link,
                computed=True,
            )
            if generation == self._generation:
                self._keep(_Kept(copy, computed.result, computed.expires_at), body)
            return copy

    def _remember_absent(self, key: str, absent: AbsentError) -> None:
        if len(key) > LONGEST_ABSENT_KEY:
            return
        self._absent[key] = absent.with_traceback(None)
        if len(self._absent) > MAX_ABSENT:
            self._absent.popitem(last=False)

    def _keep(self, kept: _Kept, body: _Body) -> None:
        if kept.result not in self._bodies:
            self._bodies[kept.result] = body
            self._bytes += body.size
        body.answers += 1
        self._answers[kept.copy.key] = kept
        self._bytes += _overhead(kept.copy)
        self._bound()

    def _bound(self) -> None:
        while self._bytes > self._max_bytes and len(self._answers) > 1:
            self._drop(self._answers.popitem(last=False)[1])

    def _drop(self, kept: _Kept) -> None:
        self._bytes -= _overhead(kept.copy)
        body = self._bodies[kept.result]
        body.answers -= 1
        if not body.answers:
            self._bytes -= self._bodies.pop(kept.result).size

    # --- compression, when someone asks for it

    async def encode(self, copy: Copy, encoding: str) -> None:
        """Make the body of a computed answer in `encoding`, off the event loop, for it and its equals."""
        if not copy.lacks(encoding):
            return
        under_way = id(copy.bodies), encoding
        task = self._compressing.get(under_way)
        if task is None:
            if len(self._compressing) >= self._max_waiting:
                return  # sent as it is, which every client can read
            task = self._compressing[under_way] = asyncio.create_task(self._compress(copy, encoding))
        await asyncio.shield(task)

    async def _compress(self, copy: Copy, encoding: str) -> None:
        try:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(1, "compress")
            loop = asyncio.get_running_loop()
            compressed = await loop.run_in_executor(self._threads, _compressed, copy.body, encoding)
            copy.bodies[encoding] = compressed
            if any(body.bodies is copy.bodies for body in self._bodies.values()):
                self._bytes += len(compressed)
                self._bound()
        finally:
            del self._compressing[id(copy.bodies), encoding]


def _overhead(copy: Copy) -> int:
    return DERIVED_OVERHEAD_BYTES + 4 * len(copy.key)


def _compressed(body: bytes, encoding: str) -> bytes:
    if encoding == "br":
        return bytes(brotli.compress(body, quality=BROTLI_QUALITY))
    return gzip.compress(body, GZIP_LEVEL, mtime=0)
