"""The fields of the bot's answers; see publish/shapes.py."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import TypedDict  # as in publish/shapes.py

from quartapp.bot.facts import Citation
from quartapp.publish.shapes import Time

Mode = Annotated[str, WithJsonSchema({"type": "string", "enum": ["model", "figures"]})]


class BotState(TypedDict):
    """Whether the bot answers, and how: `figures` from documents alone, `model` phrased and then checked."""

    available: bool
    mode: Mode
    daily_tokens_left: NotRequired[int]


class BotStart(TypedDict):
    """The first event."""

    conversation_id: str
    mode: Mode


class BotText(TypedDict):
    """A checked sentence, and the numbers of what it cites."""

    text: str
    citations: list[int]


class BotDone(TypedDict):
    """The last event of an answer. `left`: tokens that the member may still use today; null where none are counted."""

    tokens: int
    left: int | None
    mode: NotRequired[Mode]


class BotError(TypedDict):
    """The last event of an answer that could not be ended."""

    code: str
    detail: str


class Turn(TypedDict):
    """One side's words in a conversation."""

    role: Literal["member", "bot"]
    text: str
    at: Time
    citations: list[Citation]


class ConversationBrief(TypedDict):
    """A conversation as the list shows it. `title`: how it began."""

    id: str
    title: str
    created_at: Time
    updated_at: Time


class Conversations(TypedDict):
    """The conversations of a member of the last 30 days, newest first."""

    conversations: list[ConversationBrief]


class Conversation(ConversationBrief):
    """A conversation."""

    turns: list[Turn]
