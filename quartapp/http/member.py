"""Who may ask what belongs to members: the guard's authenticators `member`, `session` and `credentials`.

A handler behind `@policy(auth="member")` calls `current_member()`, which is whom the token names: no handler reads an
id of a member from a path, a query or a body, so none can be asked for another's rows.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import cast

from quart import g, request
from werkzeug.exceptions import Unauthorized

from ops.database import session
from ops.stores import Unavailable
from ops.telemetry.events import emit
from ops.telemetry.logs import redact
from ops.web.problems import ProblemError
from quartapp.accounts import sessions
from quartapp.accounts.member import Member
from quartapp.accounts.service import Accounts
from quartapp.accounts.tokens import Access, load, read_access
from quartapp.store import account_events

REFRESH_COOKIE = "refresh"
CLOSED = "This server has no accounts: JWT_SECRET is not set."
UNKNOWN = "Whether this session may go on cannot be checked at the moment; try again shortly."


def current_member() -> Member:
    """Return the member who asks. Only for handlers behind auth="member" or "session"."""
    return cast(Member, g.member)


def asking_member() -> Member | None:
    """Return the member who asks, or None for a visitor. For handlers behind auth="visitor"."""
    return cast("Member | None", g.get("member"))


def authenticators(accounts: Accounts, origins: Iterable[str]) -> dict[str, Callable[[], Awaitable[None]]]:
    """Return who may pass by the `auth` of a policy.

    "member": the bearer of an access token whose session is alive. "session": that, or who sends a session's cookie.
    "credentials": anybody, who is about to prove who they are. "visitor": anybody, but whoever sends a token is
    its member. Where a cookie counts, another site's page may not ask.
    """
    listed = frozenset(origins)

    async def member() -> None:
        g.member = await bearer(accounts, request.headers.getlist("Authorization"))

    async def by_session() -> None:
        await _open(accounts)
        if request.headers.getlist("Authorization"):
            g.member = await authenticate(accounts, request.headers.getlist("Authorization"))
            return
        _refuse_other_sites(listed)
        row = await sessions.owner(accounts.database, accounts.keys, request.cookies.get(REFRESH_COOKIE, ""))
        if row is None:
            raise Unauthorized
        g.member = Member(row.user_id, row.id, row.region)

    async def credentials() -> None:
        await _open(accounts)
        _refuse_other_sites(listed)

    async def visitor() -> None:
        if request.headers.getlist("Authorization"):
            await member()

    return {"member": member, "session": by_session, "credentials": credentials, "visitor": visitor}


async def bearer(accounts: Accounts, authorization: list[str]) -> Member:
    """Return the member of "member", without Quart. Raises what that does."""
    await _open(accounts)
    return await authenticate(accounts, authorization)


async def authenticate(accounts: Accounts, authorization: list[str]) -> Member:
    """Return whom the token of an Authorization header names, whose session is alive. Raises Unauthorized."""
    scheme, _, token = (authorization[0] if len(authorization) == 1 else "").partition(" ")
    access = read_access(accounts.keys, token.strip()) if scheme.lower() == "bearer" else None
    if access is None:
        raise Unauthorized
    alive, excluded, until = await _standing(accounts, access)
    if not alive:
        raise Unauthorized
    return Member(access.user_id, access.session_id, access.region, excluded, until)


async def _standing(accounts: Accounts, access: Access) -> tuple[bool, bool, datetime | None]:
    """Return (alive, excluded, until when): from memory while it is all that is known, else from the database."""
    standing = accounts.standing
    if standing.fresh(time.monotonic()):
        alive = not standing.has_ended(access.session_id)
        return alive, *standing.exclusion(access.user_id, datetime.now(UTC))
    try:
        async with session(accounts.database) as connection:
            return await account_events.standing(connection, access.user_id, access.session_id)
    except Unavailable as problem:
        emit("store_unavailable", store="database", waiting="request", error=redact(repr(problem)))
        raise ProblemError(503, UNKNOWN, code="unavailable") from problem


async def _open(accounts: Accounts) -> None:
    if not accounts.keys:
        raise ProblemError(503, CLOSED)
    await load()


def _refuse_other_sites(listed: frozenset[str]) -> None:
    """Raise ProblemError (403) for a request that a page of a site which is not listed makes (CSRF).

    Browsers say where a request comes from, in Origin or in Sec-Fetch-Site, and a page cannot change either. Who
    sends neither is no browser, and carries nobody's cookie by accident.
    """
    origins, sites = request.headers.getlist("Origin"), request.headers.getlist("Sec-Fetch-Site")
    if origins:
        own = {f"{scheme}://{request.host}" for scheme in ("http", "https")}
        allowed = len(origins) == 1 and (origins[0] in listed or origins[0] in own)
    else:
        allowed = all(site in ("same-origin", "same-site", "none") for site in sites)
    if not allowed:
        raise ProblemError(403, "A page of another site may not ask this.", code="cross_site")
