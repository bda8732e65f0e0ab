"""/healthz, /readyz and /ops: what operators and probes ask a web process."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from quart import Blueprint, Response, abort, jsonify, request

from ops.clock import ledger, register
from ops.clock.lease import read_holder
from ops.database import raw, session
from ops.instances import living
from ops.migrate_with_lock import SchemaState, read_state
from ops.stores import PING_SECONDS, Ping, Stores, Unavailable, ping
from ops.telemetry.logs import get_logger
from ops.telemetry.metrics import Requests, exposition
from ops.web.request_id import request_id

if TYPE_CHECKING:
    from databases import Database

log = get_logger(__name__)
ALIVE = b'{"ok":true}'

Declare = Callable[..., Callable[[Any], Any]]


@dataclass(frozen=True, slots=True)
class OpsAccess:
    """Who may ask /ops: nobody unless `enabled`; the token's bearers when there is one."""

    enabled: bool
    token: str | None

    def admits(self, authorization: str, x_ops_token: str, *, write: bool) -> bool:
        """Return whether a request may pass. What changes state always wants the token; empty fails closed."""
        if not self.token:
            return not write
        bearer = authorization[7:] if authorization[:7].lower() == "bearer " else ""
        wanted = self.token.encode()
        given = [text.encode("utf-8", "surrogateescape") for text in (bearer, x_ops_token)]
        matched = [hmac.compare_digest(one, wanted) for one in given]
        return any(matched)


def blueprint(  # noqa: PLR0915 - one route after another
    *,
    stores: Stores,
    requests: Requests,
    access: OpsAccess,
    gauges: Callable[[], Mapping[str, float]],
    warm: Callable[[], bool],
    extra_status: Callable[[], Awaitable[dict[str, Any]]],
    policy: Declare,
) -> Blueprint:
    """Return the routes. `policy` declares each route's cache policy, authentication and rate limit."""
    ops = Blueprint("ops", __name__)
    database, redis = stores.database, stores.redis

    @ops.get("/healthz")
    @policy(cache="no-store", auth="none")
    async def healthz() -> Response:
        return Response(ALIVE, content_type="application/json")

    @ops.get("/readyz")
    @policy(cache="no-store", auth="none")
    async def readyz() -> tuple[Response, int]:
        pings, migrations = await asyncio.gather(stores.pings(), _migrations(database))
        found: dict[str, dict[str, Any]] = {name: _check(answer) for name, answer in pings.items()}
        found |= {"migrations": migrations, "documents": {"ok": warm()}}
        ok = all(one["ok"] for one in found.values())
        return jsonify({"ok": ok, "checks": found}), 200 if ok else 503

    def known_form(name: str) -> None:
        if "\x00" in name:  # PostgreSQL has no such text
            abort(404)

    def guard(*, write: bool = False) -> None:
        if not access.enabled:
            abort(404)
        headers = request.headers
        if not access.admits(headers.get("Authorization", ""), headers.get("X-Ops-Token", ""), write=write):
            abort(401)

    @ops.get("/ops/jobs")
    @policy(cache="no-store", auth="ops")
    async def jobs() -> Response:
        guard()
        async with session(database) as connection:
            listed = await register.summaries(connection)
        return jsonify({"jobs": [_job(one) for one in listed], "request_id": request_id()})

    @ops.get("/ops/jobs/<name>/history")
    @policy(cache="no-store", auth="ops")
    async def history(name: str) -> Response:
        guard()
        known_form(name)
        async with session(database) as connection:
            try:
                await register.check_known(connection, name)
            except register.UnknownJobError:
                abort(404)
            runs = await ledger.history(connection, name)
        rows = [{key: _plain(value) for key, value in asdict(run).items()} for run in runs]
        return jsonify({"job_name": name, "runs": rows, "request_id": request_id()})

    @ops.post("/ops/jobs/<name>/<action>")
    @policy(cache="no-store", auth="ops-write", limit=30)
    async def act(name: str, action: str) -> tuple[Response, int]:
        guard(write=True)
        known_form(name)
        now = datetime.now(UTC)
        answer: dict[str, Any] = {"job_name": name, "action": action}
        async with session(database) as connection:
            try:
                if action == "run":
                    answer["job_request_id"] = await register.request_run(connection, name, "ops", now)
                elif action == "pause":
                    await register.pause(connection, name, now)
                elif action == "resume":
                    await register.resume(connection, name, now)
                else:
                    abort(404)
            except register.UnknownJobError:
                abort(404)
        log.info("operator acted", job=name, action=action)
        return jsonify(answer | {"request_id": request_id()}), 202 if action == "run" else 200

    @ops.get("/ops/status")
    @policy(cache="no-store", auth="ops")
    async def status() -> Response:
        guard()
        try:
            async with asyncio.timeout(PING_SECONDS):
                alive = [asdict(one) for one in await living(redis)]
                leader = await read_holder(redis, "clock")
        except Unavailable:
            alive, leader = [], None
        body = {"instances": alive, "leader": leader, "request_id": request_id()}
        return jsonify(body | await extra_status())

    @ops.get("/ops/metrics")
    @policy(cache="no-store", auth="ops")
    async def metrics() -> Response:
        guard()
        return Response(exposition(requests, gauges), content_type="text/plain; version=0.0.4; charset=utf-8")

    return ops


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


def _job(one: register.JobSummary) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(one).items()}


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
