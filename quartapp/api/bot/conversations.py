"""A member's conversations with the bot: listed, read, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from quart import Blueprint, Response
from werkzeug.exceptions import NotFound

from ops.database import session
from ops.web.policy import policy
from quartapp.http.member import current_member
from quartapp.publish.game import format_time
from quartapp.store import conversations

if TYPE_CHECKING:
    from quartapp.api.bot import shapes


def blueprint(database: Any) -> Blueprint:
    """Return the routes under /api/bot/conversations."""
    routes = Blueprint("conversations", __name__, url_prefix="/api/bot")

    @routes.get("/conversations")
    @policy(auth="member", cache="private", limit=240)
    async def list_conversations() -> Response:
        async with session(database) as connection:
            found = await conversations.listed(connection, current_member().id)
        answer: shapes.Conversations = {"conversations": [_brief(one) for one in found]}
        return _json(answer)

    @routes.get("/conversations/<conversation_id>")
    @policy(auth="member", cache="private", limit=240)
    async def read_conversation(conversation_id: str) -> Response:
        async with session(database) as connection:
            found = await conversations.read(connection, current_member().id, _id(conversation_id))
        if found is None:
            raise NotFound
        conversation, turns = found
        answer: shapes.Conversation = {
            **_brief(conversation),
            "turns": [
                {
                    "role": "bot" if turn.role == "bot" else "member",
                    "text": turn.text,
                    "at": format_time(turn.at),
                    "citations": turn.citations,  # type: ignore[typeddict-item]  # as they were sent
                }
                for turn in turns
            ],
        }
        return _json(answer)

    @routes.delete("/conversations/<conversation_id>")
    @policy(auth="member", cache="private", limit=240)
    async def delete_conversation(conversation_id: str) -> Response:
        async with session(database) as connection:
            if not await conversations.delete(connection, current_member().id, _id(conversation_id)):
                raise NotFound
        return Response("", 204)

    return routes


def _brief(one: conversations.Conversation) -> shapes.ConversationBrief:
    return {
        "id": str(one.id),
        "title": one.title,
        "created_at": format_time(one.created_at),
        "updated_at": format_time(one.updated_at),
    }


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _json(answer: Any) -> Response:
    return Response(orjson.dumps(answer), 200, content_type="application/json")
