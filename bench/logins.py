"""What logins cost visitors, and whether their time tells who has an account. `python -m bench.logins`.

One web process of ours, a filled /api/games, and real PostgreSQL and Redis:

- a login alone, in ms;
- the 99th percentile of /api/games, quiet and while eight members log in without a pause, in turns;
- wrong logins and recoveries of known and of unknown addresses in turns, and the ratio of their medians;
- how long a second process takes to refuse a session that ended in the first, and one whose old token came again;
- wrong logins at one account, and from one address at many: how many are tried, what they leave in memory.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from statistics import median, quantiles

from bench.load import PROJECT, Server, wrk
from bench.run import databases, prepare
from bench.servers import PATH, ours
from launcher.dev.embedded import embedded_services

PASSWORD, WRONG = "four wrong horses battle", "four wrong horses cattle"
_addresses = count(1)


class Browser:
    """A kept connection, at a new address for each request where `moves`."""

    def __init__(self, port: int, *, moves: bool = False) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._moves = moves

    def post(self, path: str, body: dict[str, str]) -> tuple[int, float]:
        """Return (status, ms)."""
        began = time.perf_counter()
        status, _ = self.said(path, body)
        return status, (time.perf_counter() - began) * 1000

    def said(self, path: str, body: dict[str, str]) -> tuple[int, bytes]:
        """Return (status, body) of a POST."""
        headers = {"Content-Type": "application/json"}
        if self._moves:
            number = next(_addresses)
            headers["CF-Connecting-IP"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        try:
            self._connection.request("POST", path, json.dumps(body), headers)
            answer = self._connection.getresponse()
        except ConnectionError:  # the server ends a connection after so many requests
            self._connection.close()
            self._connection.request("POST", path, json.dumps(body), headers)
            answer = self._connection.getresponse()
        return answer.status, answer.read()

    def get(self, path: str) -> float:
        """Return the ms that a GET takes."""
        began = time.perf_counter()
        self._connection.request("GET", path)
        self._connection.getresponse().read()
        return (time.perf_counter() - began) * 1000


def register(port: int, name: str) -> dict[str, str]:
    """Return what a new member logs in with."""
    account = {"email": f"{name}@example.com", "password": PASSWORD}
    more = {"date_of_birth": "1990-01-01", "region": "US-NJ"}
    status, _ = Browser(port).post("/api/auth/register", account | more)
    while status == 503:  # the pool is not open yet
        time.sleep(0.1)
        status, _ = Browser(port).post("/api/auth/register", account | more)
    assert status in (201, 409), status
    return account


@contextmanager
def logging_in(server: Server, members: int) -> Iterator[None]:
    """Let so many members log in without a pause until the block ends.

    From a process of their own: threads here would wait for Python's lock and be measured with the server.
    """
    port = str(server.port)
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.logins", "--members", str(members), "--port", port], cwd=PROJECT
    )
    time.sleep(2)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def log_in_without_pause(port: int, members: int) -> None:
    """Log in again and again until SIGTERM; then print how often."""

    def again_and_again(number: int) -> None:
        account, browser = register(port, f"busy{number}"), Browser(port)
        while not stop.is_set():
            status, ms = browser.post("/api/auth/login", account)
            assert status == 200, status
            taken.append(ms)

    stop, taken = threading.Event(), list[float]()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threads = [threading.Thread(target=again_and_again, args=(number,)) for number in range(members)]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    stop.wait()
    for thread in threads:
        thread.join()
    print(
        f"  {len(taken) / (time.perf_counter() - began):.0f} logins/s, median {median(taken):.0f} ms",
        flush=True,
    )


def paced(server: Server, seconds: float, rate: int = 200) -> float:
    """Return the 99th percentile in ms of one visitor who asks `rate` times a second."""
    browser, taken = Browser(server.port), list[float]()
    begin = time.perf_counter()
    for number in range(int(seconds * rate)):
        time.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        taken.append(browser.get(PATH))
    return quantiles(taken, n=100)[98]


def visitors(server: Server, rounds: int, seconds: int) -> None:
    """Print the 99th percentile of /api/games, quiet and beside logins, in turns."""
    found: dict[str, list[float]] = {
        name: [] for name in ("paced quiet", "paced busy", "wrk quiet", "wrk busy")
    }
    for _ in range(rounds):
        found["paced quiet"].append(paced(server, seconds))
        found["wrk quiet"].append(wrk(server, PATH, seconds=seconds).p99_ms)
        with logging_in(server, 8):
            found["paced busy"].append(paced(server, seconds))
            found["wrk busy"].append(wrk(server, PATH, seconds=seconds).p99_ms)
    for kind in ("paced", "wrk"):
        quiet, busy = median(found[f"{kind} quiet"]), median(found[f"{kind} busy"])
        print(
            f"/api/games, {kind}: p99 {quiet:.2f} ms quiet, {busy:.2f} ms beside 8 logins: x {busy / quiet:.2f}"
        )
        print(f"  rounds: quiet {_list(found[f'{kind} quiet'])}, busy {_list(found[f'{kind} busy'])}")


def pairs(server: Server, number: int) -> None:
    """Print the medians of wrong logins, of a known and an unknown address in turns."""
    known, browser = register(server.port, "known"), Browser(server.port, moves=True)
    login = {"password": WRONG}
    recover = {"recovery_code": "AAAA-BBBB-CCCC-DDDD", "new_password": PASSWORD}
    for path, ask in (("login", login), ("recover", recover)):
        both = [{"email": known["email"]} | ask, {"email": "nobody@example.com"} | ask]
        _in_turns(browser, f"/api/auth/{path}", both, number)


def _in_turns(browser: Browser, path: str, ask: list[dict[str, str]], number: int) -> None:
    taken: list[list[float]] = [[], []]
    for turn in range(number):
        for which in (0, 1) if turn % 2 else (1, 0):
            status, ms = browser.post(path, ask[which])
            assert status == 401, status
            taken[which].append(ms)
    medians = [median(one) for one in taken]
    print(
        f"{path}, wrong, {number} pairs: known {medians[0]:.2f} ms, unknown {medians[1]:.2f} ms, "
        f"apart by {abs(medians[0] / medians[1] - 1):.1%}"
    )


def revocation(first: Server, second: Server, times: int) -> None:
    """Print how long the second process goes on taking a token whose session ended in the first."""
    account = register(first.port, "ended")
    taken: dict[str, list[float]] = {"logout": [], "replay": []}
    for how, found in taken.items():
        for _ in range(times):
            token, cookie = _session(first, account)
            while _status(second, token) != 200:  # its pool may not be open yet
                time.sleep(0.1)
            if how == "logout":
                _post(first, "/api/auth/logout", cookie)
            else:
                child = _post(first, "/api/auth/refresh", cookie)
                _post(second, "/api/auth/refresh", child)
                _post(first, "/api/auth/refresh", cookie)
            began = time.perf_counter()
            while _status(second, token) != 401:
                assert time.perf_counter() - began < 60, "never refused"
            found.append((time.perf_counter() - began) * 1000)
            assert _status(first, token) == 401
        print(
            f"refused in the other process after a {how}: median {median(found):.1f} ms, slowest {max(found):.1f} ms"
        )


def _session(server: Server, account: dict[str, str]) -> tuple[str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", "/api/auth/login", json.dumps(account), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    cookies = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    return json.loads(answer.read())["access_token"], next(c for c in cookies if c.startswith("refresh="))


def _post(server: Server, path: str, cookie: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", path, headers={"Cookie": cookie})
    return (connection.getresponse().headers["Set-Cookie"] or "").partition(";")[0]


def _status(server: Server, token: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/api/me", headers={"Authorization": f"Bearer {token}"})
    return connection.getresponse().status


def flood(server: Server, redis_url: str, tries: int) -> None:
    """Print what wrong logins at one account, and from one address at many, come to."""
    import redis

    store = redis.Redis.from_url(redis_url)
    owner = register(server.port, "owner")
    for name in ("at one account", "from one address"):
        browser, statuses = Browser(server.port), Counter[int]()
        memory, keys = server.memory_mb(), store.dbsize()
        halfway, began = 0.0, time.perf_counter()
        for number in range(tries):
            email = owner["email"] if name == "at one account" else f"somebody{number}@example.com"
            statuses[browser.post("/api/auth/login", {"email": email, "password": WRONG})[0]] += 1
            if number == tries // 2:
                halfway = server.memory_mb()
        print(
            f"{tries} wrong logins {name} in {time.perf_counter() - began:.0f} s: {dict(statuses)}; memory {memory:.0f}, "
            f"{halfway:.0f}, {server.memory_mb():.0f} MB; {store.dbsize() - keys} keys more in Redis"
        )
    status, ms = Browser(server.port, moves=True).post("/api/auth/login", owner)
    print(f"the owner from elsewhere: {status} in {ms:.0f} ms")


def _list(numbers: list[float]) -> str:
    return ", ".join(f"{number:.2f}" for number in numbers)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.logins", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--tries", type=int, default=10_000)
    parser.add_argument("--members", type=int, help="only log in without a pause, at --port")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    if options.members:
        log_in_without_pause(options.port, options.members)
        return 0
    root = PROJECT / ".local" / "bench"
    root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        services = stack.enter_context(embedded_services(root, durable=False))
        ours_url, peer_url = asyncio.run(databases(services.database_url))
        asyncio.run(prepare(ours_url, peer_url))
        settings = {"JWT_SECRET": "a-secret-for-benchmarks-of-32-bytes", "TRUSTED_PROXIES": "127.0.0.1/32"}
        server = ours(stack, ours_url, services.redis_url, **settings)
        print(f"memory, idle: {server.memory_mb():.0f} MB")
        account, browser = register(server.port, "alone"), Browser(server.port)
        browser.post("/api/auth/login", account)
        alone = [browser.post("/api/auth/login", account)[1] for _ in range(40)]
        print(f"a login alone: median {median(alone):.1f} ms, slowest of 40 {max(alone):.1f} ms")
        visitors(server, options.rounds, options.seconds)
        pairs(server, options.pairs)
        with ExitStack() as for_now:
            revocation(server, ours(for_now, ours_url, services.redis_url, **settings), 20)
        flood(server, services.redis_url, options.tries)
        print(f"memory, after: {server.memory_mb():.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
