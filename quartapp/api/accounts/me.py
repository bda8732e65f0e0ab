"""/api/me: a member's own account and sessions. Whose, is always the token's word: see quartapp/http/member.py."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
from quart import Blueprint, Response
from werkzeug.exceptions import NotFound, Unauthorized

from ops.database import session
from ops.web.policy import policy
from quartapp.accounts.service import Accounts
from quartapp.api.accounts.auth import shown, take, without_cookie
from quartapp.api.accounts.requests import Confirmation, PasswordChange
from quartapp.api.members import render
from quartapp.api.members.render_care import shown_exclusion, shown_limits
from quartapp.http.bodies import body
from quartapp.http.member import current_member
from quartapp.members import exclusions
from quartapp.publish.game import format_time
from quartapp.store import exclusions as kept_exclusions
from quartapp.store import limits as kept_limits
from quartapp.store import members, parlays, personal, sessions
from quartapp.store.sessions import Session

if TYPE_CHECKING:
    from quartapp.api.accounts.shapes import MeInFull, RecoveryCodes, Sessions, SessionShown


def blueprint(accounts: Accounts) -> Blueprint:
    """Return the routes under /api/me that are about the account itself."""
    me = Blueprint("me", __name__, url_prefix="/api/me")

    @me.get("")
    @policy(auth="member", cache="private", limit=600)
    async def read() -> Response:
        member, now = current_member(), datetime.now(UTC)
        async with session(accounts.database) as connection:
            user = await members.read(connection, member.id)
            held = await kept_limits.read_limits(connection, member.id)
            excluded = exclusions.longest(await kept_exclusions.of(connection, member.id), now)
        if user is None:
            raise Unauthorized
        answer: MeInFull = {
            **shown(user),
            "limits": shown_limits(held, now),
            "exclusion": None if excluded is None else shown_exclusion(excluded),
        }
        return Response(orjson.dumps(answer), 200, content_type="application/json")

    @me.get("/export")
    @policy(auth="member", cache="private", limit=10)
    async def export() -> Response:
        member = current_member()
        async with session(accounts.database) as connection:
            kept = await personal.export(connection, member.id)
            saved = await parlays.every(connection, member.id)
        answer = {
            "exported_at": format_time(datetime.now(UTC)),
            **kept,
            "parlays": [render.parlay(parlay) for parlay in saved],
        }
        return Response(
            orjson.dumps(answer, default=str),
            200,
            {"Content-Disposition": 'attachment; filename="parlay-gorilla.json"'},
            content_type="application/json",
        )

    @me.delete("")
    @policy(auth="member", cache="private", limit=60)
    @body(Confirmation)
    async def delete(body: Confirmation) -> Response:
        member = current_member()
        await take(accounts, [accounts.password_bucket(member.id)])
        await accounts.delete(member.id, body.password)
        return without_cookie(Response("", 204))

    @me.post("/password")
    @policy(auth="member", cache="private", limit=60)
    @body(PasswordChange)
    async def change_password(body: PasswordChange) -> Response:
        member = current_member()
        await take(accounts, [accounts.password_bucket(member.id)])
        await accounts.change_password(member.id, member.session_id, body.password, body.new_password)
        return Response("", 204)

    @me.post("/recovery-codes")
    @policy(auth="member", cache="private", limit=60)
    @body(Confirmation)
    async def replace_codes(body: Confirmation) -> Response:
        member = current_member()
        await take(accounts, [accounts.password_bucket(member.id)])
        answer: RecoveryCodes = {"recovery_codes": await accounts.new_codes(member.id, body.password)}
        return Response(orjson.dumps(answer), 200, content_type="application/json")

    @me.get("/sessions")
    @policy(auth="member", cache="private", limit=240)
    async def list_sessions() -> Response:
        member = current_member()
        async with session(accounts.database) as connection:
            living = await sessions.living(connection, member.id, datetime.now(UTC))
        answer: Sessions = {"sessions": [_shown(one, member.session_id) for one in living]}
        return Response(orjson.dumps(answer), 200, content_type="application/json")

    @me.delete("/sessions/<session_id>")
    @policy(auth="member", cache="private", limit=240)
    async def end_session(session_id: str) -> Response:
        try:
            named = uuid.UUID(session_id)
        except ValueError:
            raise NotFound from None
        if not await accounts.end_sessions(current_member().id, "ended_by_member", only=named):
            raise NotFound
        return Response("", 204)

    return me


def _shown(one: Session, current: uuid.UUID) -> SessionShown:
    return {
        "id": str(one.id),
        "created_at": _time(one.created_at),
        "refreshed_at": _time(one.refreshed_at),
        "expires_at": _time(one.expires_at),
        "user_agent": one.user_agent,
        "current": one.id == current,
    }


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
