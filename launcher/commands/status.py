"""`launcher status`: what is alive, who leads, what ran, what is due, what is left."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from launcher.host.control import STATUS_SECONDS, ask
from ops.clock.facts import Facts, read_facts
from ops.clock.verdict import judge, short
from ops.instances import SILENT_AFTER_SECONDS
from ops.stores import Stores, open_stores
from quartapp.credits import read_budget
from quartapp.freshness.troubles import looking

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
    state: str = "ok"
    reasons: list[dict[str, Any]] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 healthy, 1 degraded, 2 when PostgreSQL or Redis cannot be reached."""
        return UNREACHABLE if self.unreachable else DEGRADED if self.troubles else HEALTHY


async def read_status(settings: Settings, now: datetime | None = None) -> Status:
    """Return the state of the whole system; each store is asked within bounds."""
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        facts = await read_facts(stores, now or datetime.now(UTC), looking(settings), connect=True)
        facts.last_deploy = _last_deploy()
        overview = judge(facts)
        return Status(
            instances=[asdict(instance) for instance in facts.instances],
            leader=facts.leader,
            fencing_token=facts.fencing_token,
            migrations=asdict(facts.schema) if facts.schema else {},
            jobs=[asdict(job) for job in facts.jobs],
            credits={} if _without_redis(facts) else await _credits(stores, settings, facts.now),
            last_deploy=_last_deploy(),
            supervised=_supervised(),
            overdue=list(overview.overdue),
            crash_loops=list(overview.crash_loops),
            versions_mixed=list(overview.versions_mixed),
            troubles=[trouble.text for trouble in overview.troubles],
            unreachable=facts.unreachable,
            state=overview.state,
            reasons=[
                {"code": trouble.code, "since": trouble.since, "detail": trouble.text}
                for trouble in overview.troubles
            ],
        )


def _without_redis(facts: Facts) -> bool:
    return any(name.startswith("Redis") for name in facts.unreachable)


async def _credits(stores: Stores, settings: Settings, now: datetime) -> dict[str, Any]:
    credits = await read_budget(
        stores.redis,
        daily_limit=settings.odds_api_daily_credits,
        floor=settings.odds_api_credit_floor,
        now=now,
    )
    return asdict(credits) | {"left_today": credits.left_today, "at_floor": credits.at_floor}


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
            f"last deploy: {short(deploy.get('commit'))} {deploy.get('status')} at {deploy.get('finished_at')};"
            f" {short(deploy.get('running'))} runs"
        )
    for one in status.supervised or []:
        state = f"for {one['seconds']:.0f} s" if one["alive"] else "ended, about to start again"
        click.echo(f"supervised: {one['name']:<10} process {one['pid']} {state}, starts {one['starts']}")
    for one in status.instances:
        told = f"{one['role']:<10} {one['holder']} since {one['started_at']} ({one['git_sha'][:12]})"
        if one["quiet_seconds"] > SILENT_AFTER_SECONDS:
            click.echo(f"silent: {told}, nothing heard for {one['quiet_seconds']:.0f} s")
        else:
            click.echo(f"alive: {told}")
    for job in status.jobs:
        last = f"{job['last_run_at']:%m-%d %H:%M:%SZ}" if job["last_run_at"] else "never"
        following = f"{job['next_run_at']:%m-%d %H:%M:%SZ}" if job["next_run_at"] else "-"
        paused = " (paused)" if job["paused"] else ""
        click.echo(f"job: {job['job_name']:<16} {job['status']:<8} last {last:<16} next {following}{paused}")
    return status.exit_code
