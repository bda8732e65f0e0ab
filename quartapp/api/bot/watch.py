"""Watches the answers under way: who may no longer ask is answered no further, and a stop leaves none without an end.

One task for all of them, and only while there are any.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ops.database import session
from ops.memory import give_back, spare_collector
from ops.stores import Unavailable
from ops.tasks import waited
from quartapp.accounts.member import Member
from quartapp.accounts.standing import Standing
from quartapp.bot.asked import Asked, Told
from quartapp.bot.budget import Taken, TokenBudget
from quartapp.bot.halt import RESTARTING, Halt
from quartapp.publish.help import Helper
from quartapp.store import account_events

if TYPE_CHECKING:
    from quartapp.bot.model import Model

LOOK_SECONDS = 0.25
ASK_SECONDS = 1.0  # between two questions to the database, while memory is not known to be all
ANSWER_SECONDS = 2.0  # for a store to answer
UNKNOWN_SECONDS = 8.0  # for which an answer goes on while nobody can say who may ask
RENEW_SECONDS = 5.0  # a third of what a place lasts
CROWD = 16  # answers at once, after which memory is given back
SETTLED_SECONDS = 1.0  # from the last answer's end until then: what follows it is done by then
SENTENCE_SECONDS = 2.0  # for the sentence that is under way at a stop; less than the stream itself is given

SIGNED_OUT = ("signed_out", "This session has ended; log in again.")
UNKNOWN = ("unavailable", "Whether you may ask cannot be checked at the moment; ask again later.")


@dataclass(slots=True, eq=False)
class Chat:
    """One answer: whose, and what it is about. `goes_on`: its conversation was there before it."""

    member: Member
    conversation: UUID
    goes_on: bool
    asked: Asked
    mark: str | None = None
    told: Told = field(default_factory=Told)
    halt: Halt = field(default_factory=Halt)
    model: Model | None = None
    taking: asyncio.Future[Taken | None] | None = None


class Watch:
    """The answers under way in this process."""

    def __init__(
        self,
        standing: Standing,
        database: Any,
        budget: TokenBudget,
        stopping: asyncio.Event,
        helper: Helper,
    ) -> None:
        self._standing = standing
        self._database = database
        self._budget = budget
        self._stopping = stopping
        self._helper = helper
        self._sentence_seconds = SENTENCE_SECONDS
        self._open: set[Chat] = set()
        self._crowded = False
        self._watching: asyncio.Task[None] | None = None
        self._known_at = self._asked_at = self._renewed_at = 0.0

    def add(self, chat: Chat) -> None:
        """Watch an answer."""
        self._open.add(chat)
        if len(self._open) == CROWD:
            self._crowded = True
            spare_collector()
        if self._watching is None or self._watching.done():
            # Whoever asks was found to be allowed to just now.
            self._known_at = self._asked_at = self._renewed_at = time.monotonic()
            self._watching = asyncio.create_task(self._watch(), name="bot-watch")

    def remove(self, chat: Chat) -> None:
        """Watch an answer no more."""
        self._open.discard(chat)

    async def close(self) -> None:
        """End the watching."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait((self._watching,))

    async def _watch(self) -> None:
        while self._open and not await waited(self._stopping, LOOK_SECONDS):
            await self._look(time.monotonic())
        if self._open:
            await asyncio.sleep(self._sentence_seconds)
            self._end(list(self._open), RESTARTING)
        elif self._crowded:
            self._crowded = False
            asyncio.get_running_loop().call_later(SETTLED_SECONDS, give_back)

    async def _look(self, now: float) -> None:
        chats = list(self._open)
        if self._standing.fresh(now):
            self._known_at = now
            wall = datetime.now(UTC)
            for chat in chats:
                excluded, _ = self._standing.exclusion(chat.member.id, wall)
                self._judge(chat, excluded, self._standing.has_ended(chat.member.session_id))
        elif now - self._asked_at >= ASK_SECONDS:
            self._asked_at = now
            await self._ask(chats, now)
        if now - self._known_at > UNKNOWN_SECONDS:
            self._end(chats, UNKNOWN)
        if now - self._renewed_at >= RENEW_SECONDS:
            self._renewed_at = now
            await self._renew(chats)

    async def _ask(self, chats: Sequence[Chat], now: float) -> None:
        try:
            # Of the statement too: a table that is locked must not keep an answer going that nobody may have.
            async with asyncio.timeout(ANSWER_SECONDS), session(self._database) as connection:
                known = await account_events.standing_of_all(
                    connection, [(chat.member.id, chat.member.session_id) for chat in chats]
                )
        except Unavailable:
            return
        self._known_at = now
        for chat in chats:
            alive, excluded = known[chat.member.id, chat.member.session_id]
            self._judge(chat, excluded, not alive)

    def _judge(self, chat: Chat, excluded: bool, ended: bool) -> None:
        if excluded:
            known = self._helper.of(chat.member.region)
            lines = "; ".join(f"{line['name']} {line['phone'] or line['url']}" for line in known["helplines"])
            chat.halt.now(
                "excluded", f"This account is excluded, as its owner asked. {known['text']} {lines}"
            )
        elif ended:
            chat.halt.now(*SIGNED_OUT)

    async def _renew(self, chats: Sequence[Chat]) -> None:
        """Hold each member's place, so that a second answer does not begin beside a long one."""
        places = [self._budget.enter(str(chat.member.id), chat.mark) for chat in chats if chat.mark]
        with suppress(TimeoutError):  # without Redis there is nothing to hold
            async with asyncio.timeout(ANSWER_SECONDS):
                await asyncio.gather(*places, return_exceptions=True)

    def _end(self, chats: Sequence[Chat], why: tuple[str, str]) -> None:
        for chat in chats:
            chat.halt.now(*why)
