"""/api/bot: whether it answers, a chat, and the conversations of a member."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

import orjson
from quart import Blueprint, Response

from ops.web.policy import policy
from quartapp.accounts.member import Member
from quartapp.accounts.service import Accounts
from quartapp.api.bot.requests import ChatRequest
from quartapp.api.bot.service import ChatService
from quartapp.bot.asked import Asked
from quartapp.http.bodies import body, parse, parse_json
from quartapp.http.direct import Begin
from quartapp.http.excluded import refuse_excluded
from quartapp.http.member import bearer, current_member
from quartapp.http.streams import events
from quartapp.publish.help import Helper

if TYPE_CHECKING:
    from quartapp.api.bot import shapes

CHAT = "/api/bot/chat"


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
        return events(await _answer(service, helper, current_member(), body))

    return routes


def chats(service: ChatService, helper: Helper, accounts: Accounts) -> Begin:
    """Return what begins an answer without Quart, by the same steps."""

    async def begin(authorization: str, content: bytes) -> AsyncGenerator[bytes, None]:
        member = await bearer(accounts, [authorization])
        return await _answer(service, helper, member, parse(ChatRequest, parse_json(content)))

    return begin


async def _answer(
    service: ChatService, helper: Helper, member: Member, body: ChatRequest
) -> AsyncGenerator[bytes, None]:
    refuse_excluded(helper, member)
    asked = Asked(body.message, member.region, body.sport, body.game_id)
    return service.stream(await service.begin(member, body.conversation_id, asked))


def _json(answer: Any) -> Response:
    return Response(orjson.dumps(answer), 200, content_type="application/json")
