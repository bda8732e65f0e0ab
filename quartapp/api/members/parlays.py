"""/api/me/parlays and /api/me/record: saved once whatever is repeated, settled by the clock, counted honestly."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
from quart import Blueprint, Response, request
from werkzeug.exceptions import NotFound, Unauthorized

from ops.database import session
from ops.web.policy import policy
from ops.web.problems import ProblemError, invalid, single
from quartapp.accounts.service import Accounts
from quartapp.api.members import render, saving
from quartapp.api.members.requests import SaveRequest
from quartapp.api.parlays.games import Games
from quartapp.documents.held import HeldDocuments
from quartapp.http.bodies import body
from quartapp.http.excluded import refuse_excluded_now
from quartapp.http.member import current_member
from quartapp.members import limits
from quartapp.publish import member_shapes
from quartapp.publish.help import Helper
from quartapp.store import care, parlays

PAGE = 50
SAVES_A_MINUTE = 1_200  # of one client, which may be many members behind one address
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
STATUSES = ("open", "won", "lost", "push", "void", "half_won", "half_lost")


def blueprint(accounts: Accounts, documents: HeldDocuments) -> Blueprint:
    """Return the routes of a member's own parlays."""
    routes = Blueprint("saved_parlays", __name__, url_prefix="/api/me")
    games, helper = Games(documents), Helper(documents)

    @routes.post("/parlays")
    @policy(auth="member", cache="private", limit=SAVES_A_MINUTE)
    @body(SaveRequest)
    async def save(body: SaveRequest) -> Response:
        member, key = current_member(), _key()
        fingerprint = hashlib.blake2b(body.model_dump_json().encode(), digest_size=16).digest()
        async with session(accounts.database) as connection, connection.transaction():
            # Two requests of one member wait for each other here: a key is answered once, and no limit is passed
            # by saves that come at one moment.
            if not await care.lock_member(connection, member.id):
                raise Unauthorized
            now = datetime.now(UTC)
            before = await parlays.answered(connection, member.id, key, now)
            if before is not None:
                return _repeated(before, fingerprint)
            await refuse_excluded_now(connection, helper, member)
            held = await care.read_limits(connection, member.id)
            spent = await care.spent(connection, member.id, member.session_id, now)
            reached = limits.reached(held.limits, spent, body.stake_cents)
            if reached is not None:
                raise _limited(reached)
            checked = saving.check(games, documents.complete, body, now)
            saved = saving.parlay(uuid.uuid4(), documents, body, checked, now)
            await parlays.add(connection, member.id, saved)
            await care.record_stake(connection, member.id, body.stake_cents, now)
            answer = orjson.dumps(render.parlay(saved))
            await parlays.remember_answer(connection, member.id, key, fingerprint, answer, now)
        return _json(answer, 201)

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
        before = _decode(asked["cursor"]) if "cursor" in asked else None
        async with session(accounts.database) as connection:
            found = await parlays.page(
                connection, current_member().id, status=status, before=before, limit=PAGE + 1
            )
        answer: member_shapes.SavedParlays = {
            "parlays": [render.parlay(one) for one in found[:PAGE]],
            "next": _encode(found[PAGE - 1].created_at, found[PAGE - 1].id) if len(found) > PAGE else None,
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
        return _json(orjson.dumps(render.record(settled)))

    return routes


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "").strip()
    if not _KEY.fullmatch(key):
        raise ProblemError(
            400,
            "Send an Idempotency-Key header of 1 to 200 visible characters, a new one a parlay and the same one when "
            "you repeat a request.",
            code="idempotency_key_missing",
        )
    return key


def _repeated(before: tuple[bytes, bytes], fingerprint: bytes) -> Response:
    kept, answer = before
    if kept != fingerprint:
        raise ProblemError(
            422, "This Idempotency-Key was used for another request.", code="idempotency_key_reused"
        )
    response = _json(answer, 201)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _limited(name: str) -> ProblemError:
    return ProblemError(
        403,
        f"This would pass the limit that you set: {name}. Limits become looser a day after you ask, and a second yes.",
        code="limit_reached",
        more={"limit": name},
    )


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound from None


def _encode(at: datetime, parlay_id: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {parlay_id}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, uuid.UUID]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, parlay_id = text.partition(" ")
        when = datetime.fromisoformat(at)
        if when.tzinfo is None or not 2000 <= when.year <= 2200:
            raise ValueError(cursor)
        return when, uuid.UUID(parlay_id)
    except (ValueError, UnicodeError):
        raise invalid("cursor", "is not one of ours: take `next` of the page before") from None


def _json(content: bytes | Any, status: int = 200) -> Response:
    return Response(content, status, content_type="application/json")
