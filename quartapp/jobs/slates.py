"""What the odds jobs share: fetch a sport's slate, store it and publish it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops.clock.job import JobContext
from quartapp.credits import CreditState, read_credits, record_spending
from quartapp.documents import table as documents
from quartapp.feeds.errors import FeedError, OutOfCreditsError
from quartapp.feeds.odds_api import Event, price_format
from quartapp.publish.slate import publish_sports
from quartapp.resources import Resources
from quartapp.store import games, odds, sports

if TYPE_CHECKING:
    from databases.core import Connection

Context = JobContext[Resources]
SPORTS_LIST_AGE = timedelta(hours=6)
FLOOR_TROUBLE = "odds_api:floor"


async def ensure_sports(context: Context) -> list[sports.Sport]:
    """Return the active sports, asking the upstream (for free) when the list is empty."""
    now = datetime.now(UTC)
    async with context.transaction() as connection:
        known = await sports.all_sports(connection, now)
    if not known:
        await refresh_sports(context)
        async with context.transaction() as connection:
            known = await sports.all_sports(connection, now)
    return [sport for sport in known if sport.active]


async def refresh_sports(context: Context) -> int:
    """Fetch and store the list of sports; return how many are active."""
    listed, cost = await context.resources.odds_api.sports()
    await record_spending(context.redis, context.job_name, cost)
    async with context.transaction() as connection:
        await sports.upsert(connection, listed, context.resources.source, datetime.now(UTC))
    return sum(sport.active and not sport.has_outrights for sport in listed)


async def budget(context: Context) -> CreditState:
    """Return what may be spent; tell the operators, once, when the floor is reached."""
    settings = context.resources.settings
    state = await read_credits(
        context.redis, daily_limit=settings.odds_api_daily_credits, floor=settings.odds_api_credit_floor
    )
    context.stats["credits_remaining"] = state.remaining
    context.stats["credits_left_today"] = state.left_today
    await _tell_of_floor(context, state)
    return state


async def _tell_of_floor(context: Context, state: CreditState) -> None:
    if state.at_floor:
        await context.desk.trouble(
            FLOOR_TROUBLE,
            "The Odds API credits are down to the floor",
            f"{state.remaining} credits are left and {state.floor} are never spent: odds stand still until "
            "the account renews. See ODDS_API_CREDIT_FLOOR.",
            "warning",
            correlation_id=context.correlation_id,
            repeats="once",
        )
    else:
        await context.desk.well(FLOOR_TROUBLE, correlation_id=context.correlation_id)


async def fetch_slate(context: Context, sport_key: str, markets: tuple[str, ...]) -> tuple[Event, ...]:
    """Return a sport's slate from the upstream; its cost is recorded and added to the run's stats."""
    events, cost = await context.resources.odds_api.odds(sport_key, markets)
    await record_spending(context.redis, context.job_name, cost)
    context.stats["credits_spent"] = context.stats.get("credits_spent", 0) + (cost.last_cost or 0)
    if cost.remaining is not None:
        context.stats["credits_remaining"] = cost.remaining
    return events


async def store_slates(
    context: Context, slates: Sequence[tuple[str, Sequence[Event]]], *, overview: bool = True
) -> int:
    """Store whole slates and publish them, all or nothing; return how many documents changed."""
    source = context.resources.source
    changed = 0
    async with context.transaction() as connection:
        now = datetime.now(UTC)
        for sport_key, events in slates:
            await games.upsert(connection, sport_key, events, source, now)
            # By what was received: a recording may quote a league in another format than it is asked for in.
            for form in sorted({event.price_format for event in events} or {price_format(sport_key)}):
                of_form = [event for event in events if event.price_format == form]
                changed += await odds.upsert(connection, of_form, form, now)
        await documents.lock(connection)
        for sport_key, _ in slates:
            await sports.mark_odds_updated(connection, sport_key, now)
        count = await publish(context, connection, [key for key, _ in slates], overview=overview)
    context.stats["prices_changed"] = context.stats.get("prices_changed", 0) + changed
    return count


async def publish(
    context: Context, connection: Connection, sport_keys: Sequence[str], *, overview: bool = True
) -> int:
    """Publish these sports in the transaction that wrote their data; return how many documents changed."""
    count = await publish_sports(
        connection,
        sport_keys,
        source=context.resources.source,
        fencing_token=context.fencing_token,
        now=datetime.now(UTC),
        overview=overview,
    )
    context.stats["documents_published"] = context.stats.get("documents_published", 0) + count
    return count


async def republish(context: Context, sport_keys: Sequence[str]) -> int:
    """Publish what the store holds of these sports anew; unchanged documents stay as they are."""
    async with context.transaction() as connection:
        return await publish(context, connection, sport_keys)


@dataclass(slots=True)
class Failures:
    """What failed of a run over several sports: the others go on, and the run fails with the first error."""

    context: Context
    sports: list[str] = field(default_factory=list)
    first: FeedError | None = None
    out_of_credits: bool = False

    def add(self, sport_key: str, problem: FeedError) -> None:
        """Note a sport's failure. With no credits left it is no use to ask for the others."""
        self.sports.append(sport_key)
        self.first = self.first or problem
        self.out_of_credits |= isinstance(problem, OutOfCreditsError)

    def settle(self, done: Mapping[str, object]) -> Mapping[str, object]:
        """Return what was done, or raise the first error, so that the run is retried and told; stats tell both."""
        self.context.stats |= {**done, "sports_failed": self.sports}
        if self.first is not None:
            raise self.first
        return done
