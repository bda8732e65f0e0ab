"""Where log lines leave the process: a bounded queue and a thread, so that no reader can stop the event loop.

A pipe that nobody reads blocks whoever writes to it. Here that is a thread of its own; lines beyond the queue are
dropped, counted, and the count is written as a line once there is room again.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from typing import TextIO

QUEUE_BYTES = 4 * 1024 * 1024
RETRY_SECONDS = 0.05
LEAVE_SECONDS = 2.0  # for what is queued at the end of the process


class Sink:
    """A text stream that never blocks its writers and never raises."""

    def __init__(self, stream: TextIO, queue_bytes: int = QUEUE_BYTES) -> None:
        self._stream = stream
        self._queue_bytes = queue_bytes
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._queue: list[bytes] = []
        self._size = 0
        self._writing = False
        self._unreported = 0
        self._thread: threading.Thread | None = None
        self.broken = False  # the reader has gone: nothing is written any more
        self.lost = 0  # lines

    def write(self, text: str) -> int:
        """Queue `text`, or count its lines as lost when the queue is full."""
        data = text.encode("utf-8", "backslashreplace")
        with self._lock:
            if self.broken or self._size + len(data) > self._queue_bytes:
                lines = text.count("\n") or 1
                self.lost += lines
                self._unreported += lines
                return len(text)
            self._queue.append(data)
            self._size += len(data)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="log")
                self._thread.start()
                atexit.register(self.drain)
        self._filled.set()
        return len(text)

    def flush(self) -> None:
        """Do nothing: the thread writes as soon as it can. `drain` waits."""

    def isatty(self) -> bool:
        """Whether a person reads along."""
        return self._stream.isatty()

    def drain(self, seconds: float = LEAVE_SECONDS) -> bool:
        """Wait until everything is written, at most `seconds`; return whether it is."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._lock:
                if self.broken or not (self._queue or self._writing or self._unreported):
                    return True
            time.sleep(0.005)
        return False

    def _work(self) -> None:
        while True:
            self._filled.wait()
            with self._lock:
                self._filled.clear()
                data, self._queue = b"".join(self._queue), []
                self._writing = True
            if not self._write(data):
                return
            with self._lock:
                self._size -= len(data)
                lost, self._unreported = self._unreported, 0
            if lost and not self._write(_lost_line(lost)):
                return
            with self._lock:
                self._writing = False

    def _write(self, data: bytes) -> bool:
        try:
            number = self._stream.fileno()
            view = memoryview(data)
            while view:
                try:
                    view = view[os.write(number, view) :]
                except BlockingIOError:  # somebody made the pipe non-blocking
                    time.sleep(RETRY_SECONDS)
        except (OSError, ValueError):  # the reader has gone, or the stream was closed
            with self._lock:
                self.broken = True
                self.lost += len(self._queue)
                self._queue.clear()
            return False
        return True


def _lost_line(count: int) -> bytes:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return (
        f'{{"time":"{now}","level":"warning","logger":"ops.telemetry.sink","event":"log lines were lost",'
        f'"lines":{count}}}\n'
    ).encode()
