"""Writes what was said into members' conversations, later where PostgreSQL is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ops.database import session
from ops.stores import Unavailable
from ops.tasks import waited
from ops.telemetry.events import emit
from quartapp.store import conversations
from quartapp.store.conversations import Turn

AT_ONCE = (
    2  # writes: what else this process asks of its few connections must not wait behind a crowd of answers
)
AGAIN_SECONDS = 2.0
LATE_SECONDS = 600.0
MOST_LATE = 500  # conversations in memory


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer; with a `title` it begins a conversation."""

    member: UUID
    conversation: UUID
    title: str | None
    turns: Sequence[Turn]
    at: datetime


class Keeper:
    """Keeps exchanges. `late` are the conversations that wait for PostgreSQL."""

    def __init__(
        self,
        database: Any,
        stopping: asyncio.Event,
        *,
        again_seconds: float = AGAIN_SECONDS,
        late_seconds: float = LATE_SECONDS,
    ) -> None:
        self.late: set[UUID] = set()
        self._database = database
        self._stopping = stopping
        self._again_seconds = again_seconds
        self._late_seconds = late_seconds
        self._writing = asyncio.Semaphore(AT_ONCE)

    async def keep(self, exchange: Exchange) -> bool:
        """Write an exchange, once however often it is called. Return False where PostgreSQL is away."""
        try:
            async with (
                self._writing,
                session(self._database) as connection,
                connection.transaction(),
            ):
                await conversations.add(
                    connection,
                    exchange.member,
                    exchange.conversation,
                    exchange.title,
                    exchange.turns,
                    exchange.at,
                )
        except Unavailable as problem:
            emit("store_unavailable", store="database", waiting="bot", error=type(problem).__name__)
            return False
        return True

    async def keep_later(self, exchange: Exchange) -> None:
        """Write an exchange when PostgreSQL is there again; at a stop try for a last time."""
        kept, last = False, len(self.late) >= MOST_LATE
        ends = time.monotonic() + self._late_seconds
        self.late.add(exchange.conversation)
        try:
            while not kept and not last:
                last = await waited(self._stopping, self._again_seconds) or time.monotonic() > ends
                kept = await self.keep(exchange)
        finally:
            self.late.discard(exchange.conversation)
            if not kept:
                emit("bot_conversation_lost")
