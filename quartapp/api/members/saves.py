"""A parlay is saved once, whatever is repeated: at its published price, within the member's limits."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import orjson
from quart import Blueprint, Response
from werkzeug.exceptions import Unauthorized

from ops.database import session
from ops.web.policy import policy
from ops.web.problems import ProblemError
from quartapp.accounts.service import Accounts
from quartapp.api.members import idempotency, keeping, render, saving
from quartapp.api.members.requests import SaveRequest
from quartapp.api.parlays.games import Games
from quartapp.documents.held import HeldDocuments
from quartapp.http.bodies import body
from quartapp.http.excluded import refuse_excluded_now
from quartapp.http.member import current_member
from quartapp.members import spending
from quartapp.publish.help import Helper
from quartapp.store import limits as kept_limits
from quartapp.store import parlays, stakes

SAVES_A_MINUTE = 1_200  # of one client, which may be many members behind one address


def blueprint(accounts: Accounts, documents: HeldDocuments) -> Blueprint:
    """Return POST /api/me/parlays."""
    routes = Blueprint("saves", __name__, url_prefix="/api/me")
    games, helper = Games(documents), Helper(documents)

    @routes.post("/parlays")
    @policy(auth="member", cache="private", limit=SAVES_A_MINUTE)
    @body(SaveRequest)
    async def save(body: SaveRequest) -> Response:
        member, key = current_member(), idempotency.key()
        asked = idempotency.fingerprint(body)
        async with session(accounts.database) as connection, connection.transaction():
            # Two requests of one member wait for each other here: a key is answered once, and no limit is passed
            # by saves that come at one moment.
            if not await kept_limits.lock_member(connection, member.id):
                raise Unauthorized
            now = datetime.now(UTC)
            before = await parlays.answered(connection, member.id, key, now)
            if before is not None:
                return idempotency.repeated(before, asked)
            await refuse_excluded_now(connection, helper, member)
            held = await kept_limits.read_limits(connection, member.id)
            spent = await stakes.spent(connection, member.id, member.session_id, now)
            reached = spending.reached(held.limits, spent, body.stake_cents)
            if reached is not None:
                raise _limited(reached)
            checked = saving.check(games, documents.complete, body, now)
            saved = keeping.parlay(uuid.uuid4(), documents, body, checked, now)
            await parlays.add(connection, member.id, saved)
            await stakes.record(connection, member.id, body.stake_cents, now)
            answer = orjson.dumps(render.parlay(saved))
            await parlays.remember_answer(connection, member.id, key, asked, answer, now)
        return Response(answer, 201, content_type="application/json")

    return routes


def _limited(name: str) -> ProblemError:
    return ProblemError(
        403,
        f"This would pass the limit that you set: {name}. Limits become looser a day after you ask, and a second yes.",
        code="limit_reached",
        more={"limit": name},
    )
