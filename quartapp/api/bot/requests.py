"""What the bot may be asked. A field that is not listed is refused."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from quartapp.bot.asked import MESSAGE_LETTERS
from quartapp.http.bodies import Body


def _an_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("must be a conversation's id") from None


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something")
    if "\x00" in text:
        raise ValueError("must be text")
    return text


Message = Annotated[str, Field(min_length=1, max_length=MESSAGE_LETTERS), AfterValidator(_said)]
ConversationId = Annotated[str, Field(max_length=40), AfterValidator(_an_id)]
Key = Annotated[str, Field(min_length=1, max_length=80)]


class ChatRequest(Body):
    """A message. `sport` and `game_id` are what its sender is looking at; without `conversation_id` a new one begins."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    message: Message
    conversation_id: ConversationId | None = None
    sport: Key | None = None
    game_id: Key | None = None
