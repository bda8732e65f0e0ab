"""Rosters and injuries from ESPN, league by league and team by team."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from ops.clock.job import Job
from ops.telemetry.events import emit
from quartapp.feeds.errors import FeedError, FeedShapeError
from quartapp.feeds.espn import LEAGUES
from quartapp.feeds.reading import Reading
from quartapp.jobs.leagues import LEAGUE_FAULTS
from quartapp.jobs.slates import Context, ensure_sports, publish
from quartapp.records import InjuryReport, Player, Team
from quartapp.store import teams
from quartapp.upstreams import Upstreams

T = TypeVar("T")

FETCHES_AT_ONCE = 6


@dataclass(slots=True)
class _Gathered:
    """What a run has fetched and missed."""

    failures: list[Exception] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    async def fetch(self, question: Awaitable[Reading[T]]) -> Reading[T] | None:
        """Return an answer's sound lines; None, and noted, when there is none."""
        try:
            answer = await question
        except FeedError as problem:
            self.failures.append(problem)
            return None
        self.left_out.update(answer.left_out)
        if answer.trouble is not None:
            self.failures.append(FeedShapeError(answer.trouble))
        return answer


async def roster_injuries(context: Context) -> dict[str, object]:
    """Refresh injuries and rosters of every active league that ESPN covers.

    Each answer that came is kept, whatever the others did: failing injuries lose no roster, and a league
    that fails no other league. However many fail, it is one failed run with one error.
    """
    gathered = _Gathered()
    leagues = [sport.key for sport in await ensure_sports(context) if sport.key in LEAGUES]
    players = 0
    for number, sport_key in enumerate(leagues):
        context.progress(number, len(leagues), "leagues")
        injuries = await gathered.fetch(context.resources.espn.injuries(sport_key))
        listed = await gathered.fetch(context.resources.espn.teams(sport_key))
        rosters = await _rosters(context, sport_key, listed or (), gathered)
        try:
            players += await _store(context, sport_key, injuries, listed, rosters)
        except LEAGUE_FAULTS as problem:
            gathered.failures.append(problem)
            emit("league_failed", league=sport_key, exc_info=problem)
    context.stats |= {"leagues": len(leagues), "players": players, "fetches_failed": len(gathered.failures)}
    if gathered.left_out:
        context.stats["left_out"] = dict(gathered.left_out)
    if gathered.failures:
        raise gathered.failures[0]
    return {}


async def _store(
    context: Context,
    sport_key: str,
    injuries: Reading[InjuryReport] | None,
    listed: Reading[Team] | None,
    rosters: dict[str, Sequence[Player]],
) -> int:
    if injuries is None and listed is None:
        return 0
    now = datetime.now(UTC)
    # Recorded and invented games come with invented injuries: only real ones are ESPN's word.
    source = "ESPN" if context.resources.source == "live" else context.resources.source
    players = 0
    async with context.transaction() as connection:
        if injuries is not None:
            await teams.replace_injuries(connection, sport_key, injuries.items, source, now)
        if listed is not None:
            # A team whose line was odd keeps what is known of it.
            await teams.upsert_teams(connection, sport_key, listed.items, now, whole=not listed.left_out)
            players = await teams.replace_rosters(connection, sport_key, rosters, now)
        await publish(context, connection, [sport_key], overview=False)
    return players


async def _rosters(
    context: Context, sport_key: str, listed: Sequence[Team], gathered: _Gathered
) -> dict[str, Sequence[Player]]:
    gate = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def one(team: Team) -> tuple[str, Sequence[Player]] | None:
        async with gate:
            roster = await gathered.fetch(context.resources.espn.roster(sport_key, team.id))
        return None if roster is None else (team.id, roster.items)

    return dict(pair for pair in await asyncio.gather(*map(one, listed)) if pair is not None)


ROSTER_INJURIES: Job[Upstreams] = Job(
    name="roster_injuries",
    run=roster_injuries,
    schedule="15 */3 * * *",
    timeout_seconds=900,
    jitter_seconds=30,
    run_at_start=True,
)
