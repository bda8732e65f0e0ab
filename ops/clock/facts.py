"""Reads what the verdict is made from, out of both stores and within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops import server_errors
from ops.alerts import table as alerts
from ops.clock import ledger, register
from ops.clock.findings import Findings
from ops.clock.lease import read_holder
from ops.database import raw, session
from ops.instances import Instance, living, recent_starts
from ops.migrate_with_lock import SchemaState, read_state
from ops.stores import Ping, Stores, Unavailable
from ops.telemetry.events import emit
from ops.telemetry.logs import redact

if TYPE_CHECKING:
    from ops.clock.register import JobSummary

READ_SECONDS = 8.0

Look = Callable[[Stores, datetime], Awaitable[Findings]]


@dataclass(slots=True)
class Facts:
    """What was read. `unreachable` names stores with the reason; what only they know is then empty."""

    now: datetime
    unreachable: list[str] = field(default_factory=list)
    schema: SchemaState | None = None
    fencing_token: int | None = None
    jobs: list[JobSummary] = field(default_factory=list)
    idle: dict[str, datetime] = field(default_factory=dict)  # jobs that did nothing, and when their run ended
    open_since: dict[str, datetime] = field(
        default_factory=dict
    )  # of troubles that were told and are not over
    instances: list[Instance] = field(default_factory=list)
    starts: dict[tuple[str, str], int] = field(default_factory=dict)
    leader: str | None = None
    server_errors: int = 0
    product: Findings = field(default_factory=Findings)
    unexamined: bool = False  # the product could not be looked at: what is open stays open
    last_deploy: Mapping[str, Any] | None = None  # of this host


async def read_facts(
    stores: Stores, now: datetime, look: Look | None = None, *, connect: bool = False
) -> Facts:
    """Return the facts at `now`; `look` adds what only the product knows.

    With `connect` the pool is opened first, for a command that has opened nothing yet.
    """
    facts = Facts(now)
    await asyncio.gather(_ask_database(stores, facts, connect), _ask_redis(stores, facts))
    if look is not None and not facts.unreachable and facts.schema and facts.schema.standing != "empty":
        try:
            async with asyncio.timeout(READ_SECONDS):
                facts.product = await look(stores, now)
        except Unavailable as problem:
            facts.unexamined = True
            emit("watch_failed", error=redact(repr(problem)))
    return facts


async def _ask_database(stores: Stores, facts: Facts, connect: bool) -> None:
    try:
        async with asyncio.timeout(READ_SECONDS):
            if connect:
                await stores.connect()
            _note(facts, "PostgreSQL", (await stores.pings())["database"])
            async with session(stores.database) as connection:
                facts.schema = await read_state(raw(connection))
                if facts.schema.standing != "empty":
                    facts.fencing_token = await connection.fetch_val("SELECT token FROM scheduler_fences")
                    facts.jobs = await register.summaries(connection)
                    facts.idle = await ledger.idle(connection)
                    facts.open_since = await alerts.open_troubles(connection)
    except Unavailable as problem:
        facts.unreachable.append(f"PostgreSQL ({type(problem).__name__})")


async def _ask_redis(stores: Stores, facts: Facts) -> None:
    redis = stores.redis
    try:
        async with asyncio.timeout(READ_SECONDS):
            _note(facts, "Redis", (await stores.pings())["redis"])
            facts.instances = await living(redis)
            facts.starts = await recent_starts(redis)
            facts.leader = await read_holder(redis, "clock")
            facts.server_errors = await server_errors.recent(redis, facts.now)
    except Unavailable as problem:
        facts.unreachable.append(f"Redis ({type(problem).__name__})")


def _note(facts: Facts, name: str, answer: Ping) -> None:
    """A store that answers reads and refuses writes keeps every clock from working: it counts as unreachable."""
    if answer.error == "read-only":
        facts.unreachable.append(f"{name} (read-only)")
