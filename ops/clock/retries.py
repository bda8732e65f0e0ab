"""The next attempts that one leader waits for: their rows as it read or wrote them, and when each is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic

from ops.clock import attempts
from ops.clock.attempts import NextAttempt
from ops.clock.job import Job, R
from ops.clock.ledger import Run
from ops.clock.term import Term
from ops.database import session

if TYPE_CHECKING:
    from databases.core import Connection

LEAST_LIFETIME = timedelta(hours=1)  # of a next attempt, for jobs whose missed ticks are soon let go


class Retries(Generic[R]):
    """Waits for next attempts. Only a leader writes their rows, so this copy is complete for its term."""

    def __init__(self, jobs: Mapping[str, Job[R]], term: Term) -> None:
        self._jobs = jobs
        self._term = term
        self._waiting: dict[tuple[str, datetime], NextAttempt] = {}

    def expect(self, following: NextAttempt) -> None:
        """Wait for an attempt whose row is written; one of a job that this version does not know stays in its row."""
        if following.job_name in self._jobs:
            self._waiting[following.job_name, following.scheduled_for] = following

    def of(self, job_name: str) -> bool:
        """Return whether a tick of the job waits for its next attempt."""
        return any(name == job_name for name, _ in self._waiting)

    def due(self, now: datetime) -> list[NextAttempt]:
        """Return the attempts whose time has come, the earliest first."""
        # Further ahead than any pause is long: the wall clock was set back meanwhile.
        far = now + timedelta(seconds=2 * self._term.pace.retry_ceiling)
        come = [following for following in self._waiting.values() if not now < following.due_at < far]
        return sorted(come, key=lambda following: following.due_at)

    def moments(self) -> list[datetime]:
        """Return when the waiting attempts are due."""
        return [following.due_at for following in self._waiting.values()]

    async def plan(self, connection: Connection, lost: Run, now: datetime) -> NextAttempt | None:
        """Plan a lost run's next attempt, due at once; None when it was lost as often as it may be tried."""
        job = self._jobs.get(lost.job_name)
        if job is None or lost.attempt >= job.max_attempts:
            return None
        following = NextAttempt.after(lost, now)
        await attempts.plan(connection, following)
        return following

    async def take(self, following: NextAttempt, now: datetime, *, paused: bool) -> Run | None:
        """Claim an attempt; None when it is needed no more, or another leader has it."""
        term, job = self._term, self._jobs[following.job_name]
        async with session(term.stores.database) as connection:
            needless = paused or (job.catch_up != "all" and await attempts.superseded(connection, following))
            # A version that does not know these rows may have led meanwhile: then they are old.
            if needless or now - following.scheduled_for > max(job.catch_up_window, LEAST_LIFETIME):
                await attempts.drop(connection, following, term.token)
                run = None
            else:
                run = await attempts.take(
                    connection, following, holder=term.holder, fencing_token=term.token, now=now
                )
        self._waiting.pop((following.job_name, following.scheduled_for), None)
        return run
