"""/api/auth: begin a session, go on with it, end it, and get back in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson
from quart import Blueprint, Response, g, request
from werkzeug.exceptions import TooManyRequests, Unauthorized

from ops.database import session
from ops.web.policy import policy
from ops.web.problems import invalid
from quartapp.accounts import sessions, throttle, tokens
from quartapp.accounts.service import Accounts
from quartapp.accounts.sessions import IDLE, Issued
from quartapp.accounts.throttle import Bucket
from quartapp.api.accounts.requests import Login, Recovery, Registration, Reset, age_problem
from quartapp.http.bodies import body
from quartapp.http.member import REFRESH_COOKIE, current_member
from quartapp.store import regions
from quartapp.store.members import User

if TYPE_CHECKING:
    from quartapp.api.accounts.shapes import Me, Refreshed, Registered, SignedIn

DEVICE_COOKIE = "device"
COOKIE_PATH = "/api/auth"
DEVICE_SECONDS = 365 * 24 * 3600
# What a client may ask of one process. The tries that matter are counted in Redis, over all processes.
WALL = 3000


def blueprint(accounts: Accounts) -> Blueprint:
    """Return the routes under /api/auth."""
    auth = Blueprint("auth", __name__, url_prefix="/api/auth")

    @auth.post("/register")
    @policy(auth="credentials", cache="private", limit=WALL)
    @body(Registration)
    async def register(body: Registration) -> Response:
        async with session(accounts.database) as connection:
            known = await regions.load(connection)
        if (reason := age_problem(body.born, known.minimum_age(body.region))) is not None:
            raise invalid("date_of_birth", reason)
        await take(accounts, [Bucket(throttle.REGISTER_CLIENT, accounts.name(g.client))])
        user, issued, shown = await accounts.register(
            body.email, body.password, body.born, body.region, request.headers.get("User-Agent", "")
        )
        answer: Registered = {**_signed_in(user, issued), "recovery_codes": shown}
        return _with_cookies(accounts, answer, 201, issued, body.email)

    @auth.post("/login")
    @policy(auth="credentials", cache="private", limit=WALL)
    @body(Login)
    async def login(body: Login) -> Response:
        buckets = accounts.login_buckets(body.email, g.client, request.cookies.get(DEVICE_COOKIE, ""))
        await take(accounts, buckets)
        user, issued = await accounts.login(
            body.email, body.password, request.headers.get("User-Agent", ""), buckets
        )
        return _with_cookies(accounts, _signed_in(user, issued), 200, issued, body.email)

    @auth.post("/refresh")
    @policy(auth="credentials", cache="private", limit=600)
    async def refresh() -> Response:
        issued = await accounts.refresh(request.cookies.get(REFRESH_COOKIE, ""))
        if issued is None:
            raise Unauthorized
        answer: Refreshed = {"access_token": issued.access_token, "expires_in": tokens.ACCESS_SECONDS}
        return _with_cookies(accounts, answer, 200, issued, None)

    @auth.post("/logout")
    @policy(auth="credentials", cache="private", limit=600)
    async def logout() -> Response:
        row = await sessions.owner(accounts.database, accounts.keys, request.cookies.get(REFRESH_COOKIE, ""))
        if row is not None:
            await accounts.end_sessions(row.user_id, "logged_out", only=row.id)
        return without_cookie(Response("", 204))

    @auth.post("/logout-everywhere")
    @policy(auth="session", cache="private", limit=60)
    async def logout_everywhere() -> Response:
        await accounts.end_sessions(current_member().id, "logged_out_everywhere")
        return without_cookie(Response("", 204))

    @auth.post("/recover")
    @policy(auth="credentials", cache="private", limit=WALL)
    @body(Recovery)
    async def recover(body: Recovery) -> Response:
        buckets = accounts.recover_buckets(body.email, g.client)
        await take(accounts, buckets)
        await accounts.recover(body.email, body.recovery_code, body.new_password, buckets)
        return without_cookie(Response("", 204))

    @auth.post("/reset")
    @policy(auth="credentials", cache="private", limit=WALL)
    @body(Reset)
    async def reset(body: Reset) -> Response:
        await take(accounts, [Bucket(throttle.RESET_CLIENT, accounts.name(g.client))])
        await accounts.reset(body.token, body.new_password)
        return without_cookie(Response("", 204))

    return auth


async def take(accounts: Accounts, buckets: Sequence[Bucket]) -> None:
    """Count a try; its answer says where one stands. Raises TooManyRequests, and Unavailable while Redis is away."""
    g.taken = await accounts.take(buckets)
    if not g.taken.allowed:
        raise TooManyRequests


def shown(user: User) -> Me:
    """Return what a member sees of their row."""
    return {
        "id": str(user.id),
        "email": user.email,
        "region": user.region,
        "created_at": user.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def without_cookie(response: Response) -> Response:
    """Return an answer that takes the refresh token from the browser."""
    response.delete_cookie(REFRESH_COOKIE, path=COOKIE_PATH, secure=True, httponly=True, samesite="Lax")
    return response


def _signed_in(user: User, issued: Issued) -> SignedIn:
    return {"user": shown(user), "access_token": issued.access_token, "expires_in": tokens.ACCESS_SECONDS}


def _with_cookies(
    accounts: Accounts,
    answer: SignedIn | Registered | Refreshed,
    status: int,
    issued: Issued,
    email: str | None,
) -> Response:
    """Return an answer with the refresh token, and after a login the mark of this device, in cookies."""
    response = Response(orjson.dumps(answer), status, content_type="application/json")
    kept = [(REFRESH_COOKIE, issued.refresh_token, int(IDLE.total_seconds()))]
    if email is not None:
        account, mark = accounts.name(email).encode(), request.cookies.get(DEVICE_COOKIE, "")
        if tokens.read_device(accounts.keys, mark, account) is None:
            mark = tokens.make_device(accounts.keys, account)
        kept.append((DEVICE_COOKIE, mark, DEVICE_SECONDS))
    for name, value, seconds in kept:
        response.set_cookie(
            name, value, max_age=seconds, path=COOKIE_PATH, secure=True, httponly=True, samesite="Lax"
        )
    return response
