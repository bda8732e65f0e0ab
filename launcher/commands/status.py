"""`launcher status`: what is alive, who leads, what ran, what is due, what is left."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from launcher.host.control import STATUS_SECONDS, ask
from ops.clock import register, verdict
from ops.clock.lease import read_holder
from ops.database import raw, session
from ops.instances import living, recent_starts
from ops.migrate_with_lock import read_state
from ops.stores import Ping, Stores, Unavailable, open_stores
from quartapp.credits import read_budget

if TYPE_CHECKING:
    from quartapp.settings import Settings

LAST_DEPLOY = Path(__file__).resolve().parents[2] / "var" / "last_deploy.json"  # by scripts/deploy.sh
HEALTHY, DEGRADED, UNREACHABLE = 0, 1, 2


@dataclass(slots=True)
class Status:
    """What was found; `troubles` says in words what is not as it should be."""

    instances: list[dict[str, Any]] = field(default_factory=list)
    leader: str | None = None
    fencing_token: int | None = None
    migrations: dict[str, Any] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    credits: dict[str, Any] = field(default_factory=dict)
    last_deploy: dict[str, Any] | None = None
    supervised: list[dict[str, Any]] | None = None  # by `launcher up` on this host; None where none runs
    overdue: list[str] = field(default_factory=list)
    crash_loops: list[str] = field(default_factory=list)  # roles
    versions_mixed: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 healthy, 1 degraded, 2 when PostgreSQL or Redis cannot be reached."""
        return UNREACHABLE if self.unreachable else DEGRADED if self.troubles else HEALTHY


async def read_status(settings: Settings) -> Status:
    """Return the state of the whole system; each store is asked within bounds."""
    status = Status(last_deploy=_last_deploy(), supervised=_supervised())
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        await asyncio.gather(_ask_database(stores, status), _ask_redis(stores, settings, status))
    _judge(status)
    return status


async def _ask_database(stores: Stores, status: Status) -> None:
    try:
        async with asyncio.timeout(8):
            await stores.connect()
            _note(status, "PostgreSQL", (await stores.pings())["database"])
            async with session(stores.database) as connection:
                status.migrations = asdict(await read_state(raw(connection)))
                if status.migrations["standing"] != "empty":
                    status.fencing_token = await connection.fetch_val("SELECT token FROM scheduler_fences")
                    jobs = await register.summaries(connection)
                    status.jobs = [asdict(job) for job in jobs]
                    status.overdue = verdict.overdue(jobs, datetime.now(UTC))
    except Unavailable as problem:
        status.unreachable.append(f"PostgreSQL ({type(problem).__name__})")


async def _ask_redis(stores: Stores, settings: Settings, status: Status) -> None:
    redis = stores.redis
    try:
        async with asyncio.timeout(8):
            _note(status, "Redis", (await stores.pings())["redis"])
            alive = await living(redis)
            status.instances = [asdict(one) for one in alive]
            status.versions_mixed = verdict.versions_mixed(alive, datetime.now(UTC))
            status.crash_loops = verdict.crash_loops(await recent_starts(redis), alive)
            status.leader = await read_holder(redis, "clock")
            credits = await read_budget(
                redis, daily_limit=settings.odds_api_daily_credits, floor=settings.odds_api_credit_floor
            )
            status.credits = asdict(credits) | {
                "left_today": credits.left_today,
                "at_floor": credits.at_floor,
            }
    except Unavailable as problem:
        status.unreachable.append(f"Redis ({type(problem).__name__})")


def _note(status: Status, name: str, answer: Ping) -> None:
    """A store that answers reads and refuses writes keeps every clock from working: it counts as unreachable."""
    if answer.error == "read-only":
        status.unreachable.append(f"{name} (read-only)")


def _judge(status: Status) -> None:
    troubles = status.troubles
    if status.unreachable:
        troubles += [f"{name} cannot be reached" for name in status.unreachable]
        return
    if status.last_deploy and status.last_deploy.get("status") == "failed":
        troubles.append(f"the last deploy failed at: {status.last_deploy.get('step')}; see var/deploy.log")
    if status.last_deploy and status.last_deploy.get("status") == "running":
        troubles.append(
            f"the deploy of {_short(status.last_deploy.get('commit'))}, begun at {status.last_deploy.get('started_at')},"
            " has not ended. If none runs it was killed: run it again (var/deploy.log shows how far it came)"
        )
    roles = {one["role"] for one in status.instances}
    if "web" not in roles:
        troubles.append("no web process is alive")
    if status.leader is None:
        troubles.append("no clock leads")
    if status.migrations["standing"] not in ("at_head", "ahead"):
        troubles.append(f"the schema is {status.migrations['standing']}; run python -m ops.migrate_with_lock")
    troubles += [f"{role} starts again and again; see its log" for role in status.crash_loops]
    troubles += [
        f"{job['job_name']}: {job['status']}"
        for job in status.jobs
        if job["status"] in ("failure", "timeout", "lost")
    ]
    troubles += [f"{name} is overdue" for name in status.overdue]
    if status.versions_mixed:
        names = ", ".join(_short(version) for version in status.versions_mixed)
        troubles.append(f"two versions run beside each other: {names}; deploy again")
    if status.credits.get("at_floor"):
        troubles.append("the Odds API credits are at the floor")


def _last_deploy() -> dict[str, Any] | None:
    try:
        found = orjson.loads(LAST_DEPLOY.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return found if isinstance(found, dict) else None


def _supervised() -> list[dict[str, Any]] | None:
    try:
        found: list[dict[str, Any]] = ask("status", STATUS_SECONDS)["processes"]
    except OSError:  # none runs here, or it does not answer in time
        return None
    return found


def _short(commit: object) -> str:
    return str(commit or "nothing")[:12]


def show(status: Status, as_json: bool) -> int:
    """Print the status; return the exit code."""
    if as_json:
        body = asdict(status) | {"status": ("healthy", "degraded", "unreachable")[status.exit_code]}
        click.echo(orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return status.exit_code
    mark = ("healthy", "degraded", "unreachable")[status.exit_code]
    click.secho(mark, fg=("green", "yellow", "red")[status.exit_code], bold=True)
    for trouble in status.troubles:
        click.echo(f"  - {trouble}")
    click.echo(f"leader: {status.leader or 'none'} (fencing token {status.fencing_token})")
    click.echo(f"schema: {status.migrations.get('current')} of {status.migrations.get('head')}")
    remaining = status.credits.get("remaining")
    left = "unknown" if remaining is None else remaining
    click.echo(f"Odds API credits: {left} left, {status.credits.get('spent_today', 0)} spent today")
    if status.last_deploy:
        deploy = status.last_deploy
        click.echo(
            f"last deploy: {_short(deploy.get('commit'))} {deploy.get('status')} at {deploy.get('finished_at')};"
            f" {_short(deploy.get('running'))} runs"
        )
    for one in status.supervised or []:
        state = f"for {one['seconds']:.0f} s" if one["alive"] else "ended, about to start again"
        click.echo(f"supervised: {one['name']:<10} process {one['pid']} {state}, starts {one['starts']}")
    for one in status.instances:
        click.echo(
            f"alive: {one['role']:<10} {one['holder']} since {one['started_at']} ({one['git_sha'][:12]})"
        )
    for job in status.jobs:
        last = f"{job['last_run_at']:%m-%d %H:%M:%SZ}" if job["last_run_at"] else "never"
        following = f"{job['next_run_at']:%m-%d %H:%M:%SZ}" if job["next_run_at"] else "-"
        paused = " (paused)" if job["paused"] else ""
        click.echo(f"job: {job['job_name']:<16} {job['status']:<8} last {last:<16} next {following}{paused}")
    return status.exit_code
