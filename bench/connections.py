"""`python -m bench.connections`: what connections leave behind on a real web process, and how long a stop takes.

Prints one line a figure: descriptors after 3,000 visitors who came, asked and went; after 50 whose body nobody reads; and
the seconds that SIGTERM takes with idle, half-asked and pinned connections open.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from contextlib import ExitStack

import psutil

from bench.load import PROJECT
from bench.run import databases, prepare
from bench.servers import PATH, ours
from launcher.dev.embedded import embedded_services

ASK = f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
PINNED = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + b"1\r\nx\r\n" * 70


async def visit(port: int, data: bytes, *, leave: bool) -> asyncio.StreamWriter:
    """Open a connection, send `data`, read the beginning of the answer; leave or stay."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if data:
        await asyncio.wait_for(reader.read(200), 30)
    if leave:
        writer.close()
    return writer


async def measure(port: int, process: psutil.Process) -> None:
    """Print the figures; leaves connections of every kind open."""
    before = process.num_fds()
    for _ in range(30):
        await asyncio.gather(*(visit(port, ASK, leave=True) for _ in range(100)))
    await asyncio.sleep(2)
    print(f"descriptors left by 3,000 visitors after 2 s: {process.num_fds() - before}")
    pinned = await asyncio.gather(*(visit(port, PINNED, leave=False) for _ in range(50)))
    await asyncio.sleep(10)
    print(f"descriptors left by 50 unread bodies after 10 s: {process.num_fds() - before}")
    for writer in pinned:
        writer.close()
    open_ones = [await visit(port, data, leave=False) for data in (ASK, PINNED) for _ in range(50)]
    halves = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
    for _, writer in halves:
        writer.write(b"GET /api/spo")
    started = time.monotonic()
    process.terminate()
    await asyncio.to_thread(process.wait, 60)
    print(
        f"seconds from SIGTERM to the end with {len(open_ones) + len(halves)} open: {time.monotonic() - started:.1f}"
    )


def main() -> int:
    """Run against a web process of its own; return the exit code."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 8192), hard), hard))
    root = PROJECT / ".local" / "bench"
    root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        services = stack.enter_context(embedded_services(root, durable=False))
        url, peer_url = asyncio.run(databases(services.database_url))
        asyncio.run(prepare(url, peer_url))
        server = ours(stack, url, services.redis_url)
        asyncio.run(measure(server.port, psutil.Process(server.process.pid)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
