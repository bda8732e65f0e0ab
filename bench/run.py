"""`make bench`: ours and the peer in turn, several rounds in one run, figures as ratios.

Ratios are taken round by round, so that a machine whose speed drifts does not decide them. Writes
docs/performance.md and docs/performance.svg.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import asyncpg
import orjson

from bench import origin_load, report
from bench.load import PROJECT, Load, Server, etag, wrk
from bench.servers import PATH, start_all
from bench.slate import events
from launcher.dev.embedded import embedded_services
from ops.database import open_database, session
from ops.migrate_with_lock import migrate
from quartapp.documents.table import Document, publish

GAMES, BOOKS = 16, 6


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure over the rounds; higher or lower is better as `better` says."""

    name: str
    values: list[float]
    target: str
    better: str = "higher"

    def spread(self) -> str:
        return f"{min(self.values):.2f} / {median(self.values):.2f} / {max(self.values):.2f}"


async def prepare(database_url: str, peer_url: str) -> bytes:
    """Fill both sides with the same slate; return our document's body."""
    await migrate(database_url)
    now = datetime.now(UTC)
    slate = events("nfl", GAMES, BOOKS, now)
    peer = await asyncpg.connect(peer_url)
    await peer.execute("CREATE TABLE games (id text PRIMARY KEY, sport text, doc jsonb)")
    await peer.executemany(
        "INSERT INTO games VALUES ($1, 'nfl', $2::jsonb)",
        [(one["id"], orjson.dumps(one).decode()) for one in slate],
    )
    await peer.close()
    database = open_database(database_url)
    await database.connect()
    content = {"source": "sandbox", "sport": None, "games": [_rendered(one) for one in slate], "next": None}
    async with session(database) as connection, connection.transaction():
        await publish(connection, [Document(PATH, content)], fencing_token=0, now=now)
        body = await connection.fetch_val("SELECT body FROM documents WHERE key = :key", {"key": PATH})
    await database.disconnect()
    return bytes(body)


def _rendered(event: dict[str, object]) -> dict[str, object]:
    """Give an event the fields of a GAME; both price formats, as the contract says."""
    books = orjson.loads(orjson.dumps(event["bookmakers"]))
    for book in books:
        for market in book["markets"]:
            for outcome in market["outcomes"]:
                price = outcome.pop("price")
                outcome["price_american"] = price
                outcome["price_decimal"] = round(1 + (price / 100 if price > 0 else 100 / -price), 4)
                outcome.setdefault("point", None)
    kept = {name: event[name] for name in ("id", "sport_key", "home_team", "away_team", "commence_time")}
    return kept | {"status": "scheduled", "scores": None, "bookmakers": books}


def rounds(count: int, seconds: int, servers: dict[str, Server]) -> dict[str, list[Load]]:
    """Load each side in turn, `count` times."""
    one, two, peer, cached = servers["one"], servers["two"], servers["peer"], servers["cached"]
    slow, tag, br = servers["slow"], {"If-None-Match": etag(one.port, PATH)}, {"Accept-Encoding": "br"}
    cached_tag = {"If-None-Match": etag(cached.port, "/rows")}
    plans: dict[str, Callable[[], Load]] = {
        "peer": lambda: wrk(peer, "/rows", seconds=seconds),
        "cached peer": lambda: wrk(cached, "/rows", seconds=seconds),
        "cached peer 304": lambda: wrk(cached, "/rows", seconds=seconds, headers=cached_tag),
        "ours": lambda: wrk(one, PATH, seconds=seconds),
        "ours 304": lambda: wrk(one, PATH, seconds=seconds, headers=tag),
        "ours br": lambda: wrk(one, PATH, seconds=seconds, headers=br),
        "ours, FAST_READS=false": lambda: wrk(slow, PATH, seconds=seconds),
        "ours, two workers": lambda: wrk(two, PATH, seconds=seconds),
        "ours br, two workers": lambda: wrk(two, PATH, seconds=seconds, headers=br),
        "peer /healthz": lambda: wrk(peer, "/healthz", seconds=seconds),
        "cached peer /healthz": lambda: wrk(cached, "/healthz", seconds=seconds),
        "ours /healthz": lambda: wrk(one, "/healthz", seconds=seconds),
    }
    if "nginx" in servers:
        plans["nginx"] = lambda: wrk(servers["nginx"], "/rows", seconds=seconds)
    loads: dict[str, list[Load]] = {name: [] for name in plans}
    for number in range(count):
        for name, plan in plans.items():
            print(f"round {number + 1} of {count}: {name:<20}", end="", flush=True)
            load = plan()
            print(
                f"{load.requests_per_second:>9.0f} req/s  p99 {load.p99_ms:>7.2f} ms  "
                f"cores: server {load.server_cores:.2f}, wrk {load.wrk_cores:.2f}",
                flush=True,
            )
            if load.failed:
                raise RuntimeError(f"{name}: {load.failed} answers failed; nothing can be said of its speed")
            loads[name].append(load)
    return loads


def ratios(loads: dict[str, list[Load]]) -> list[Measured]:
    """Return the issue's figures, round by round."""

    def rate(of: str, to: str) -> list[float]:
        pairs = zip(loads[of], loads[to], strict=True)
        return [a.requests_per_second / b.requests_per_second for a, b in pairs]

    def tails(of: str, to: str) -> list[float]:
        return [a.p99_ms / b.p99_ms for a, b in zip(loads[of], loads[to], strict=True)]

    workers = zip(loads["ours, two workers"], loads["ours"], strict=True)
    scaling = [2 * two.per_core / one.per_core for two, one in workers]
    figures = [
        Measured("games list, ours / peer with rows", rate("ours", "peer"), "≥ 100"),
        Measured("games list, ours / peer with bytes", rate("ours", "cached peer"), "≥ 2"),
        Measured("games list br, ours / peer with bytes", rate("ours br", "cached peer"), "≥ 2"),
        Measured("games list 304, ours / peer with bytes", rate("ours 304", "cached peer 304"), "≥ 2"),
        Measured(
            "p99 at 32 connections, ours / peer with bytes", tails("ours", "cached peer"), "≤ 0.5", "lower"
        ),
        Measured("/healthz, ours / peer with bytes", rate("ours /healthz", "cached peer /healthz"), "≥ 1.5"),
        Measured("two workers / one for each core had, x 2", scaling, "≥ 1.8"),
        Measured("two workers / one, requests a second", rate("ours, two workers", "ours"), ""),
        Measured("fast reads / through Hypercorn", rate("ours", "ours, FAST_READS=false"), ""),
    ]
    if "nginx" in loads:
        figures.insert(3, Measured("games list, ours / nginx with the file", rate("ours", "nginx"), "≥ 0.4"))
    return figures


def main() -> int:
    """Run the benchmarks; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="a load's length")
    options = parser.parse_args()
    root = PROJECT / ".local" / "bench"
    root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        services = stack.enter_context(embedded_services(root, durable=False))
        ours_url, peer_url = asyncio.run(databases(services.database_url))
        body = asyncio.run(prepare(ours_url, peer_url))
        _compile()
        servers = start_all(stack, root, body, ours_url, peer_url, services.redis_url)
        idle = {name: server.memory_mb() for name, server in servers.items()}
        loads = rounds(options.rounds, options.seconds, servers)
        memory = {name: (idle[name], server.memory_mb()) for name, server in servers.items()}
        starts = {name: server.seconds_to_first_answer for name, server in servers.items()}
    print("daily pass", flush=True)
    daily = subprocess.run(
        [sys.executable, "-m", "bench.daily_pass"], cwd=PROJECT, check=True, text=True, stdout=subprocess.PIPE
    ).stdout
    report.write(
        Path("docs/performance.md"),
        figures=ratios(loads),
        loads=loads,
        memory=memory,
        starts=starts,
        daily=daily,
        origin=origin_load.table(origin_load.Site()),
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        command=f"make bench ({options.rounds} rounds, wrk -t1 -c32 -d{options.seconds}s, "
        f"{GAMES} games x {BOOKS} books x 3 markets)",
    )
    return 0


def _compile() -> None:
    """Compile everything first, as the image does: a start that compiles measures the compiler."""
    packages = str(Path(sys.prefix) / "lib")
    command = [sys.executable, "-m", "compileall", "-q", packages, "launcher", "ops", "quartapp", "bench"]
    subprocess.run(command, cwd=PROJECT, check=False)  # some package ships a file for another Python


async def databases(url: str) -> tuple[str, str]:
    connection = await asyncpg.connect(url)
    for name in ("bench_ours", "bench_peer"):
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    base = url.rsplit("/", 1)[0]
    return f"{base}/bench_ours", f"{base}/bench_peer"


if __name__ == "__main__":
    sys.exit(main())
