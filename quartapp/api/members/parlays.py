"""A member's parlays and their record: read, paged, deleted."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from quart import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from ops.database import session
from ops.web.policy import policy
from ops.web.problems import ProblemError, invalid, single
from quartapp.accounts.service import Accounts
from quartapp.api.members import cursor, render, render_record
from quartapp.http.member import current_member
from quartapp.store import parlays

if TYPE_CHECKING:
    from quartapp.publish import saved_shapes

PAGE = 50
STATUSES = ("open", "won", "lost", "push", "void", "half_won", "half_lost")


def blueprint(accounts: Accounts) -> Blueprint:
    """Return the routes that read and delete a member's own parlays."""
    routes = Blueprint("saved_parlays", __name__, url_prefix="/api/me")

    @routes.get("/parlays")
    @policy(auth="member", cache="private", limit=240)
    async def list_parlays() -> Response:
        asked = single(request.args)
        for name in asked:
            if name not in ("status", "cursor"):
                raise invalid(name, "is unknown; known: status, cursor")
        status = asked.get("status")
        if status is not None and status not in STATUSES:
            raise invalid("status", f"must be one of {', '.join(STATUSES)}")
        before = cursor.decode(asked["cursor"]) if "cursor" in asked else None
        async with session(accounts.database) as connection:
            found = await parlays.page(
                connection, current_member().id, status=status, before=before, limit=PAGE + 1
            )
        answer: saved_shapes.SavedParlays = {
            "parlays": [render.parlay(one) for one in found[:PAGE]],
            "next": cursor.encode(found[PAGE - 1].created_at, found[PAGE - 1].id)
            if len(found) > PAGE
            else None,
        }
        return _json(orjson.dumps(answer))

    @routes.get("/parlays/<parlay_id>")
    @policy(auth="member", cache="private", limit=240)
    async def read(parlay_id: str) -> Response:
        async with session(accounts.database) as connection:
            found = await parlays.read(connection, current_member().id, _id(parlay_id))
        if found is None:
            raise NotFound
        return _json(orjson.dumps(render.parlay(found)))

    @routes.delete("/parlays/<parlay_id>")
    @policy(auth="member", cache="private", limit=120)
    async def delete(parlay_id: str) -> Response:
        member, named, now = current_member(), _id(parlay_id), datetime.now(UTC)
        async with session(accounts.database) as connection, connection.transaction():
            if not await parlays.delete_unbegun(connection, member.id, named, now):
                if await parlays.read(connection, member.id, named) is None:
                    raise NotFound
                raise ProblemError(
                    409, "Its first game has begun, so it stays in the record.", code="parlay_begun"
                )
        return Response("", 204)

    @routes.get("/record")
    @policy(auth="member", cache="private", limit=60)
    async def record() -> Response:
        async with session(accounts.database) as connection:
            settled = await parlays.settled(connection, current_member().id)
        return _json(orjson.dumps(render_record.record(settled)))

    return routes


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound from None


def _json(content: bytes | Any, status: int = 200) -> Response:
    return Response(content, status, content_type="application/json")
