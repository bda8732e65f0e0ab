"""What many open answers of the bot cost other visitors. `python -m bench.streams`.

One web process with a model that takes its time, and members who all ask at one moment on open connections, in turns
with quiet:

- how long the first event takes, alone and when all ask at once;
- the 99th percentile of /api/games, quiet and while every answer is open;
- memory: idle, behind one answer, while they stream, and when the last has ended.

The members, the model and the server are processes of their own: threads of one would wait for Python's lock and be
measured with the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.load import PROJECT, Server
from bench.logins import PASSWORD, Browser, paced
from bench.run import databases, prepare
from bench.servers import ours
from launcher.dev.embedded import embedded_services, free_port
from ops.database import open_database, session
from quartapp.documents.table import Document, publish
from quartapp.sandbox import openai

QUESTION = {"message": "What are the odds for Kansas City?"}
SETTLED_SECONDS = 3.0


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
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            writer.close()
            return
        length = next(
            int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        asked = json.loads(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        pieces = list(openai.text(asked["messages"], "none", 1))
        for piece in pieces:
            if writer.transport.is_closing():
                break
            writer.write(openai.event(asked["model"], {"content": piece}))
            await asyncio.sleep(seconds / len(pieces))
        writer.write(openai.event(asked["model"], {}, "stop") + b"data: [DONE]\n\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


async def ask_all(port: int, tokens: list[str]) -> None:
    """Ask for every token at one moment, on open connections; print the ms to each first event, then the ends."""
    body = json.dumps(QUESTION).encode()
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in tokens]
    heads = [
        "POST /api/bot/chat HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"CF-Connecting-IP: 10.1.{number >> 8}.{number & 255}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        for number, token in enumerate(tokens)
    ]
    began = time.perf_counter()
    for (_, writer), head in zip(opened, heads, strict=True):
        writer.write(head + body)

    async def first(reader: asyncio.StreamReader) -> float:
        seen = await reader.readuntil(b"\r\n\r\n")
        assert seen.startswith(b"HTTP/1.1 200"), seen
        await reader.readuntil(b"event: start\n")
        return (time.perf_counter() - began) * 1000

    async def rest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        last = b""
        while b"\r\n0\r\n\r\n" not in last and (part := await reader.read(65536)):
            last = last[-300:] + part
        writer.close()
        return "model" if b'"mode":"model"' in last else "figures" if b"event: done" in last else "broken"

    print(json.dumps(await asyncio.gather(*(first(reader) for reader, _ in opened))), flush=True)
    ended = await asyncio.gather(*(rest(*streams) for streams in opened))
    print(json.dumps({how: ended.count(how) for how in sorted(set(ended))}), flush=True)


@contextmanager
def aside(*arguments: str, said: str = "") -> Iterator[subprocess.Popen[str]]:
    """Run this module with arguments, beside us."""
    command = [sys.executable, "-m", "bench.streams", *arguments]
    process = subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdin is not None
    process.stdin.write(said + "\n")
    process.stdin.close()
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def line(process: subprocess.Popen[str]) -> Any:
    """Return what it says next."""
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def members(port: int, number: int) -> list[str]:
    """Return the tokens of new members."""
    tokens = []
    browser = Browser(port, moves=True)
    for one in range(number):
        body = {
            "email": f"reader{one}@example.com",
            "password": PASSWORD,
            "date_of_birth": "1990-01-01",
            "region": "US-NJ",
        }
        while (answer := browser.said("/api/auth/register", body))[0] == 503:
            time.sleep(0.1)  # the pool is not open yet
        assert answer[0] == 201, answer
        tokens.append(str(json.loads(answer[1])["access_token"]))
    return tokens


def ask(server: Server, tokens: list[str]) -> tuple[float, dict[str, int], float]:
    """Let members ask at once and wait for the ends. Return the slowest first event of 99 %, the ends, p99 meanwhile."""
    with aside("--ask", str(server.port), said=json.dumps(tokens)) as asking:
        firsts: list[float] = line(asking)
        busy = paced(server, 4) if len(tokens) > 1 else 0.0
        streaming.append(server.memory_mb())
        ends = line(asking)
    slowest = quantiles(firsts, n=100)[98] if len(firsts) > 1 else firsts[0]
    return slowest, ends, busy


streaming: list[float] = []


def measure(server: Server, tokens: list[str], rounds: int) -> None:
    """Print what is measured."""
    time.sleep(
        SETTLED_SECONDS
    )  # a process loads what speaks to the stores behind its first answer to a probe
    idle = server.memory_mb()
    first_of_all, _, _ = ask(server, tokens[:1])
    time.sleep(SETTLED_SECONDS)
    warm = server.memory_mb()
    alone = [ask(server, [token])[0] for token in tokens[1:4]]
    quiet: list[float] = []
    busy: list[float] = []
    at_once: list[float] = []
    after: list[float] = []
    cpu: list[float] = []
    for _ in range(rounds):
        time.sleep(SETTLED_SECONDS)
        quiet.append(paced(server, 4))
        before = server.cpu_seconds()
        slowest, ends, loaded = ask(server, tokens)
        cpu.append(server.cpu_seconds() - before)
        at_once.append(slowest)
        busy.append(loaded)
        time.sleep(SETTLED_SECONDS)
        after.append(server.memory_mb())
        print(f"{len(tokens)} answers ended: {ends}", flush=True)
    ratios = [loaded / calm for loaded, calm in zip(busy, quiet, strict=True)]
    print(f"first event: the first of the process {first_of_all:.0f} ms; alone {median(alone):.0f} ms")
    print(f"first event, {len(tokens)} at once: p99 {median(at_once):.0f} ms; rounds {said(at_once)}")
    print(
        f"p99 of /api/games, in turns: quiet {median(quiet):.2f} ms, beside the streams {median(busy):.2f} ms, "
        f"{median(ratios):.2f} times; quiet {said(quiet, 2)}; beside {said(busy, 2)}"
    )
    print(
        f"memory in MB: idle {idle:.1f}, after one answer {warm:.1f}, streaming {max(streaming):.1f}, "
        f"after each round {said(after, 1)}: {after[-1] - idle:+.1f} by idle, {after[-1] - warm:+.1f} by one answer"
    )
    print(f"processor seconds of the server a round: {said(cpu, 2)}")


def returned(server: Server, tokens: list[str], rounds: int) -> None:
    """Print what a process keeps of its answers that has let its members in before."""
    time.sleep(2 * SETTLED_SECONDS)
    idle, after = server.memory_mb(), []
    for _ in range(rounds):
        ask(server, tokens)
        time.sleep(SETTLED_SECONDS)
        after.append(server.memory_mb())
    print(
        f"memory in MB of a process that registered its members: idle {idle:.1f}, "
        f"after each round {said(after, 1)}: {after[-1] - idle:+.1f}"
    )
    streaming.clear()


def said(numbers: list[float], places: int = 0) -> str:
    """Return numbers in a row."""
    return ", ".join(f"{number:.{places}f}" for number in numbers)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.streams", description=__doc__)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10, help="how long an answer takes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--ask", type=int, help="only ask at this port, for the tokens on the first line of input"
    )
    parser.add_argument("--model", type=int, help="only be the model, at this port")
    options = parser.parse_args()
    if options.model:
        asyncio.run(slow_model(options.model, options.seconds))
    elif options.ask:
        asyncio.run(ask_all(options.ask, json.loads(sys.stdin.readline())))
    else:
        run(options.members, options.seconds, options.rounds)
    return 0


def run(number: int, seconds: float, rounds: int) -> None:
    """Start what is measured, and measure."""
    root: Path = PROJECT / ".local" / "bench"
    root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        services = stack.enter_context(embedded_services(root, durable=False))
        url, peer_url = asyncio.run(databases(services.database_url))
        asyncio.run(prepare(url, peer_url))
        asyncio.run(fill(url))
        port = free_port()
        stack.enter_context(aside("--model", str(port), "--seconds", str(seconds)))
        settings = {
            "JWT_SECRET": "a-secret-for-benchmarks-of-32-bytes",
            "TRUSTED_PROXIES": "127.0.0.1/32",
            "OPENAI_API_KEY": "sk-bench",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{port}",
            "BOT_DAILY_TOKENS": "1000000000",
            "BOT_MEMBER_DAILY_TOKENS": "10000000",
        }
        with ExitStack() as for_now:
            # Registering fills memory with hashing: the process that is measured in all else did none.
            registering = ours(for_now, url, services.redis_url, **settings)
            tokens = members(registering.port, number)
            returned(registering, tokens, rounds)
        measure(ours(stack, url, services.redis_url, **settings), tokens, rounds)


if __name__ == "__main__":
    sys.exit(main())
