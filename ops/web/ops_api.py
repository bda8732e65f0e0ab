"""/ops: what operators ask a web process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from quart import Blueprint, Response, abort, g, jsonify, request
from werkzeug.exceptions import NotFound, Unauthorized

from ops.clock import ledger, register
from ops.clock.facts import Look, read_facts
from ops.clock.findings import Trouble
from ops.clock.requests import ask
from ops.clock.verdict import judge
from ops.database import session
from ops.stores import Stores
from ops.telemetry.events import emit
from ops.telemetry.metrics import Requests, exposition
from ops.web.access import OpsAccess
from ops.web.policy import policy
from ops.web.request_id import request_id


def blueprint(
    *,
    stores: Stores,
    requests: Requests,
    gauges: Callable[[], Mapping[str, float]],
    extra_status: Callable[[], Awaitable[dict[str, Any]]],
    look: Look | None = None,
) -> Blueprint:
    """Return the routes. Who may ask is declared on each and enforced by the guard; `look` is the product's."""
    ops = Blueprint("ops", __name__)
    database = stores.database

    @ops.get("/ops/jobs")
    @policy(auth="ops", limit=None)
    async def jobs() -> Response:
        async with session(database) as connection:
            listed = await register.summaries(connection)
        return jsonify({"jobs": [_job(one) for one in listed], "request_id": request_id()})

    @ops.get("/ops/jobs/<name>/history")
    @policy(auth="ops", limit=None)
    async def history(name: str) -> Response:
        async with session(database) as connection:
            try:
                await register.check_known(connection, name)
            except register.UnknownJobError:
                abort(404)
            runs = await ledger.history(connection, name)
        rows = [{key: _plain(value) for key, value in asdict(run).items()} for run in runs]
        return jsonify({"job_name": name, "runs": rows, "request_id": request_id()})

    @ops.post("/ops/jobs/<name>/<action>")
    @policy(auth="ops-write", limit=30)
    async def act(name: str, action: str) -> tuple[Response, int]:
        now = datetime.now(UTC)
        answer: dict[str, Any] = {"job_name": name, "action": action}
        async with session(database) as connection:
            try:
                if action == "run":
                    answer["job_request_id"] = await ask(connection, name, "ops", now)
                elif action == "pause":
                    await register.pause(connection, name, now)
                elif action == "resume":
                    await register.resume(connection, name, now)
                else:
                    abort(404)
            except register.UnknownJobError:
                abort(404)
        emit("operator_acted", job=name, action=action, operator=g.operator)
        return jsonify(answer | {"request_id": request_id()}), 202 if action == "run" else 200

    @ops.get("/ops/status")
    @policy(auth="ops", limit=None)
    async def status() -> Response:
        facts = await read_facts(stores, datetime.now(UTC), look)
        overview = judge(facts)
        body = {
            "instances": [asdict(instance) for instance in facts.instances],
            "leader": facts.leader,
            "state": overview.state,
            "reasons": [_reason(trouble) for trouble in overview.troubles],
            "request_id": request_id(),
        }
        return jsonify(body | await extra_status())

    @ops.get("/ops/metrics")
    @policy(auth="ops", limit=None)
    async def metrics() -> Response:
        return Response(exposition(requests, gauges), content_type="text/plain; version=0.0.4; charset=utf-8")

    return ops


def _job(one: register.JobSummary) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(one).items()}


def _reason(trouble: Trouble) -> dict[str, Any]:
    return {"code": trouble.code, "since": _plain(trouble.since), "detail": trouble.text}


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def authenticators(access: OpsAccess) -> dict[str, Callable[[], Awaitable[None]]]:
    """Return who may pass by the `auth` of a policy: none, ops and ops-write. `g.operator` names who asks."""

    async def anybody() -> None:
        return None

    async def reader() -> None:
        _admit(access, write=False)

    async def writer() -> None:
        _admit(access, write=True)

    return {"none": anybody, "ops": reader, "ops-write": writer}


def _admit(access: OpsAccess, *, write: bool) -> None:
    if not access.enabled:
        raise NotFound
    headers = request.headers
    g.operator = access.bearer(headers.get("Authorization", ""), headers.get("X-Ops-Token", ""))
    if g.operator is None and (write or access.has_token):
        raise Unauthorized
