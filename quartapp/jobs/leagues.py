"""A run over many leagues: whatever fails of one is that one's, and the others go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from ops.telemetry.events import emit
from quartapp.credits import purpose_of
from quartapp.feeds.errors import FeedError, FeedShapeError, OutOfCreditsError
from quartapp.jobs.backoff import ACCOUNT, Backoff

if TYPE_CHECKING:
    from ops.clock.job import JobContext
    from quartapp.feeds.reading import Reading

T = TypeVar("T")

# What a league's own data can cause. A database that is away, or a newer leader, ends the whole run.
LEAGUE_FAULTS = (
    FeedError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.CardinalityViolationError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
)


@dataclass(slots=True)
class Leagues:
    """The leagues of one run: asks each unless it waits, and notes what failed.

    Attributes:
        failed: the leagues that failed, or still wait after they failed.
        first: the first error, with which the run ends.
        out_of_credits: no use to ask for any other league.
        left_out: odd items that were left out of the answers, by level.
    """

    context: JobContext[Any]
    failed: list[str] = field(default_factory=list)
    first: BaseException | None = None
    out_of_credits: bool = False
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def backoff(self) -> Backoff:
        """What waits, for this job's purpose."""
        return Backoff(self.context.redis, purpose_of(self.context.job_name))

    async def waits(self, league: str) -> bool:
        """Return whether a league is not to be asked now; what it waits for fails the run."""
        problem = await self.backoff.waits(league, datetime.now(UTC))
        if problem is not None:
            self._add(league, problem)
        return problem is not None

    async def attempt(self, league: str, work: Callable[[], Awaitable[T]]) -> T | None:
        """Return what `work` made of a league; None when it failed or waits."""
        if self.out_of_credits or await self.waits(league):
            return None
        try:
            done = await work()
        except LEAGUE_FAULTS as problem:
            self._add(league, problem)
            concerns = ACCOUNT if isinstance(problem, OutOfCreditsError) else league
            await self.backoff.failed(concerns, problem, datetime.now(UTC))
            if not isinstance(problem, FeedError):
                emit("league_failed", league=league, exc_info=problem)
            return None
        if league not in self.failed:
            await self.backoff.well(league)
        return done

    async def weigh(self, league: str, answer: Reading[Any], pause: timedelta) -> None:
        """Count what was left out of an answer; when that is too much the run fails, once all is stored.

        The league is asked again after `pause`, as a sound one is: its sound part is worth having.
        """
        self.left_out.update(answer.left_out)
        if answer.trouble is not None:
            problem = FeedShapeError(answer.trouble)
            self._add(league, problem)
            await self.backoff.failed(league, problem, datetime.now(UTC), pause)

    def settle(self, done: Mapping[str, object]) -> Mapping[str, object]:
        """Return what was done, or raise the first error, so that the run is retried and told; stats tell both."""
        self.context.stats |= {**done, "sports_failed": self.failed}
        if self.left_out:
            self.context.stats["left_out"] = dict(self.left_out)
        if self.first is not None:
            raise self.first
        return done

    def _add(self, league: str, problem: BaseException) -> None:
        if league not in self.failed:
            self.failed.append(league)
        self.first = self.first or problem
        self.out_of_credits |= isinstance(problem, OutOfCreditsError)
