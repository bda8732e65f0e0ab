"""Several processes on one host: started, restarted with backoff, prefixed, stopped together.

The supervisor holds the listening socket and hands it down, so a web instance can be replaced without a
refused connection: the queue belongs to the socket and not to who accepts from it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from launcher.host.child import Child, Spec
from launcher.host.parent import PARENT
from ops.telemetry.sink import Sink

if TYPE_CHECKING:
    pass

COLOURS = (36, 33, 35, 32, 34, 31)
STEADY_SECONDS = 30.0  # a process that has lived this long starts anew with its backoff
TIDY_UP_SECONDS = 15  # letting go of the port, closing pools: what a web process does after its drain time
CRASH_LIMIT = 5  # failed starts in a row before the supervisor gives up
BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


class ReloadError(RuntimeError):
    """A new instance did not become ready; the message says which, and that the old one goes on."""


class Supervisor:
    """Keeps specs alive until `stop`."""

    def __init__(
        self,
        specs: Sequence[Spec],
        *,
        grace_seconds: float,
        output: TextIO | Sink | None = None,
        prefix: bool = True,
        restart: bool = True,
        steady_seconds: float = STEADY_SECONDS,
        backoff_seconds: Sequence[float] = BACKOFF_SECONDS,
    ) -> None:
        self._steady_seconds = steady_seconds
        self._backoff_seconds = backoff_seconds
        self._specs = list(specs)
        self._grace_seconds = grace_seconds
        # A terminal that is paused, or a pipe whose reader has gone, must stop neither the children nor the loop that
        # watches them: lines beyond the queue are dropped and counted.
        self._output = output if output is not None else Sink(sys.stdout)
        self._prefix = prefix
        self._restart = restart
        self._width = max((len(spec.name) for spec in specs), default=0)
        self._children: dict[str, Child] = {}
        self._starting: set[Child] = set()  # by a reload, and not ready yet
        self._starts: Counter[str] = Counter()
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._printers: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()
        self.stop = asyncio.Event()
        self.exit_code = 0

    async def run(self) -> int:
        """Run until `stop` is set or a process cannot be kept alive; return the exit code."""
        for spec in self._specs:
            self._keepers[spec.name] = asyncio.create_task(self._keep(spec), name=spec.name)
        stopping = asyncio.create_task(self.stop.wait())
        while not self.stop.is_set():
            done, _ = await asyncio.wait(
                (stopping, *self._keepers.values()), return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {stopping}:
                if task.cancelled():
                    continue  # by a reload: the keeper of the new instance goes on
                if problem := task.exception():
                    raise problem
                self.stop.set()
        await self._stop_all()
        stopping.cancel()
        return self.exit_code

    @property
    def children(self) -> list[Child]:
        """The processes alive now, in the specs' order."""
        return [self._children[spec.name] for spec in self._specs if spec.name in self._children]

    def report(self) -> list[dict[str, object]]:
        """Return what runs: one entry a process, for the control socket."""
        now = time.monotonic()
        return [
            {
                "name": child.spec.name,
                "pid": child.process.pid,
                "alive": child.process.returncode is None,
                "seconds": round(now - child.started, 1),
                "starts": self._starts[child.spec.name],
            }
            for child in self.children
        ]

    async def reload(self, role: str) -> list[str]:
        """Replace the role's instances one at a time, each new one ready before its old one stops.

        Raises ReloadError when a new one does not become ready: the old one goes on, and so do those after it.
        """
        done: list[str] = []
        async with self._reloading:
            for spec in self._specs:
                if spec.name.rpartition(".")[0] == role:
                    await self._replace(spec)
                    done.append(spec.name)
        return done

    async def _replace(self, spec: Spec) -> None:
        fresh = await self._start(spec)
        self._starting.add(fresh)
        try:
            await self._until_ready(fresh)
        except BaseException:
            fresh.dismissed = True
            await self._end(fresh)
            raise
        finally:
            self._starting.discard(fresh)
        # Nothing is awaited until the new keeper is there: the old one cannot start anything in between.
        self._keepers[spec.name].cancel()
        old, self._children[spec.name] = self._children[spec.name], fresh
        old.dismissed = True
        self._keepers[spec.name] = asyncio.create_task(self._keep(spec, fresh), name=spec.name)
        self._say(spec.name, f"process {fresh.process.pid} is ready; stopping {old.process.pid}")
        await self._end(old)

    async def _until_ready(self, child: Child) -> None:
        if child.spec.ready is None:
            return
        ready = asyncio.ensure_future(child.spec.ready(child.process.pid))
        ended = asyncio.ensure_future(child.process.wait())
        stopping = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait((ready, ended, stopping), return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                raise ReloadError("everything is being stopped")
            if ready.done() and ready.exception() is None:
                return
            why = (
                f"ended with {_meaning(ended.result())} before it was ready"
                if ended.done()
                else "was not ready in time"
            )
            raise ReloadError(f"{child.spec.name}: the new process {why}; the old one goes on")
        finally:
            for task in (ready, ended, stopping):
                task.cancel()

    async def _keep(self, spec: Spec, child: Child | None = None) -> None:
        failures = 0
        while not self.stop.is_set():
            if child is None:
                child = await self._start(spec)
                self._children[spec.name] = child
            code = await child.process.wait()
            if self.stop.is_set():
                return
            lived = time.monotonic() - child.started
            failures = 1 if lived > self._steady_seconds else failures + 1
            self._say(spec.name, f"ended with {_meaning(code)} after {lived:.1f} s")
            if not self._restart or failures >= CRASH_LIMIT:
                self.exit_code = self.exit_code or (code if code > 0 else 1)
                if self._restart:
                    self._say(
                        spec.name, f"failed {failures} times in a row; giving up and stopping everything"
                    )
                return
            child = None
            with contextlib.suppress(TimeoutError):
                backoff = self._backoff_seconds
                async with asyncio.timeout(backoff[min(failures, len(backoff)) - 1]):
                    await self.stop.wait()

    async def _start(self, spec: Spec) -> Child:
        process = await asyncio.create_subprocess_exec(
            *spec.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if self._prefix else None,
            stderr=asyncio.subprocess.STDOUT if self._prefix else None,
            env={**os.environ, **spec.environment, PARENT: str(os.getpid()), "LAUNCHER_PROCESS": spec.name},
            pass_fds=spec.pass_fds,
            start_new_session=True,  # Ctrl-C is ours to pass on, in order
            limit=1024 * 1024,
        )
        if process.stdout is not None:
            task = asyncio.create_task(self._print(spec.name, process.stdout))
            self._printers.add(task)
            task.add_done_callback(self._printers.discard)
        self._starts[spec.name] += 1
        return Child(spec, process, time.monotonic())

    async def _print(self, name: str, lines: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await lines.readline()
            except ValueError:
                continue  # one line over a megabyte
            if not line:
                return
            self._say(name, line.decode(errors="replace").rstrip("\n"))

    def _say(self, name: str, text: str) -> None:
        label = f"{name:<{self._width}} | "
        if self._output.isatty():
            names = [spec.name for spec in self._specs]
            colour = COLOURS[names.index(name) % len(COLOURS)] if name in names else 37
            label = f"\x1b[{colour}m{label}\x1b[0m"
        self._output.write(f"{label}{text}\n")
        self._output.flush()

    async def _stop_all(self) -> None:
        await asyncio.gather(*(self._end(child) for child in (*self._children.values(), *self._starting)))
        for task in self._keepers.values():
            task.cancel()
        if self._keepers or self._printers:
            await asyncio.wait((*self._keepers.values(), *self._printers), timeout=2)

    async def _end(self, child: Child) -> None:
        if child.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._grace_seconds):
                code = await child.process.wait()
        except TimeoutError:
            self._say(child.spec.name, f"did not stop within {self._grace_seconds:g} s; killed")
            with contextlib.suppress(ProcessLookupError):
                child.process.kill()
            code = await child.process.wait()
        if code not in (0, -signal.SIGTERM) and not child.dismissed:
            self.exit_code = self.exit_code or (code if code > 0 else 128 - code)


def _meaning(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
