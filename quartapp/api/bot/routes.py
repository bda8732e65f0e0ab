"""/api/bot: whether it answers, a chat, and the conversations of a member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from quart import Blueprint, Response

from ops.web.policy import policy
from quartapp.api.bot.requests import ChatRequest
from quartapp.api.bot.service import ChatService
from quartapp.bot.asked import Asked
from quartapp.http.bodies import body
from quartapp.http.excluded import refuse_excluded
from quartapp.http.member import current_member
from quartapp.http.streams import events
from quartapp.publish.help import Helper

if TYPE_CHECKING:
    from quartapp.api.bot import shapes


def blueprint(service: ChatService, helper: Helper) -> Blueprint:
    """Return the routes under /api/bot."""
    routes = Blueprint("bot", __name__, url_prefix="/api/bot")

    @routes.get("")
    @policy(auth="none", limit=600)
    async def state() -> Response:
        answer: shapes.BotState = {"available": service.available, "mode": service.mode}
        if (left := await service.left()) is not None:
            answer["daily_tokens_left"] = left
        return _json(answer)

    @routes.post("/chat")
    @policy(auth="member", cache="private", limit=30, stream=True)
    @body(ChatRequest)
    async def chat(body: ChatRequest) -> Response:
        member = current_member()
        refuse_excluded(helper, member)
        asked = Asked(body.message, member.region, body.sport, body.game_id)
        return events(service.stream(await service.begin(member, body.conversation_id, asked)))

    return routes


def _json(answer: Any) -> Response:
    return Response(orjson.dumps(answer), 200, content_type="application/json")
