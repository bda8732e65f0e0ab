"""One line and one count for every request, cheap enough for the fastest of them.

Lines are gathered and written a few times a second; `flush` at shutdown writes the rest. The path is
logged without its query, which may hold what is nobody's business.
"""

from __future__ import annotations

import asyncio
import time
from typing import TextIO

import orjson

from ops.telemetry.logs import redact
from ops.telemetry.metrics import Requests
from ops.telemetry.sink import Sink

FLUSH_SECONDS = 0.25
FLUSH_LINES = 512


class AccessLog:
    """Writes access lines to `stream`, as JSON or for a person, and counts requests."""

    def __init__(
        self, stream: TextIO | Sink, requests: Requests, *, console: bool = False, enabled: bool = True
    ) -> None:
        self._stream = stream
        self._requests = requests
        self._console = console
        self._enabled = enabled
        self._lines: list[str] = []
        self._second, self._stamp = 0, ""
        self._scheduled = False

    def record(
        self, method: str, path: str, route: str, status: int, size: int, seconds: float, request_id: str
    ) -> None:
        """Note one answered request. `route` is the pattern it matched, for metrics."""
        self._requests.observe(method, route, status, seconds)
        if not self._enabled:
            return
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        if self._console:
            shown = redact(path).encode("unicode_escape").decode()  # a terminal obeys control characters
            line = f"{method} {shown} {status} {size}B {seconds * 1000:.1f}ms {request_id}\n"
        else:
            # A path that is its own route is one of ours; any other may hold anything.
            quoted = f'"{path}"' if path == route else orjson.dumps(redact(path)).decode()
            line = (
                f'{{"time":"{self._stamp}.{int(now * 1000) % 1000:03d}Z","level":"info","logger":"access",'
                f'"event":"request","method":"{method}","path":{quoted},"status":{status},"bytes":{size},'
                f'"duration_ms":{seconds * 1000:.2f},"request_id":"{request_id}"}}\n'
            )
        self._lines.append(line)
        if len(self._lines) >= FLUSH_LINES:
            self.flush()
        elif not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what is gathered."""
        self._scheduled = False
        if self._lines:
            lines, self._lines = self._lines, []
            self._stream.write("".join(lines))
            self._stream.flush()
