"""What many open answers of the bot cost other visitors. `python -m bench.streams`.

One web process with a model that takes its time, and members who all ask at once:

- how long the first event takes, alone and while all the others stream;
- the 99th percentile of /api/games, quiet and while every answer is open;
- memory before, while they stream, and when the last has ended.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

from bench.load import PROJECT, Server
from bench.logins import PASSWORD, paced
from bench.run import databases, prepare
from bench.servers import ours
from launcher.dev.embedded import embedded_services, free_port
from ops.database import open_database, session
from quartapp.documents.table import Document, publish
from quartapp.sandbox import openai

QUESTION = {"message": "What are the odds for Kansas City?"}
PIECE_SECONDS = 0.25


async def fill(url: str) -> None:
    """Publish the small world that the bot's tests ask about."""
    content: dict[str, Any] = json.loads((PROJECT / "tests/bot/documents.json").read_text("utf-8"))
    database = open_database(url)
    await database.connect()
    documents = [
        Document(key, {name: value for name, value in body.items() if name != "generated_at"})
        for key, body in content.items()
    ]
    async with session(database) as connection, connection.transaction():
        await publish(connection, documents, fencing_token=0, now=datetime.now(UTC))
    await database.disconnect()


async def slow_model(port: int, seconds: float) -> None:
    """Serve a model whose answers take so many seconds."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        asked = json.loads(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and not writer.transport.is_closing():
            writer.write(openai.event(asked["model"], {"content": "The best price [1] is good to know "}))
            await asyncio.sleep(PIECE_SECONDS)
        writer.write(openai.event(asked["model"], {}, "stop") + b"data: [DONE]\n\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def request(
    port: int, number: int, path: str, body: dict[str, str], token: str = ""
) -> http.client.HTTPResponse:
    """Return the beginning of an answer to a member at an address of their own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Content-Type": "application/json", "CF-Connecting-IP": f"10.1.{number >> 8}.{number & 255}"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request("POST", path, json.dumps(body), headers)
    return connection.getresponse()


def member(port: int, number: int) -> str:
    """Return a new member's token."""
    body = {
        "email": f"reader{number}@example.com",
        "password": PASSWORD,
        "date_of_birth": "1990-01-01",
        "region": "US-NJ",
    }
    while (answer := request(port, number, "/api/auth/register", body)).status == 503:
        time.sleep(0.1)  # the pool is not open yet
    assert answer.status == 201, answer.read()
    return str(json.loads(answer.read())["access_token"])


def first_event(port: int, number: int, token: str) -> tuple[float, http.client.HTTPResponse]:
    """Return the ms until the first event, and the answer."""
    began = time.perf_counter()
    answer = request(port, number, "/api/bot/chat", QUESTION, token)
    assert answer.status == 200, answer.read()
    line = answer.readline()
    assert line == b"event: start\n", line
    return (time.perf_counter() - began) * 1000, answer


def measure(server: Server, members: int, seconds: float) -> None:
    """Print what is measured."""
    tokens = [member(server.port, number) for number in range(members)]
    alone = []
    for number in range(6):
        ms, answer = first_event(server.port, number, tokens[number])
        alone.append(ms)
        answer.close()  # goes away, which ends the answer and the model's too
    time.sleep(2)
    idle = server.memory_mb()
    quiet = [paced(server, 4) for _ in range(3)]
    firsts: list[float] = []
    answers: list[http.client.HTTPResponse] = []
    ended: list[bytes] = []

    def ask(number: int) -> None:
        ms, answer = first_event(server.port, number, tokens[number])
        firsts.append(ms)
        answers.append(answer)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(members)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    busy, memory = [paced(server, 4) for _ in range(3)], server.memory_mb()
    ended = [answer.read() for answer in answers]
    time.sleep(3)
    done = sum(b"event: done" in body for body in ended)
    ratio, last = min(busy) / min(quiet), quantiles(firsts, n=100)[98]
    print(f"first event, alone: median {median(alone):.0f} ms; {members} at once: p99 {last:.0f} ms")
    print(
        f"p99 of /api/games: quiet {min(quiet):.2f} ms, with {members} streams {min(busy):.2f} ms: {ratio:.2f} times"
    )
    print(f"memory: {idle:.1f} MB idle, {memory:.1f} MB streaming, {server.memory_mb():.1f} MB after")
    print(f"{done} of {members} ended in done; rounds, quiet: {quiet}; with streams of {seconds:g} s: {busy}")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.streams", description=__doc__)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    root = PROJECT / ".local" / "bench"
    root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        services = stack.enter_context(embedded_services(root, durable=False))
        url, peer_url = asyncio.run(databases(services.database_url))
        asyncio.run(prepare(url, peer_url))
        asyncio.run(fill(url))
        port = free_port()
        upstream = threading.Thread(
            target=lambda: asyncio.run(slow_model(port, options.seconds)), daemon=True
        )
        upstream.start()
        server = ours(
            stack, url, services.redis_url, JWT_SECRET="a-secret-for-benchmarks-of-32-bytes",
            TRUSTED_PROXIES="127.0.0.1/32", OPENAI_API_KEY="sk-bench", OPENAI_BASE_URL=f"http://127.0.0.1:{port}",
            BOT_DAILY_TOKENS="100000000",
        )  # fmt: skip
        measure(server, options.members, options.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
