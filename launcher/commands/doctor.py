"""`launcher doctor`: checks what a running system needs, one line each, with the mend."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import click

from launcher.commands.mends import mend_of
from ops.database import raw, session
from ops.instances import living
from ops.stores import Stores, Unavailable, open_stores
from ops.telemetry.logs import redact

if TYPE_CHECKING:
    from quartapp.settings import Settings

CHECK_SECONDS = 10.0
SKEW_SECONDS = 2.0


class CheckError(Exception):
    """A check that failed; its message is the finding and the mend."""


async def run_doctor(settings: Settings) -> int:
    """Print one line a check; return 0 when all are well."""
    checks: list[tuple[str, Callable[[Settings, Stores], Awaitable[str]]]] = [
        ("database", _database),
        ("migrations", _migrations),
        ("connections", _connections),
        ("redis", _redis),
        ("schedules", _schedules),
        ("odds api", _odds_api),
        ("telegram", _telegram),
        ("clock skew", _skew),
    ]
    click.echo(f"{'ok':<6} {'settings':<12} complete ({settings.environment})")
    failed = 0
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        for name, check in checks:
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    finding = await check(settings, stores)
            except CheckError as problem:
                failed += 1
                click.echo(f"{'FAIL':<6} {name:<12} {redact(str(problem))}")
            except Exception as problem:  # a check must never end the examination
                failed += 1
                click.echo(f"{'FAIL':<6} {name:<12} {redact(mend_of(problem))}")
            else:
                click.echo(f"{'ok':<6} {name:<12} {finding}")
    return 1 if failed else 0


async def _ask(stores: Stores, question: str) -> Any:
    await stores.connect()
    async with session(stores.database) as connection:
        return await connection.fetch_val(question)


async def _database(_: Settings, stores: Stores) -> str:
    return str(await _ask(stores, "SELECT split_part(version(), ' on ', 1)"))


async def _migrations(settings: Settings, stores: Stores) -> str:
    from ops.migrate_with_lock import read_state

    await stores.connect()
    async with session(stores.database) as connection:
        state = await read_state(raw(connection))
    if not state.usable:
        raise CheckError(
            f"{state.standing}: at {state.current}, needs {state.head}. Run python -m ops.migrate_with_lock"
        )
    if settings.database_pooler and settings.migration_database_url is None:
        raise CheckError("DATABASE_POOLER is true: set MIGRATION_DATABASE_URL to a direct connection")
    return f"{state.standing} ({state.current})"


async def _connections(settings: Settings, stores: Stores) -> str:
    limit = int(await _ask(stores, "SHOW max_connections"))
    roles = await _living_roles(stores) or ["web"] * settings.web_concurrency + ["clock"]
    # Each has a pool; each web process one more for its documents and one for ended sessions. A migration and an
    # operator have one each.
    wanted = len(roles) * settings.database_pool_max + 2 * roles.count("web") + 2
    said = f"up to {wanted} of {limit}, by {len(roles)} processes"
    if wanted > limit * 0.8:
        raise CheckError(f"{said}. Lower DATABASE_POOL_MAX or run fewer processes, or raise max_connections")
    return said


async def _living_roles(stores: Stores) -> list[str]:
    """Return the role of every living process of every host; none when Redis cannot say."""
    try:
        return [process.role for process in await living(stores.redis)]
    except Unavailable:
        return []


async def _redis(_: Settings, stores: Stores) -> str:
    await stores.redis.set("doctor", "1", ex=5)
    info = await stores.redis.info("server")
    return f"{info.get('server_name', 'redis')} {info.get('valkey_version') or info.get('redis_version', '')}"


async def _schedules(settings: Settings, _: Stores) -> str:
    from ops.clock.due import plan_jobs
    from ops.clock.schedule import ScheduleError
    from quartapp.jobs import JOBS

    try:
        return f"{len(plan_jobs(JOBS, dict(settings.schedules), settings.schedule_timezone))} usable"
    except ScheduleError as problem:
        raise CheckError(f"{problem} Five fields, such as SCHEDULE_RESULTS='*/10 * * * *'") from None


async def _odds_api(settings: Settings, _: Stores) -> str:
    from quartapp.upstreams import open_upstreams

    async with open_upstreams(settings) as resources:
        listed, cost = await resources.odds_api.sports()
    left = "" if cost.remaining is None else f", {cost.remaining} credits left"
    return f"{len(listed)} sports{left}"


async def _telegram(settings: Settings, _: Stores) -> str:
    import httpx

    if not settings.telegram_bot_token.get_secret_value():
        raise CheckError("TELEGRAM_BOT_TOKEN is not set: alerts reach nobody")
    url = f"{settings.telegram_base_url}/bot{settings.telegram_bot_token.get_secret_value()}/getMe"
    async with httpx.AsyncClient(timeout=5) as client:
        answer = await client.get(url)
    if answer.status_code != 200:
        raise CheckError(f"Telegram answered {answer.status_code}. Check TELEGRAM_BOT_TOKEN")
    enabled = (
        "" if settings.telegram_alerts_enabled else " (TELEGRAM_ALERTS_ENABLED is false: nothing is sent)"
    )
    return f"bot {answer.json()['result'].get('username', '?')}{enabled}"


async def _skew(settings: Settings, stores: Stores) -> str:
    import httpx

    database_time = await _ask(stores, "SELECT clock_timestamp()")
    skew = abs((database_time - datetime.now(UTC)).total_seconds())
    async with httpx.AsyncClient(timeout=5) as client:
        answer = await client.get(settings.espn_base_url)
    if "date" in answer.headers:
        outside = abs((parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC)).total_seconds())
        skew = max(skew, outside - 1)  # an HTTP date is whole seconds
    if skew > SKEW_SECONDS:
        raise CheckError(f"{skew:.1f} s off. Switch time synchronisation on (timedatectl set-ntp true)")
    return f"within {max(skew, 0):.1f} s"
