"""Limits and exclusions: set by a member, held at every save, at suggestions made for them, and at the bot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
from quart import Blueprint, Response
from werkzeug.exceptions import Unauthorized

from ops.database import session
from ops.web.policy import policy
from ops.web.problems import invalid
from quartapp.accounts.service import Accounts
from quartapp.api.members.render_care import shown_exclusion, shown_limits
from quartapp.api.members.requests import ExclusionRequest, LimitsRequest
from quartapp.documents.held import HeldDocuments
from quartapp.http.bodies import body
from quartapp.http.member import current_member
from quartapp.members import exclusions, limits
from quartapp.publish import member_shapes
from quartapp.publish.help import Helper
from quartapp.store import account_events
from quartapp.store import exclusions as kept_exclusions
from quartapp.store import limits as kept_limits

if TYPE_CHECKING:
    pass


def blueprint(accounts: Accounts, documents: HeldDocuments) -> Blueprint:
    """Return PUT /api/me/limits and POST /api/me/exclusion."""
    routes = Blueprint("care", __name__, url_prefix="/api/me")
    helper = Helper(documents)

    @routes.put("/limits")
    @policy(auth="member", cache="private", limit=60)
    @body(LimitsRequest)
    async def change_limits(body: LimitsRequest) -> Response:
        member, now = current_member(), datetime.now(UTC)
        async with session(accounts.database) as connection, connection.transaction():
            if not await kept_limits.lock_member(connection, member.id):
                raise Unauthorized
            held = limits.change(await kept_limits.read_limits(connection, member.id), body.wanted, now)
            await kept_limits.write_limits(connection, member.id, held, now)
        return _json(shown_limits(held, now))

    @routes.post("/exclusion")
    @policy(auth="member", cache="private", limit=60)
    @body(ExclusionRequest)
    async def exclude(body: ExclusionRequest) -> Response:
        member, now = current_member(), datetime.now(UTC)
        try:
            begun = exclusions.begin(body.days, now)
        except ValueError as problem:
            raise invalid("days", str(problem)) from None
        async with session(accounts.database) as connection, connection.transaction():
            if not await kept_limits.lock_member(connection, member.id):
                raise Unauthorized
            await kept_exclusions.add(connection, member.id, begun)
            longest = exclusions.longest(await kept_exclusions.of(connection, member.id), now) or begun
            await account_events.exclude(connection, member.id, longest.until)
        accounts.standing.exclude(member.id, longest.until)  # here at once; elsewhere within a second
        known = helper.of(member.region)
        answer: member_shapes.ExclusionBegun = {
            "exclusion": shown_exclusion(longest),
            "helplines": known["helplines"],
            "text": known["text"],
        }
        return _json(answer, 201)

    return routes


def _json(answer: object, status: int = 200) -> Response:
    return Response(orjson.dumps(answer), status, content_type="application/json")
