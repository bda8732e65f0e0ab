"""Grades what was bet on games that have ended: picks and saved parlays alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ops.clock.job import Job
from quartapp.jobs.slates import Context
from quartapp.settle.bets import Unreadable, grade_bets
from quartapp.settle.rules import shortest_window
from quartapp.store import grades
from quartapp.store.bets import PARLAYS, PICKS
from quartapp.store.grades import BetKind
from quartapp.upstreams import Upstreams

KINDS: tuple[BetKind, ...] = (PICKS, PARLAYS)
BATCH = 200  # bets a transaction: what a kill undoes, and how long rows stay locked
UNREADABLE = "settle:unreadable"


async def settle(context: Context) -> Mapping[str, object]:
    """Grade every leg whose game has ended, and correct grades whose game was corrected.

    A batch is one transaction: grades, their evidence and what follows for each bet. A second run finds nothing due.
    """
    written: Counter[str] = Counter()
    unreadable: list[Unreadable] = []
    for kind in KINDS:
        async with context.transaction() as connection:
            due = await grades.due(connection, kind, datetime.now(UTC), shortest_window())
        for done in range(0, len(due), BATCH):
            context.progress(done, len(due), f"{kind.name}s")
            unreadable += await _settle_batch(context, kind, due[done : done + BATCH], written)
    await _tell(context, unreadable)
    return {"grades": written.total(), **{f"{name}s": count for name, count in sorted(written.items())}}


async def _settle_batch(
    context: Context, kind: BetKind, ids: Sequence[str], written: Counter[str]
) -> list[Unreadable]:
    async with context.transaction() as connection:
        now = datetime.now(UTC)
        bets = await kind.load(connection, ids)
        games = await grades.evidence(connection, grades.games_of(bets))
        kept = await grades.newest(connection, kind.name, ids)
        made, unreadable = grade_bets(bets, games, kept, now)
        if made:
            await grades.insert(connection, kind.name, made, now)
            await kind.close(connection, grades.ended(bets, kept, made), now)
    written[kind.name] += len(made)
    return unreadable


async def _tell(context: Context, unreadable: Sequence[Unreadable]) -> None:
    """Tell the operators of legs whose outcome is none of their game's: they stay open and are never guessed at."""
    if not unreadable:
        await context.desk.well(UNREADABLE, correlation_id=context.correlation_id)
        return
    first = unreadable[0]
    await context.desk.trouble(
        UNREADABLE,
        "Bets cannot be graded",
        f"{len(unreadable)} legs stay open. The first is leg {first.leg + 1} of {first.bet_id}: {first.reason}",
        "warning",
        correlation_id=context.correlation_id,
        repeats="once",
    )


SETTLE: Job[Upstreams] = Job(
    name="settle",
    run=settle,
    schedule="* * * * * 30",  # half a minute after `results`, in every minute: a corrected score is graded in its minute
    timeout_seconds=120,
    catch_up_window=timedelta(hours=1),
)
