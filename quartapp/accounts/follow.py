"""Keeps a process's `Standing` in step with PostgreSQL: it listens, and asks twice a second as well."""

from __future__ import annotations

import asyncio
import time

from ops.database import DatabaseUnavailable, check_primary, connect
from ops.tasks import first_of, waited
from ops.telemetry.events import emit
from ops.telemetry.logs import redact
from quartapp.accounts.standing import Standing
from quartapp.store import account_events

POLL_SECONDS = 0.5
RECONNECT_SECONDS = 0.5
ANSWER_SECONDS = 5.0


class StandingFollower:
    """Follows which sessions ended and which accounts are excluded, on one connection of its own."""

    def __init__(
        self, standing: Standing, dsn: str, *, listen: bool = True, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._standing = standing
        self._dsn = dsn
        self._listen = listen
        self._poll_seconds = poll_seconds
        self._wake = asyncio.Event()
        self._told = False  # of this outage; the next one is told again

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`."""
        while not stop.is_set():
            try:
                await self._follow(stop)
            except (*DatabaseUnavailable, ValueError) as problem:
                self._standing.lost()
                if not self._told:
                    emit("accounts_stale", error=redact(repr(problem)))
                    self._told = True
                # Not woken by `_lost`, which a closed connection has just called: that would try without a rest.
                await waited(stop, RECONNECT_SECONDS)

    async def _follow(self, stop: asyncio.Event) -> None:
        connection = await connect(self._dsn, timeout=3, application_name="parlaygorilla-accounts")
        try:
            connection.add_termination_listener(lambda _: self._lost())
            if self._listen:
                await connection.add_listener(account_events.CHANNEL, lambda *_: self._wake.set())
            whole = True  # after a time without a connection anything may have happened
            while not stop.is_set():
                self._wake.clear()
                began = time.monotonic()
                async with asyncio.timeout(ANSWER_SECONDS):
                    if whole:
                        events = await account_events.current(connection)
                    else:
                        events = await account_events.since(connection, self._standing.last_event)
                    await check_primary(connection)
                whole = False
                self._standing.apply(events, time.monotonic())
                self._standing.looked(began)
                self._told = False
                await first_of(stop, self._wake, self._poll_seconds)
                if connection.is_closed():
                    raise ConnectionResetError("the connection was closed")
        finally:
            connection.terminate()

    def _lost(self) -> None:
        self._standing.lost()
        self._wake.set()
