"""Which sports are active, where each stands in its season, its next and last game."""

from __future__ import annotations

from datetime import UTC, datetime

from ops.clock.job import Job
from quartapp.jobs.slates import Context, refresh_sports, republish
from quartapp.store import sports
from quartapp.upstreams import Upstreams


async def sport_state(context: Context) -> dict[str, object]:
    """Refresh the list of sports (which costs no credits) and the season states."""
    active = await refresh_sports(context)
    async with context.transaction() as connection:
        changed = await sports.refresh_season_states(connection, datetime.now(UTC))
    await republish(context, [])
    return {"active_sports": active, "season_states_changed": changed}


SPORT_STATE: Job[Upstreams] = Job(
    name="sport_state",
    run=sport_state,
    schedule="0 */6 * * *",
    timeout_seconds=120,
    concurrency_key="slates",
    run_at_start=True,
)
