"""/api/bot: whether it answers, and a chat."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
from quart import Blueprint, Response

from ops.web.policy import policy
from quartapp.api.bot.refusal import refuse_excluded
from quartapp.api.bot.requests import ChatRequest
from quartapp.api.bot.shapes import BotState
from quartapp.bot.chat import Asked, Bot, Told
from quartapp.http.bodies import body
from quartapp.http.member import current_member
from quartapp.http.streams import events


def blueprint(bot: Bot) -> Blueprint:
    """Return the routes under /api/bot."""
    routes = Blueprint("bot", __name__, url_prefix="/api/bot")

    @routes.get("")
    @policy(auth="none", limit=600)
    async def state() -> Response:
        answer: BotState = {"available": bot.available, "mode": "figures"}
        return Response(orjson.dumps(answer), 200, content_type="application/json")

    @routes.post("/chat")
    @policy(auth="member", cache="private", limit=30, stream=True)
    @body(ChatRequest)
    async def chat(body: ChatRequest) -> Response:
        member = current_member()
        refuse_excluded(bot.library, member)
        asked = Asked(body.message, member.region, body.sport, body.game_id)
        return events(_answer(bot, asked, body.conversation_id or str(uuid.uuid4())))

    return routes


async def _answer(bot: Bot, asked: Asked, conversation: str) -> AsyncIterator[bytes]:
    yield event("start", {"conversation_id": conversation, "mode": "figures"})
    told = Told()
    async for name, data in bot.answer(asked, told, datetime.now(UTC)):
        yield event(name, data)
    if told.error is None:
        yield event("done", {"tokens": 0, "left": None})


def event(name: str, data: Any) -> bytes:
    """Return a server-sent event."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
