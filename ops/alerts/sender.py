"""Sends what `ops.alerts.table` recorded: one Telegram message per ten seconds over all processes.

Any number of processes may run `send_alerts`. A row is claimed by moving its next attempt ahead, so a
sender that dies leaves it to another; Redis holds the common ten seconds, and while Redis is away each
process keeps its own.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.alerts.telegram import Telegram, TelegramChat, Verdict
from ops.database import raw, session
from ops.stores import Unavailable
from ops.tasks import waited
from ops.telemetry.events import emit
from ops.telemetry.logs import get_logger, redact

if TYPE_CHECKING:
    import asyncpg
    from databases import Database
    from redis.asyncio import Redis

log = get_logger(__name__)

SLOT_SECONDS = 10.0
LOOK_SECONDS = 1.0
CLAIM_SECONDS = 60.0  # after this another process takes a claimed row: longer than any send
GIVE_UP_AFTER = 12  # attempts, with backoff to five minutes: about half an hour of refusals

_SLOT_KEY = "alerts:slot"


async def send_alerts(chat: TelegramChat, database: Database, redis: Redis, stop: asyncio.Event) -> None:
    """Send pending alerts until `stop`. Nothing that PostgreSQL, Redis or Telegram answer ends it."""
    slot, telegram = Slot(redis), Telegram(chat, redis)
    try:
        while not stop.is_set():
            try:
                if await _anything_waits(database):
                    await send_next(telegram, database, slot)
            except Exception as problem:  # a sender that ended would leave every later alert unsent
                write = log.warning if isinstance(problem, Unavailable) else log.error
                write("alerts wait", error=redact(repr(problem)))
                await waited(stop, 5)
            await waited(stop, LOOK_SECONDS)
    finally:
        await telegram.close()


async def _anything_waits(database: Database) -> bool:
    async with session(database) as connection:
        found = await raw(connection).fetchval(
            "SELECT EXISTS (SELECT 1 FROM alerts WHERE status = 'pending')"
        )
    return bool(found)


async def send_next(telegram: Telegram, database: Database, slot: Slot, now: datetime | None = None) -> bool:
    """Send the oldest pending alert if the ten seconds are free; return whether one was sent."""
    now = now or datetime.now(UTC)
    async with session(database) as connection:
        waiting = await connection.fetch_val(
            "SELECT EXISTS (SELECT 1 FROM alerts WHERE status = 'pending' AND next_attempt_at <= :now)",
            {"now": now},
        )
        if not waiting or not await slot.take():
            return False
        row = await _claim(raw(connection), now)
    if row is None:
        return False
    verdict = await telegram.send(_text(row))
    if verdict.retry_after_seconds:
        await slot.hold(verdict.retry_after_seconds)
    await _surely_record(database, row, verdict, now)
    return verdict.sent


async def _surely_record(database: Database, row: asyncpg.Record, verdict: Verdict, now: datetime) -> None:
    """Record a verdict; while the database is away keep it, or a sent message would be sent again."""
    for pause in (0.1, 0.5, 1, 2, 4, 8, 15, 30):
        try:
            async with session(database) as connection:
                return await _record(raw(connection), row, verdict, now)
        except Unavailable as problem:
            emit("store_unavailable", store="database", waiting="alert", error=redact(repr(problem)))
            await asyncio.sleep(pause)
    async with session(database) as connection:
        await _record(raw(connection), row, verdict, now)


class Slot:
    """The one message per ten seconds: kept in Redis for all processes, here while Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._free_at = 0.0

    async def take(self) -> bool:
        """Take the slot if it is free."""
        if time.monotonic() < self._free_at:
            return False
        try:
            taken = bool(await self._redis.set(_SLOT_KEY, "1", nx=True, px=int(SLOT_SECONDS * 1000)))
        except Unavailable:
            taken = True
            self._free_at = time.monotonic() + SLOT_SECONDS
        return taken

    async def hold(self, seconds: float) -> None:
        """Keep every process from sending for `seconds`, as Telegram asked."""
        self._free_at = time.monotonic() + seconds
        try:
            await self._redis.set(_SLOT_KEY, "1", px=int(seconds * 1000))
        except Unavailable:
            return


async def _claim(connection: asyncpg.Connection[Any], now: datetime) -> asyncpg.Record | None:
    return await connection.fetchrow(
        """
        UPDATE alerts AS alert
           SET attempts = attempts + 1, next_attempt_at = $1::timestamptz + $2::interval,
               suppressed_count = (SELECT count(*) FROM alerts AS repeat
                                    WHERE repeat.fingerprint = alert.fingerprint AND repeat.status = 'suppressed'
                                      AND repeat.kind = alert.kind AND repeat.id < alert.id
                                      AND repeat.id > coalesce(
                                          (SELECT max(id) FROM alerts AS earlier
                                            WHERE earlier.fingerprint = alert.fingerprint
                                              AND earlier.kind = alert.kind AND earlier.status = 'sent'), 0))
         WHERE id = (SELECT id FROM alerts AS ready
                      WHERE status = 'pending' AND next_attempt_at <= $1
                        -- A recovery never overtakes the failure it closes.
                        AND NOT EXISTS (SELECT 1 FROM alerts AS before
                                         WHERE before.fingerprint = ready.fingerprint
                                           AND before.status = 'pending' AND before.id < ready.id)
                      ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING *
        """,
        now,
        timedelta(seconds=CLAIM_SECONDS),
    )


def _text(row: asyncpg.Record) -> str:
    count = row["suppressed_count"]
    if not count:
        return str(row["body"])
    return f"{row['body']}\n({count} repeat{'s' if count > 1 else ''} not sent since the last message)"


async def _record(
    connection: asyncpg.Connection[Any], row: asyncpg.Record, verdict: Verdict, now: datetime
) -> None:
    if verdict.sent:
        await connection.execute(
            "UPDATE alerts SET status = 'sent', sent_at = $2, error = NULL WHERE id = $1", row["id"], now
        )
        emit("alert_sent", alert=row["id"])
        return
    delay = verdict.retry_after_seconds or min(300.0, SLOT_SECONDS * 2 ** min(row["attempts"], 6))
    refused = verdict.refused and row["attempts"] >= GIVE_UP_AFTER
    emit("alert_not_sent", alert=row["id"], error=verdict.error, again_in_seconds=None if refused else delay)
    await connection.execute(
        "UPDATE alerts SET status = $2, error = $3, next_attempt_at = $4 WHERE id = $1",
        row["id"],
        "failed" if refused else "pending",
        verdict.error,
        now + timedelta(seconds=delay),
    )
