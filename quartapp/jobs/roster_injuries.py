"""Rosters and injuries from ESPN, league by league and team by team."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ops.clock.job import Job
from quartapp.feeds.errors import FeedError
from quartapp.feeds.espn import LEAGUES, Player, Team
from quartapp.jobs.slates import Context, ensure_sports, publish
from quartapp.resources import Resources
from quartapp.store import teams

FETCHES_AT_ONCE = 6


async def roster_injuries(context: Context) -> dict[str, object]:
    """Refresh injuries and rosters of every active league that ESPN covers.

    What was fetched is kept. However many teams fail, it is one failed run with one error.
    """
    failures: list[FeedError] = []
    leagues = [sport.key for sport in await ensure_sports(context) if sport.key in LEAGUES]
    players = 0
    for number, sport_key in enumerate(leagues):
        context.progress(number, len(leagues), "leagues")
        try:
            injuries = await context.resources.espn.injuries(sport_key)
            listed = await context.resources.espn.teams(sport_key)
        except FeedError as problem:
            failures.append(problem)
            continue
        rosters = await _rosters(context, sport_key, listed, failures)
        now = datetime.now(UTC)
        async with context.transaction() as connection:
            await teams.replace_injuries(connection, sport_key, injuries, "ESPN", now)
            await teams.upsert_teams(connection, sport_key, listed, now)
            players += await teams.replace_rosters(connection, sport_key, rosters, now)
            await publish(context, connection, [sport_key], overview=False)
    context.stats |= {"leagues": len(leagues), "players": players, "fetches_failed": len(failures)}
    if failures:
        raise failures[0]
    return {}


async def _rosters(
    context: Context, sport_key: str, listed: tuple[Team, ...], failures: list[FeedError]
) -> dict[str, tuple[Player, ...]]:
    gate = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def one(team: Team) -> tuple[str, tuple[Player, ...]] | None:
        try:
            async with gate:
                return team.id, await context.resources.espn.roster(sport_key, team.id)
        except FeedError as problem:
            failures.append(problem)
            return None

    return dict(found for found in await asyncio.gather(*map(one, listed)) if found is not None)


ROSTER_INJURIES: Job[Resources] = Job(
    name="roster_injuries",
    run=roster_injuries,
    schedule="15 */3 * * *",
    timeout_seconds=900,
    jitter_seconds=30,
    run_at_start=True,
)
