"""A load by wrk that goes on while a test does something, and counts what failed."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

needs_wrk = pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")


@dataclass
class Load:
    """What wrk saw, once it has ended."""

    requests: int = 0
    failed: int = 0
    text: str = ""


@contextlib.asynccontextmanager
async def load(url: str, *, seconds: int, connections: int = 16, close: bool = False) -> AsyncIterator[Load]:
    """Run wrk for `seconds` around the body, which must end sooner; with `close` each request connects anew."""
    found = Load()
    header = ["-H", "Connection: close"] if close else []
    process = await asyncio.create_subprocess_exec(
        *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", *header, url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield found
        assert process.returncode is None, "the load ended too soon to show anything"
    finally:
        if process.returncode is None:
            found.text = (await process.communicate())[0].decode()
    found.requests = int(re.search(r"(\d+) requests in", found.text)[1])  # type: ignore[index]
    found.failed = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", found.text)))
    if strange := re.search(r"Non-2xx or 3xx responses: (\d+)", found.text):
        found.failed += int(strange[1])
