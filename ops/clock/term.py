"""A term of leadership: what its holder works with, and how patiently. The scheduler and the runner share one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from ops.database import session
from ops.telemetry.events import emit
from ops.telemetry.logs import redact

if TYPE_CHECKING:
    from databases.core import Connection

    from ops.alerts.desk import Desk
    from ops.stores import Stores

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a leader looks and how long it waits, in seconds."""

    look: float = 1.0  # between looks at requests, pauses and the wall clock
    sweep: float = 30.0  # between searches for runs that are claimed but not running
    outage: float = 10.0  # a database away for longer is told once it is back, because alerts live in it
    retry_ceiling: float = 60.0  # the longest pause between two attempts
    cancel: float = 5.0  # how long a cancelled job may take to end before it is left to itself
    write_ceiling: float = 2.0  # the longest pause between two tries of one write to the ledger


@dataclass(frozen=True, slots=True)
class Term:
    """One leader's stores, fencing token and clock.

    Attributes:
        token: the fencing token; a newer leader has a greater one.
        holder: the leader's name, host:role:process.
        wall: the time of day, aware UTC.
        desk: where troubles are told.
    """

    stores: Stores
    token: int
    holder: str
    desk: Desk
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    pace: Pace = field(default_factory=Pace)

    async def write(self, work: Callable[[Connection], Awaitable[T]], *, hopeless: bool = False) -> T:
        """Do `work` on a connection until it succeeds, as `patiently` does."""

        async def on_connection() -> T:
            async with session(self.stores.database) as connection:
                return await work(connection)

        return await self.patiently(on_connection, hopeless=hopeless)

    async def patiently(self, work: Callable[[], Awaitable[T]], *, hopeless: bool = False) -> T:
        """Do `work` until it succeeds, however long that takes: cancellation ends it, with its term.

        Every kind of error may pass (a server that is away, full, read-only or restarting), except that a value is
        refused: then trying again is futile, and the error is raised unless `hopeless` tries are wanted as well.
        """
        pause = 0.1
        while True:
            try:
                return await work()
            except Exception as problem:
                if _is_about_values(problem) and not hopeless:
                    raise
                emit(
                    "store_unavailable",
                    store="database",
                    waiting="ledger",
                    error=redact(repr(problem)[:1000]),
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, self.pace.write_ceiling)


def _is_about_values(problem: Exception) -> bool:
    """Return whether PostgreSQL (SQLSTATE classes 22 and 23) or its driver refused a value."""
    sqlstate = str(getattr(problem, "sqlstate", None) or "")
    return sqlstate[:2] in ("22", "23") or isinstance(problem, TypeError | ValueError)
