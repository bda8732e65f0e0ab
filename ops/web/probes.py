"""/healthz and /readyz: what balancers, Docker and deploys ask a web process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from quart import Blueprint, Response, jsonify

from ops.database import raw, session
from ops.migrate_with_lock import SchemaState, read_state
from ops.stores import PING_SECONDS, Ping, Stores, ping
from ops.web.policy import policy

if TYPE_CHECKING:
    from databases import Database

ALIVE = b'{"ok":true}'


def blueprint(stores: Stores, warm: Callable[[], bool]) -> Blueprint:
    """Return the routes. `warm` tells whether the documents are in memory."""
    probes = Blueprint("probes", __name__)

    @probes.get("/healthz")
    @policy(auth="none", limit=None)
    async def healthz() -> Response:
        return Response(ALIVE, content_type="application/json")

    @probes.get("/readyz")
    @policy(auth="none", limit=None)
    async def readyz() -> tuple[Response, int]:
        pings, migrations = await asyncio.gather(stores.pings(), _migrations(stores.database))
        checks: dict[str, dict[str, Any]] = {name: _check(answer) for name, answer in pings.items()}
        checks |= {"migrations": migrations, "documents": {"ok": warm()}}
        ok = all(check["ok"] for check in checks.values())
        return jsonify({"ok": ok, "checks": checks}), 200 if ok else 503

    return probes


def _check(answer: Ping) -> dict[str, Any]:
    error = {} if answer.error is None else {"error": answer.error}
    return {"ok": answer.ok, **error, "duration_ms": answer.duration_ms}


async def _migrations(database: Database) -> dict[str, Any]:
    states: list[SchemaState] = []

    async def look() -> None:
        async with session(database, timeout=PING_SECONDS) as connection:
            states.append(await read_state(raw(connection)))

    answer = _check(await ping(look()))
    if not states:
        return answer
    state = states[0]
    found = {"ok": state.usable, "current": state.current, "head": state.head, "standing": state.standing}
    return answer | found
