"""Who leads: campaign for the lease, lead while it is surely held, step down in time, again and again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops.alerts.desk import Desk
from ops.clock.fence import next_token
from ops.clock.lease import Lease
from ops.database import session
from ops.instances import Standing
from ops.stores import Unavailable
from ops.tasks import waited
from ops.telemetry.events import emit
from ops.telemetry.logs import redact

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis


CAMPAIGN_SECONDS = 0.25  # how often a standby looks; a released lease is taken within this
REDIS_TROUBLE = "clock:redis"

Lead = Callable[[int, asyncio.Event], Awaitable[None]]


class Leadership:
    """Runs `term(fencing_token, stop)` while this process holds the lease; cancels it in time."""

    def __init__(
        self,
        redis: Redis,
        database: Database,
        *,
        holder: str,
        ttl_seconds: float,
        desk: Desk,
        standing: Standing | None = None,
    ) -> None:
        self._redis = redis
        self._database = database
        self._holder = holder
        self._ttl = ttl_seconds
        self._desk = desk
        self._standing = standing or Standing()
        self._redis_away_since: float | None = None

    async def run(self, term: Lead, stop: asyncio.Event) -> None:
        """Campaign and lead until `stop`; the lease is given back at once."""
        while not stop.is_set():
            lease = Lease(self._redis, "clock", self._holder, self._ttl)
            try:
                taken = await lease.acquire()
            except Unavailable as problem:
                self._standing.become("connected")
                await self._redis_away(problem)
                await waited(stop, min(1.0, self._ttl / 3))
                continue
            await self._redis_back()
            if not taken:
                self._standing.become("standby")
                await waited(stop, CAMPAIGN_SECONDS * random.uniform(0.6, 1.0))
                continue
            try:
                await self._lead(lease, term, stop)
            finally:
                self._standing.become("connected")
                await lease.release()

    async def _lead(self, lease: Lease, term: Lead, stop: asyncio.Event) -> None:
        renewing = asyncio.create_task(self._keep(lease), name="lease")
        leading = asyncio.create_task(self._serve(lease, term, stop), name="term")
        try:
            await asyncio.wait((renewing, leading), return_when=asyncio.FIRST_COMPLETED)
            if renewing.done() and not leading.done():
                emit("leadership_lost", holder=self._holder)
        finally:
            for task in (leading, renewing):
                task.cancel()
            await asyncio.wait((leading, renewing), timeout=max(0.2, lease.margin_seconds))
        if leading.done() and not leading.cancelled() and (problem := leading.exception()) is not None:
            raise problem

    async def _serve(self, lease: Lease, term: Lead, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with session(self._database) as connection:
                    token = await next_token(connection, self._holder, datetime.now(UTC))
                break
            except Unavailable as problem:
                emit("store_unavailable", store="database", waiting="leader", error=redact(repr(problem)))
                await waited(stop, 0.5)
        else:
            return
        self._standing.become("leading")
        emit("leadership_gained", holder=self._holder, fencing_token=token, ttl_seconds=lease.ttl_seconds)
        await term(token, stop)

    async def _keep(self, lease: Lease) -> None:
        """Renew until the lease is lost or its local deadline passes; then return."""
        pause = lease.renew_every_seconds
        while True:
            await asyncio.sleep(min(pause, lease.seconds_left))
            if not lease.held:
                return
            try:
                # Never wait for an answer past the deadline: an answer after it is worth nothing.
                async with asyncio.timeout(lease.seconds_left):
                    if not await lease.renew():
                        return
                pause = lease.renew_every_seconds
                await self._redis_back()
            except Unavailable as problem:
                await self._redis_away(problem)
                pause = lease.renew_every_seconds / 4

    # --- telling of a missing Redis, once

    async def _redis_away(self, problem: BaseException) -> None:
        if self._redis_away_since is None:
            self._redis_away_since = time.monotonic()
            emit("store_unavailable", store="redis", waiting="lease", error=redact(repr(problem)))
        if time.monotonic() - self._redis_away_since < self._ttl * 0.5:
            return
        try:
            async with asyncio.timeout(1):
                await self._desk.trouble(
                    REDIS_TROUBLE,
                    "The clock has lost Redis",
                    "No clock can lead: scheduled jobs stand still. They resume by themselves.\n"
                    f"{type(problem).__name__}. See: python -m launcher doctor",
                    repeats="once",
                )
        except Unavailable:
            return  # asked again at the next look

    async def _redis_back(self) -> None:
        if self._redis_away_since is None:
            return
        try:
            async with asyncio.timeout(1):
                await self._desk.well(REDIS_TROUBLE)
        except Unavailable:
            return
        emit("store_available", store="redis")
        self._redis_away_since = None
