"""Performs one attempt of a job: calls it, bounds it, and turns whatever happens into an outcome.

The job runs in a task of its own, so that its end never depends on what the job does: one that raises a
CancelledError of a library's own, calls `sys.exit` or swallows its cancellation has an outcome like any other.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from ops.clock.fence import FencedOutError
from ops.clock.job import Job, JobContext, R, SkippedRunError
from ops.clock.ledger import Status
from ops.telemetry.events import emit


class JobTimeoutError(Exception):
    """A job ran longer than it may."""


class JobCancelledError(Exception):
    """A job ended with a CancelledError although nobody had cancelled it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended."""

    status: Status
    error: BaseException | None = None

    @property
    def failed(self) -> bool:
        """True when another attempt may follow."""
        return self.status in ("failure", "timeout")


async def perform(job: Job[R], context: JobContext[R], *, cancel_seconds: float) -> Outcome:
    """Run the job once and return how it ended; only this task's own cancellation is raised.

    Args:
        job: what is run, and for how long it may.
        context: what it is given; `context.stats` afterwards holds what it returned.
        cancel_seconds: how long it may take to end once it is cancelled. After that it is left to itself, and its
            transactions are refused.
    """
    task = asyncio.create_task(_contained(job, context), name=f"run:{job.name}")
    try:
        await asyncio.wait({task}, timeout=job.timeout_seconds)
        if task.done():
            return _outcome(task)
        if await _cancelled(task, cancel_seconds):
            said = f"It did not end within {job.timeout_seconds:g} s."
        else:
            said = f"It did not end within {job.timeout_seconds:g} s and swallowed its cancellation."
        ended = _outcome(task) if task.done() else None
        # A newer leader has taken the tick: then this attempt is lost, however late it is.
        return ended if ended and ended.status == "lost" else Outcome("timeout", JobTimeoutError(said))
    except asyncio.CancelledError:
        await _cancelled(task, cancel_seconds)
        raise
    finally:
        context.over = True


async def _cancelled(task: asyncio.Task[Outcome], seconds: float) -> bool:
    task.cancel()
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        emit("cancellation_swallowed", task=task.get_name())
    return task.done()


def _outcome(task: asyncio.Task[Outcome]) -> Outcome:
    if task.cancelled():
        return Outcome(
            "failure", JobCancelledError("The job raised CancelledError; nobody had cancelled it.")
        )
    return task.result()


async def _contained(job: Job[R], context: JobContext[R]) -> Outcome:
    try:
        returned: Any = await job.run(context)
    except (asyncio.CancelledError, GeneratorExit):
        raise
    except (
        BaseException
    ) as problem:  # SystemExit too: in a task it would end the event loop, and with it the clock
        return _failure(_single(problem))
    context.keep(returned)
    return Outcome("success")


def _failure(problem: BaseException) -> Outcome:
    if isinstance(problem, FencedOutError):
        return Outcome("lost", problem)
    if isinstance(problem, SkippedRunError):
        return Outcome("skipped", problem)
    try:
        emit("run_raised", exc_info=problem)
    except Exception:
        emit("run_raised", error=type(problem).__name__)
    return Outcome("failure", problem)


def _single(problem: BaseException) -> BaseException:
    """Return what a group of one holds: alerts are grouped by the error's class."""
    while isinstance(problem, BaseExceptionGroup) and len(problem.exceptions) == 1:
        problem = problem.exceptions[0]
    return problem
