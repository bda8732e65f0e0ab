"""Publishes picks: at most eight a day over all sports, from the analyses as the odds jobs last published them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ops.clock.job import Job
from quartapp.documents import table as documents
from quartapp.documents.table import Document
from quartapp.jobs.slates import Context
from quartapp.publish import addresses
from quartapp.publish.picks import Search, as_pick, content
from quartapp.store import analyses, picks
from quartapp.upstreams import Upstreams


async def publish_picks(context: Context) -> dict[str, object]:
    """Keep what is worth picking now, and publish the day's picks."""
    search = Search(datetime.now(UTC))
    async with context.transaction() as connection:
        for sport, updated in (await analyses.sports_ahead(connection, *search.span)).items():
            if search.may_be_fresh(updated):
                search.read(await documents.body_of(connection, addresses.analyses(sport)))
    async with context.transaction() as connection:
        # Every publisher waits for this lock: two runs cannot give one place twice.
        await documents.lock(connection)
        now = datetime.now(UTC)
        day = now.astimezone(ZoneInfo(context.resources.settings.schedule_timezone)).date()
        source = context.resources.source
        kept = await picks.of_day(connection, day)
        taken = await picks.picked_games(connection, now, search.game_ids)
        chosen = search.choose(taken, len(kept), now)
        added = [
            as_pick(one, day, place, source, now) for place, one in enumerate(chosen, start=len(kept) + 1)
        ]
        await picks.insert(connection, added)
        document = Document(addresses.PICKS, dict(content([*kept, *added], search.why_none, source)))
        await documents.publish(connection, [document], fencing_token=context.fencing_token, now=now)
    return {"prices": search.prices, "picks_today": len(kept) + len(added), "picks_added": len(added)}


PICKS: Job[Upstreams] = Job(
    name="picks",
    run=publish_picks,
    schedule="*/5 * * * *",
    timeout_seconds=120,
    catch_up="skip",
    run_at_start=True,
)
