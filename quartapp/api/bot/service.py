"""Answers as streams of bytes: the budget before, what was used and said after, also of an answer that was cut."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from ops.database import session
from ops.stores import Unavailable
from ops.tasks import Tasks
from ops.telemetry.events import emit
from ops.web.problems import ProblemError
from quartapp.accounts.member import Member
from quartapp.bot import texts
from quartapp.bot.asked import Asked, Told
from quartapp.bot.budget import Taken, TokenBudget, Used
from quartapp.store import conversations
from quartapp.store.conversations import Turn

if TYPE_CHECKING:
    from ops.stores import Stores
    from quartapp.bot.chat import Bot
    from quartapp.bot.model import Model
    from quartapp.documents.held import HeldDocuments

TITLE_LETTERS = 80


@dataclass(slots=True)
class Chat:
    """One answer: whose, and what it is about."""

    member: Member
    conversation: UUID
    asked: Asked
    mark: str | None
    told: Told = field(default_factory=Told)
    model: Model | None = None
    taken: Taken | None = None


class ChatService:
    """The bot of a web process. Without `make_model` every answer is made from the documents alone."""

    def __init__(
        self,
        documents: HeldDocuments,
        stopping: asyncio.Event,
        stores: Stores,
        budget: TokenBudget,
        make_model: Callable[[], Model] | None,
    ) -> None:
        self._documents = documents
        self._stopping = stopping
        self._made: Bot | None = None
        self.used = Used()
        self._stores = stores
        self._budget = budget
        self._make_model = make_model
        self._after = Tasks()

    @property
    def available(self) -> bool:
        """Whether there is anything to answer from."""
        return self._documents.version > 0

    async def _bot(self) -> Bot:
        """Return the bot, loaded beside the event loop at the first question: its patterns take 60 ms and 2 MB."""
        if self._made is None:
            chat = await asyncio.to_thread(import_module, "quartapp.bot.chat")
            self._made = self._made or chat.Bot(self._documents, self._stopping)
        return self._made

    @property
    def mode(self) -> str:
        """How answers are made."""
        return "figures" if self._make_model is None else "model"

    async def left(self) -> int | None:
        """Return the tokens left today for everybody; None where none are counted, or nobody knows."""
        if self._make_model is None:
            return None
        try:
            return await self._budget.left()
        except Unavailable:
            return None

    async def begin(self, member: Member, conversation: str | None, asked: Asked) -> Chat:
        """Return a member's next answer. Raises ProblemError: 404 for a conversation that is not theirs, and 429."""
        if conversation is not None:
            async with session(self._stores.database) as connection:
                if not await conversations.owns(connection, member.id, UUID(conversation)):
                    raise ProblemError(404, "There is no such conversation.")
                turns = await conversations.turns_of(connection, member.id, UUID(conversation))
            asked = Asked(
                asked.message,
                asked.region,
                asked.sport,
                asked.game_id,
                [(one.role, one.text) for one in turns],
            )
        try:
            mark = await self._budget.enter(str(member.id))
        except Unavailable:
            return Chat(member, UUID(conversation) if conversation else uuid.uuid4(), asked, None)
        if mark is None:
            raise ProblemError(
                429,
                "An answer to you is under way; wait for its end.",
                code="answer_under_way",
                headers={"Retry-After": "2"},
            )
        return Chat(member, UUID(conversation) if conversation else uuid.uuid4(), asked, mark)

    async def stream(self, chat: Chat) -> AsyncIterator[bytes]:
        """Yield the events of an answer. What follows it (counting, keeping) is done however it ends."""
        try:
            yield event("start", {"conversation_id": str(chat.conversation), "mode": self.mode})
            now = datetime.now(UTC)
            note = await self._prepare(chat, now)
            bot = await self._bot()
            async with aclosing(bot.answer(chat.asked, chat.told, now, chat.model, note=note)) as events:
                async for name, data in events:
                    yield event(name, data)
            if not chat.told.failed:
                yield event("done", await self._done(chat))
        finally:
            self._after.start(self._finish(chat), "bot")

    async def close(self) -> None:
        """Let what follows the last answers be done."""
        await self._after.drained(3)
        await self._after.close(1)

    async def _prepare(self, chat: Chat, now: datetime) -> str | None:
        """Take what a model may use. Return what a member is told who gets none, though answers are phrased here."""
        if self._make_model is None or chat.mark is None:
            return None
        facts = (await self._bot()).wants_model(chat.asked, now)
        if not facts:
            return None
        # With httpx, which a process without a key need not load.
        from quartapp.bot.model import most
        from quartapp.bot.prompt import messages

        try:
            needed = most(messages(chat.asked.message, facts, chat.asked.history))
            chat.taken = await self._budget.take(str(chat.member.id), needed)
        except Unavailable:
            return None
        if chat.taken is None:
            return texts.BUDGET
        chat.model = self._make_model()
        return None

    async def _done(self, chat: Chat) -> dict[str, Any]:
        tokens = sum(chat.model.used) if chat.model else 0
        left = None
        if self._make_model is not None:
            try:
                await self._settle(chat)
                left = await self._budget.left(str(chat.member.id))
            except Unavailable:
                left = None
        return {"tokens": tokens, "left": left, "mode": chat.told.mode}

    async def _settle(self, chat: Chat) -> None:
        if chat.taken is None:
            return
        taken, chat.taken = chat.taken, None  # whoever comes second has nothing to count
        tokens_in, tokens_out = chat.model.used if chat.model else (0, 0)
        self.used.tokens_in += tokens_in
        self.used.tokens_out += tokens_out
        await self._budget.settle(taken, tokens_in + tokens_out)

    async def _finish(self, chat: Chat) -> None:
        if chat.told.dropped or chat.told.error:
            emit("bot_answer_cut", mode=chat.told.mode, dropped=len(chat.told.dropped), error=chat.told.error)
        try:
            await self._settle(chat)
            if chat.mark is not None:
                await self._budget.leave(str(chat.member.id), chat.mark)
        except Unavailable as problem:
            emit("store_unavailable", store="redis", waiting="bot", error=type(problem).__name__)
        try:
            await self._keep(chat)
        except Unavailable as problem:
            emit("store_unavailable", store="database", waiting="bot", error=type(problem).__name__)

    async def _keep(self, chat: Chat) -> None:
        now = datetime.now(UTC)
        turns: Sequence[Turn] = [Turn("member", chat.asked.message, now, [])]
        if chat.told.texts:
            turns = [
                *turns,
                Turn("bot", " ".join(chat.told.texts), now, [dict(one) for one in chat.told.citations]),
            ]
        async with session(self._stores.database) as connection, connection.transaction():
            await conversations.add(
                connection, chat.member.id, chat.conversation, chat.asked.message[:TITLE_LETTERS], turns, now
            )


def event(name: str, data: Any) -> bytes:
    """Return a server-sent event."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
