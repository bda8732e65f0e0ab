"""Role clock: hold the lease, evaluate schedules, run jobs. Never migrates: it waits for its schema."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeVar

from launcher.serve.leave import end_at_the_latest
from launcher.serve.stall import end_when_stalled
from ops.alerts.desk import Desk
from ops.alerts.sender import send_alerts
from ops.alerts.telegram import TelegramChat
from ops.clock.due import plan_jobs
from ops.clock.job import Job
from ops.clock.leadership import Leadership
from ops.clock.runner import Runner
from ops.clock.schedule import ScheduleError
from ops.clock.scheduler import Scheduler
from ops.clock.term import Term
from ops.database import raw, session
from ops.instances import Standing, beat, holder_name
from ops.migrate_with_lock import read_state
from ops.stores import Unavailable, open_stores
from ops.tasks import Tasks, waited
from ops.telemetry.events import emit
from ops.telemetry.logs import redact

if TYPE_CHECKING:
    from databases import Database

    from quartapp.settings import Settings

R = TypeVar("R")

SCHEMA_QUIET_SECONDS = 10.0  # a web process that starts beside the clock migrates within these


async def run_clock(
    settings: Settings,
    stop: asyncio.Event,
    *,
    jobs: Sequence[Job[R]],
    open_upstreams: Callable[[Settings], AbstractAsyncContextManager[R]],
    role: str = "clock",
    report: Callable[[Term, asyncio.Event], Coroutine[object, object, object]] | None = None,
) -> None:
    """Be a clock until `stop`: lead when the lease is free, stand by otherwise. `report` goes on while it leads.

    Raises:
        ScheduleError: at once, for a schedule that cannot be used.
        BackgroundTaskError: after an orderly stop, because a task beside the clock died.
    """
    schedules = plan_jobs(jobs, settings.schedules, settings.schedule_timezone)
    holder = holder_name(role)
    heartbeat = settings.heartbeat_url.get_secret_value() if settings.heartbeat_url else None
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(settings, holder))
        database, redis = stores.database, stores.redis
        desk = Desk(database, holder, enabled=settings.telegram_alerts_enabled)
        if not await stores.connect(stop):
            return
        if not await _schema_ready(database, stop):
            return
        resources = await stack.enter_async_context(open_upstreams(settings))
        tasks, standing = Tasks(), Standing()
        stack.push_async_callback(tasks.close)
        beating = beat(
            redis, role, settings.git_sha, stop, standing, ended_well=lambda: not tasks.failed.is_set()
        )
        tasks.start(beating, "beat")
        if settings.telegram_alerts_enabled and settings.telegram_bot_token:
            chat = TelegramChat(
                settings.telegram_base_url,
                settings.telegram_bot_token.get_secret_value(),
                settings.telegram_alert_chat_id,
            )
            tasks.start(send_alerts(chat, database, redis, stop), "alerts")

        async def lead(fencing_token: int, stop: asyncio.Event) -> None:
            term = Term(stores, fencing_token, holder, desk)
            runner = Runner(term, resources, heartbeat_url=heartbeat)
            beside = Tasks()
            if report is not None:
                beside.start(report(term, stop), "report")
            try:
                await Scheduler(jobs, schedules, runner, term).run(stop)
                await runner.drained(settings.drain_seconds)
            finally:
                await asyncio.gather(runner.close(), beside.close(1))

        leadership = Leadership(
            redis,
            database,
            holder=holder,
            ttl_seconds=settings.clock_lease_ttl_seconds,
            desk=desk,
            standing=standing,
        )
        emit("clock_started", jobs=len(jobs), holder=holder)
        watching = asyncio.create_task(_stop_on_failure(tasks, stop))
        try:
            await leadership.run(lead, stop)
        finally:
            watching.cancel()
        await tasks.drained(2)
    if tasks.failed.is_set():
        raise BackgroundTaskError("A background task died; its error stands in the log above.")
    emit("clock_stopped")


class BackgroundTaskError(RuntimeError):
    """What runs beside the clock ended: a clock that led on without its alerts would look healthy."""


async def _stop_on_failure(tasks: Tasks, stop: asyncio.Event) -> None:
    await tasks.failed.wait()
    stop.set()


async def _schema_ready(database: Database, stop: asyncio.Event) -> bool:
    said, began = False, time.monotonic()
    while not stop.is_set():
        try:
            async with session(database) as connection:
                state = await read_state(raw(connection))
            if state.usable:
                return True
            reason: dict[str, Any] = {"at": state.current, "wanted": state.head}
        except Unavailable as problem:
            reason = {"error": redact(repr(problem))}
        if not said and time.monotonic() - began >= SCHEMA_QUIET_SECONDS:
            emit("schema_awaited", **reason)
            said = True
        await waited(stop, 0.5)
    return False


async def serve_clock(
    settings: Settings,
    *,
    jobs: Sequence[Job[R]],
    open_upstreams: Callable[[Settings], AbstractAsyncContextManager[R]],
    report: Callable[[Term, asyncio.Event], Coroutine[object, object, object]] | None = None,
) -> None:
    """Be this process's clock until SIGTERM or SIGINT; afterwards the process ends, whatever a job does."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    end_when_stalled(loop)
    code = 1
    try:
        await run_clock(settings, stop, jobs=jobs, open_upstreams=open_upstreams, report=report)
        code = 0
    finally:
        end_at_the_latest(code)


def clock_role(settings: Settings) -> int:
    """Run role clock until SIGTERM or SIGINT; return the exit code."""
    from launcher.host.parent import die_with_parent
    from ops.telemetry.logs import configure_logging
    from quartapp.freshness.report import reporting
    from quartapp.jobs import JOBS
    from quartapp.upstreams import open_upstreams

    die_with_parent()
    configure_logging(settings.log_level, settings.log_format, settings.secrets)
    try:
        asyncio.run(
            serve_clock(settings, jobs=JOBS, open_upstreams=open_upstreams, report=reporting(settings))
        )
    except ScheduleError as problem:
        emit("schedule_refused", error=str(problem))
        return 2
    except BackgroundTaskError as problem:
        emit("background_task_died", error=str(problem))
        return 1
    return 0
