"""A process to keep alive, and one that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Spec:
    """A process to keep alive. `ready` waits until it serves; None counts it ready at once."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    pass_fds: tuple[int, ...] = ()
    ready: Callable[[int], Awaitable[None]] | None = None


@dataclass(slots=True, eq=False)
class Child:
    """A running process of a spec. Once `dismissed`, how it ends says nothing of the run's success."""

    spec: Spec
    process: asyncio.subprocess.Process
    started: float
    dismissed: bool = False
