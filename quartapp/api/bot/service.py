"""Answers as streams of bytes: the budget before, what was used and said after, also of an answer that was cut."""

from __future__ import annotations

import asyncio
import gc
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
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
from quartapp.accounts.standing import Standing
from quartapp.api.bot.keeper import Exchange, Keeper
from quartapp.api.bot.watch import Chat, Watch
from quartapp.bot import texts
from quartapp.bot.asked import Asked, Parlays
from quartapp.bot.budget import TokenBudget, Used
from quartapp.publish.help import Helper
from quartapp.store import conversations
from quartapp.store.conversations import Turn

if TYPE_CHECKING:
    from ops.stores import Stores
    from quartapp.bot.chat import Bot, Matter
    from quartapp.bot.model import Model
    from quartapp.documents.held import HeldDocuments

TITLE_LETTERS = 80
TURNS = 12  # of the conversation so far: what a follow-up is about, and for a model the last of them
ENDING_SECONDS = 2.0  # for what follows a member's last answer, before their next one begins


class ChatService:
    """The bot of a web process. Without `make_model` every answer is made from the documents alone."""

    def __init__(
        self,
        documents: HeldDocuments,
        stopping: asyncio.Event,
        stores: Stores,
        budget: TokenBudget,
        standing: Standing,
        make_model: Callable[[], Model] | None,
    ) -> None:
        self._documents = documents
        self._stopping = stopping
        self._made: Bot | None = None
        self.parlays: Parlays | None = None  # set once its routes are there
        self.used = Used()
        self._stores = stores
        self._budget = budget
        self._make_model = make_model
        self._after = Tasks()
        self._ending: dict[UUID, asyncio.Task[object]] = {}  # by member
        self._ending_seconds = ENDING_SECONDS
        self._keeper = Keeper(stores.database, stopping)
        self._watch = Watch(standing, stores.database, budget, stopping, Helper(documents))

    @property
    def available(self) -> bool:
        """Whether there is anything to answer from."""
        return self._documents.version > 0

    async def _bot(self) -> Bot:
        """Return the bot, loaded beside the event loop at the first question: with a model's client it takes 10 MB."""
        if self._made is None:
            chat = await asyncio.to_thread(_load, self._make_model is not None)
            self._made = self._made or chat.Bot(self._documents, self._stopping, self.parlays)
        return self._made

    async def prepare(self) -> None:
        """Load what answers, with the model's client, where a model phrases: the first who asks need not wait for it.

        A process without a key loads it when somebody asks.
        """
        if self._make_model is None:
            return
        try:
            await self._bot()
            await asyncio.to_thread(self._make_model)  # it reads the authorities' certificates: 20 ms
        except Exception as problem:  # the process goes on: whoever asks tries again, and is told
            emit("bot_not_loaded", exc_info=problem)

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
        if (ending := self._ending.get(member.id)) is not None:
            # Who asks on as soon as `done` has come finds their place free and their conversation kept.
            await asyncio.wait((ending,), timeout=self._ending_seconds)
        history = await self._history(member, conversation) if conversation is not None else []
        chat = Chat(
            member=member,
            conversation=UUID(conversation) if conversation else uuid.uuid4(),
            goes_on=conversation is not None,
            asked=replace(asked, history=history),
        )
        mark = uuid.uuid4().hex
        try:
            entered = await self._budget.enter(str(member.id), mark)
        except Unavailable:
            return chat  # answered without a model, and so without a cost that must be counted
        except asyncio.CancelledError:
            self._after.start(self._leave(member, mark), "bot")  # it may have been done all the same
            raise
        if not entered:
            raise ProblemError(
                429,
                "An answer to you is under way; wait for its end.",
                code="answer_under_way",
                headers={"Retry-After": "2"},
            )
        chat.mark = mark
        return chat

    async def _history(self, member: Member, conversation: str) -> list[tuple[str, str]]:
        if UUID(conversation) in self._keeper.late:
            raise ProblemError(
                503, "This conversation is still being kept; ask again shortly.", code="unavailable"
            )
        async with session(self._stores.database) as connection:
            turns = await conversations.latest(connection, member.id, UUID(conversation), TURNS)
        if turns is None:
            raise ProblemError(
                404, "There is no such conversation; it may have been deleted. To go on, begin another."
            )
        return turns

    async def stream(self, chat: Chat) -> AsyncGenerator[bytes, None]:
        """Yield the events of an answer. What follows it (counting, keeping) is done however it ends.

        `start` goes before anything that takes time.
        """
        try:
            self._watch.add(chat)
            yield event("start", {"conversation_id": str(chat.conversation), "mode": self.mode})
            now = datetime.now(UTC)
            bot = await self._bot()
            wanted = self._make_model is not None and chat.mark is not None
            matter = await bot.consider(chat.asked, now, phrased=wanted)
            note = await self._take(chat, matter) if wanted and matter.facts else None
            answer = bot.answer(
                chat.asked, chat.told, now, chat.model, matter=matter, note=note, halt=chat.halt
            )
            async with aclosing(answer) as events:
                async for name, data in events:
                    yield event(name, data)
            if not chat.told.failed:
                yield event("done", await self._done(chat))
        finally:
            self._watch.remove(chat)
            self._ends(chat)

    async def close(self) -> None:
        """Let what follows the last answers be done."""
        await self._after.drained(3)
        await self._after.close(1)
        await self._watch.close()

    async def _take(self, chat: Chat, matter: Matter) -> str | None:
        """Take what a model may use. Return what a member is told who gets none, though answers are phrased here."""
        # With httpx, which a process without a key need not load.
        from quartapp.bot.model import most
        from quartapp.bot.prompt import messages

        assert self._make_model is not None
        needed = most(messages(chat.asked.message, matter.facts, chat.asked.history))
        # Of its own, because what was taken must be known to `_settle` also when this answer is cut just now.
        chat.taking = asyncio.ensure_future(self._budget.take(str(chat.member.id), needed))
        try:
            taken = await asyncio.shield(chat.taking)
        except Unavailable:
            return None
        if taken is None:
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
        if chat.taking is None:
            return
        taking, chat.taking = chat.taking, None  # whoever comes second has nothing to count
        taken = await taking
        if taken is None:
            return
        tokens_in, tokens_out = chat.model.used if chat.model else (0, 0)
        self.used.tokens_in += tokens_in
        self.used.tokens_out += tokens_out
        await self._budget.settle(taken, tokens_in + tokens_out)

    def _ends(self, chat: Chat) -> None:
        """Begin what follows an answer."""
        ending = self._after.start(self._finish(chat), "bot")
        self._ending[chat.member.id] = ending

        def ended(_: object) -> None:
            if self._ending.get(chat.member.id) is ending:
                del self._ending[chat.member.id]

        ending.add_done_callback(ended)

    async def _finish(self, chat: Chat) -> None:
        if chat.told.dropped or chat.told.error:
            emit("bot_answer_cut", mode=chat.told.mode, dropped=len(chat.told.dropped), error=chat.told.error)
        try:
            await self._settle(chat)
        except Unavailable as problem:
            emit("store_unavailable", store="redis", waiting="bot", error=type(problem).__name__)
        exchange = _exchange(chat)
        try:
            # Before the place is free: whoever asks on, another process too, finds the conversation.
            kept = await self._keeper.keep(exchange)
        finally:
            if chat.mark is not None:
                await self._leave(chat.member, chat.mark)
        if not kept:
            self._after.start(self._keeper.keep_later(exchange), "bot-keep")

    async def _leave(self, member: Member, mark: str) -> None:
        try:
            await self._budget.leave(str(member.id), mark)
        except Unavailable as problem:
            emit("store_unavailable", store="redis", waiting="bot", error=type(problem).__name__)


def _exchange(chat: Chat) -> Exchange:
    now = datetime.now(UTC)
    turns = [Turn("member", chat.asked.message, now, [])]
    if chat.told.texts:
        cited = [dict(citation) for citation in chat.told.citations]
        turns.append(Turn("bot", " ".join(chat.told.texts), now, cited))
    title = None if chat.goes_on else chat.asked.message[:TITLE_LETTERS]
    return Exchange(chat.member.id, chat.conversation, title, turns, now)


def _load(phrased: bool) -> Any:
    """Import what answers, also with a model if `phrased`; the collector need not look at what that loads."""
    if phrased:
        import_module("quartapp.bot.model")
    chat = import_module("quartapp.bot.chat")
    gc.freeze()
    return chat


def event(name: str, data: Any) -> bytes:
    """Return a server-sent event."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
