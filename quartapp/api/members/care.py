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
from quartapp.api.members.requests import ExclusionRequest, LimitsRequest
from quartapp.documents.held import HeldDocuments
from quartapp.http.bodies import body
from quartapp.http.member import current_member
from quartapp.members import exclusions, limits
from quartapp.publish import member_shapes
from quartapp.publish.game import format_time, moment
from quartapp.publish.help import Helper
from quartapp.store import account_events, care

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
            if not await care.lock_member(connection, member.id):
                raise Unauthorized
            held = limits.change(await care.read_limits(connection, member.id), body.wanted, now)
            await care.write_limits(connection, member.id, held, now)
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
            if not await care.lock_member(connection, member.id):
                raise Unauthorized
            await care.add_exclusion(connection, member.id, begun)
            longest = exclusions.longest(await care.exclusions(connection, member.id), now) or begun
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


def shown_limits(held: limits.Held, now: datetime) -> member_shapes.MemberLimits:
    """Return limits for JSON, with the looser ones that can still be confirmed."""
    return {
        "daily_stake_cents": held.limits.daily_stake_cents,
        "weekly_stake_cents": held.limits.weekly_stake_cents,
        "session_minutes": held.limits.session_minutes,
        "parlays_per_day": held.limits.parlays_per_day,
        "pending": {
            name: {
                "value": wish.value,
                "confirm_from": format_time(wish.from_time),
                "confirm_until": format_time(wish.until_time),
            }
            for name, wish in held.pending.items()
            if now < wish.until_time
        },
    }


def shown_exclusion(exclusion: exclusions.Exclusion) -> member_shapes.MemberExclusion:
    """Return an exclusion for JSON."""
    return {"began_at": format_time(exclusion.began_at), "until": moment(exclusion.until)}


def _json(answer: object, status: int = 200) -> Response:
    return Response(orjson.dumps(answer), status, content_type="application/json")
