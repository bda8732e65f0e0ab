"""The `jobs` commands: what is scheduled, what ran, run it now."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
import orjson

from ops.clock import ledger, register, requests
from ops.clock.due import plan_jobs
from ops.clock.register import UnknownJobError
from ops.database import session
from ops.stores import open_stores

if TYPE_CHECKING:
    from databases.core import Connection

    from quartapp.settings import Settings

ANSWER_SECONDS = 10.0
WAIT_SECONDS = 120.0  # for a job that may not run beside the wanted one


@asynccontextmanager
async def _ledger(settings: Settings) -> AsyncIterator[Connection]:
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        await stores.connect()
        async with session(stores.database) as connection:
            yield connection


async def list_jobs(settings: Settings, as_json: bool) -> int:
    """Print every job with its newest run."""
    async with _ledger(settings) as connection:
        jobs = await register.summaries(connection)
    if as_json:
        _print_json([asdict(job) for job in jobs])
        return 0
    _table(
        ("job", "status", "last run", "took", "next run", "schedule", "paused"),
        [
            (
                job.job_name,
                job.status,
                _when(job.last_run_at),
                _took(job.duration_ms),
                _when(job.next_run_at),
                f"{job.schedule} {job.timezone}",
                "paused" if job.paused else "",
            )
            for job in jobs
        ],
    )
    if not jobs:
        click.echo("No clock has started on this database yet.")
    return 0


async def show_history(settings: Settings, name: str, limit: int, as_json: bool) -> int:
    """Print a job's newest runs."""
    async with _ledger(settings) as connection:
        try:
            await register.check_known(connection, name)
        except UnknownJobError as problem:
            click.echo(str(problem), err=True)
            return 1
        runs = await ledger.history(connection, name, limit)
    if as_json:
        _print_json([asdict(run) for run in runs])
        return 0
    _table(
        ("scheduled for", "attempt", "trigger", "status", "took", "error", "correlation id"),
        [
            (
                _when(run.scheduled_for),
                str(run.attempt),
                run.trigger,
                run.status,
                _took(run.duration_ms),
                (run.error_snippet or "")[:80],
                run.correlation_id,
            )
            for run in runs
        ],
    )
    return 0


async def run_now(settings: Settings, name: str) -> int:
    """Ask the leading clock to run a job, show its progress, and return 0 when it succeeds."""
    async with _ledger(settings) as connection:
        now = datetime.now(UTC)
        try:
            request_id = await requests.ask(
                connection, name, getpass.getuser(), now, wait_until=now + timedelta(seconds=WAIT_SECONDS)
            )
        except UnknownJobError as problem:
            click.echo(str(problem), err=True)
            return 1
        try:
            run_id, refusal = await _answer(connection, request_id)
        finally:
            # Also after Ctrl-C: nobody waits for it any more, so it must not run later.
            await requests.withdraw(connection, request_id, datetime.now(UTC))
        if run_id is None:
            click.echo(f"{name} does not run: {refusal}.", err=True)
            return 1
        return await _follow(connection, run_id)


async def _answer(connection: Connection, request_id: int) -> tuple[int | None, str]:
    """Wait for the clock: shortly for a first word, longer once it says what the request waits for."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ANSWER_SECONDS
    held = False
    while loop.time() < deadline:
        answer = await requests.read_answer(connection, request_id)
        if answer.taken:
            return answer.run_id, answer.refusal or "no reason given"
        if answer.code == "busy" and not held:
            click.echo(f"  waits: {requests.REFUSALS['busy']}")
            held, deadline = True, loop.time() + WAIT_SECONDS
        await asyncio.sleep(0.1)
    if held:
        return None, requests.REFUSALS["busy"]
    return None, f"no clock answered within {ANSWER_SECONDS:g} s; see python -m launcher status"


async def _follow(connection: Connection, run_id: int) -> int:
    shown = ""
    while True:
        run = await ledger.get(connection, run_id)
        if run is None:
            click.echo("The run is gone from the ledger.", err=True)
            return 1
        text = _progress(run.stats.get("progress"))
        if text and text != shown:
            click.echo(f"  {text}")
            shown = text
        if run.status != "running":
            click.echo(f"{run.job_name}: {run.status} after {_took(run.duration_ms)} ({run.correlation_id})")
            if run.error_snippet:
                click.echo(f"  {run.error_snippet}")
            return 0 if run.status in ("success", "skipped") else 1
        await asyncio.sleep(0.2)


def _progress(said: object) -> str:
    """Return a line for what a job says of its progress; stats are the job's own and may be anything."""
    if not isinstance(said, dict) or not {"done", "total", "what"} <= said.keys():
        return ""
    return f"{said['done']}/{said['total']} {said['what']}"


async def set_paused(settings: Settings, name: str, paused: bool) -> int:
    """Pause or resume a job."""
    async with _ledger(settings) as connection:
        try:
            if paused:
                await register.pause(connection, name, datetime.now(UTC))
            else:
                await register.resume(connection, name, datetime.now(UTC))
        except UnknownJobError as problem:
            click.echo(str(problem), err=True)
            return 1
    click.echo(f"{name} is {'paused' if paused else 'scheduled again'}.")
    return 0


def preview(settings: Settings, start: datetime, hours: float, as_json: bool) -> int:
    """Print when every job will run; needs no database."""
    from quartapp.jobs import JOBS

    schedules = plan_jobs(JOBS, dict(settings.schedules), settings.schedule_timezone)
    until = start + timedelta(hours=hours)
    ticks = sorted(
        (tick, name) for name, schedule in schedules.items() for tick in schedule.ticks_between(start, until)
    )
    if as_json:
        _print_json([{"job_name": name, "scheduled_for": tick} for tick, name in ticks])
        return 0
    zone = next(iter(schedules.values())).zone
    _table(
        ("scheduled for", f"in {zone.key}", "job"),
        [(_when(tick), tick.astimezone(zone).strftime("%a %d %b %H:%M:%S"), name) for tick, name in ticks],
    )
    return 0


def _print_json(value: Any) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2).decode())


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print columns as wide as their content: whole in a terminal, a pipe and a log alike."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _when(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _took(milliseconds: int | None) -> str:
    return "" if milliseconds is None else f"{milliseconds / 1000:.1f} s"
