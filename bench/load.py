"""Load by wrk, and what a process costs: thin wrappers that return plain numbers."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parent.parent
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """One run of wrk: answers a second, the 99th percentile in ms, answers that were not 2xx or 3xx.

    `server_cores` and `wrk_cores` are the processor time that each took, per second: on a small machine the load
    generator takes away from what it measures.
    """

    requests_per_second: float
    p99_ms: float
    failed: int
    server_cores: float
    wrk_cores: float

    @property
    def per_core(self) -> float:
        """Answers for each second of a core that the server had."""
        return self.requests_per_second / self.server_cores


def wrk(
    server: Server,
    path: str,
    *,
    connections: int = 32,
    seconds: int = 4,
    headers: Mapping[str, str] | None = None,
) -> Load:
    """Load `path` from one thread; raise RuntimeError when wrk is missing or could not connect."""
    if shutil.which("wrk") is None:
        raise RuntimeError(
            "wrk is not installed. Debian and Ubuntu: apt install wrk; macOS: brew install wrk"
        )
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    server_before, wrk_before = server.cpu_seconds(), os.times()
    ran = subprocess.run(
        [*command, server.url(path)], capture_output=True, text=True, check=True, timeout=120
    )
    server_after, wrk_after = server.cpu_seconds(), os.times()
    text = ran.stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", text)
    if rate is None or tail is None:
        raise RuntimeError(f"wrk said something unexpected:\n{text}")
    failed = sum(int(count) for count in re.findall(r"Non-2xx or 3xx responses: (\d+)", text))
    failed += sum(
        int(count) for line in re.findall(r"Socket errors: (.*)", text) for count in re.findall(r"\d+", line)
    )
    used = wrk_after.children_user - wrk_before.children_user
    used += wrk_after.children_system - wrk_before.children_system
    return Load(
        float(rate.group(1)),
        float(tail.group(1)) * _UNITS[tail.group(2)],
        failed,
        (server_after - server_before) / seconds,
        used / seconds,
    )


@dataclass(frozen=True, slots=True)
class Server:
    """A server process under test."""

    process: subprocess.Popen[bytes]
    port: int
    seconds_to_first_answer: float

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def memory_mb(self) -> float:
        """Return the resident memory of the process and its children in MB."""
        return sum(one.memory_info().rss for one in self._family()) / 1e6

    def cpu_seconds(self) -> float:
        """Return the processor time of the process and its children."""
        return float(sum(sum(one.cpu_times()[:2]) for one in self._family()))

    def _family(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]


@contextlib.contextmanager
def serving(
    command: list[str], port: int, environment: Mapping[str, str], *, ready: str = "/healthz"
) -> Iterator[Server]:
    """Run `command` until the block ends; yield once `ready` answers 200."""
    log = open(PROJECT / ".local" / f"bench-{port}.log", "wb")  # noqa: SIM115 - closed below
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        while not _answers(port, ready):
            if process.poll() is not None or time.perf_counter() - started > 30:
                raise RuntimeError(f"{command} did not start; see {log.name}")
            time.sleep(0.002)
        yield Server(process, port, time.perf_counter() - started)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


def etag(port: int, path: str) -> str:
    """Return the ETag of a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.headers["ETag"]


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
