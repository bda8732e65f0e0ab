"""Grades what was bet on games that have ended: picks and saved parlays alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ops.clock.job import Job
from quartapp.jobs.slates import Context
from quartapp.settle.bets import grade_bets
from quartapp.settle.round import Round
from quartapp.settle.rules import shortest_window
from quartapp.store import grades
from quartapp.store.bets import PARLAYS, PICKS
from quartapp.store.grades import BetKind
from quartapp.upstreams import Upstreams

KINDS: tuple[BetKind, ...] = (PICKS, PARLAYS)
BATCH = 200  # bets a transaction: what a kill undoes, and how long rows stay locked
WAITED = timedelta(hours=24)  # a board tells more of a finished game for days; so long nobody need be told


async def settle(context: Context) -> Mapping[str, object]:
    """Grade every leg whose game has ended, and correct grades whose game was corrected.

    A batch is one transaction: grades, their evidence and what follows for each bet. A second run finds nothing due.
    Legs that cannot be graded stay open; the run's stats say how many, and the verdict tells the operators of them.
    """
    every = Round()
    written: dict[str, int] = {}
    for kind in KINDS:
        async with context.transaction() as connection:
            due = await grades.due(connection, kind, datetime.now(UTC), shortest_window())
        before = len(every.made)
        for done in range(0, len(due), BATCH):
            context.progress(done, len(due), f"{kind.name}s")
            every += await _settle_batch(context, kind, due[done : done + BATCH])
        written[f"{kind.name}s"] = len(every.made) - before
    return {"grades": len(every.made), **written, **_open(every, datetime.now(UTC))}


async def _settle_batch(context: Context, kind: BetKind, ids: Sequence[str]) -> Round:
    async with context.transaction() as connection:
        now = datetime.now(UTC)
        bets = await kind.load(connection, ids)
        games = await grades.evidence(connection, grades.games_of(bets))
        kept = await grades.newest(connection, kind.name, ids)
        graded = grade_bets(bets, games, kept, now)
        if graded.made:
            await grades.insert(connection, kind.name, graded.made, now)
            await kind.close(connection, grades.ended(bets, kept, graded.made), now)
    return graded


def _open(every: Round, now: datetime) -> dict[str, object]:
    """Return the figures that the verdict is made from: what was due and done, and which legs stay open and why."""
    # After LOOKED_BACK nobody will tell: such a bet stays open, and troubles nobody for ever.
    waiting = [
        one
        for one in every.waiting
        if one.since is not None and WAITED < now - one.since < grades.LOOKED_BACK
    ]
    return {
        "due": every.due,
        "done": len(every.made),
        "unreadable": len(every.unreadable),
        "first_unreadable": str(every.unreadable[0]) if every.unreadable else None,
        "waiting": len(waiting),
        "first_waiting": str(waiting[0]) if waiting else None,
    }


SETTLE: Job[Upstreams] = Job(
    name="settle",
    run=settle,
    schedule="* * * * * 30",  # half a minute after `results`, in every minute: a corrected score is graded in its minute
    timeout_seconds=120,
    catch_up_window=timedelta(hours=1),
)
