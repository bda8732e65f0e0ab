"""What the odds jobs share: fetch a sport's slate, store it and publish it, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from ops.clock.job import JobContext
from ops.stores import Unavailable
from quartapp.credits import Budget, purpose_of, read_budget, record_spending
from quartapp.documents import table as documents
from quartapp.feeds.errors import FeedError, FeedRefusedError, FeedShapeError
from quartapp.feeds.reading import Reading
from quartapp.jobs.closing import capture_closing_lines
from quartapp.publish.slate import publish_sports
from quartapp.records import AccountCredits, Event, price_format
from quartapp.store import games, odds, sports
from quartapp.upstreams import Upstreams

if TYPE_CHECKING:
    from databases.core import Connection

Context = JobContext[Upstreams]
MARKETS_REMEMBERED_SECONDS = 86_400


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
    try:
        listed, cost = await context.resources.odds_api.sports()
    except FeedError as problem:
        await pay(context, problem.credits)
        raise
    await pay(context, cost)
    async with context.transaction() as connection:
        await sports.upsert(
            connection,
            listed,
            context.resources.source,
            datetime.now(UTC),
            unread=listed.unread,
            whole=not listed.nameless,
        )
    if listed.left_out:
        context.stats["left_out"] = dict(listed.left_out)
    if listed.trouble is not None:
        raise FeedShapeError(listed.trouble)
    return sum(sport.active and not sport.has_outrights for sport in listed)


async def pay(context: Context, cost: AccountCredits | None) -> None:
    """Record what answers cost, refused ones too, and add it to the run's stats."""
    if cost is None:
        return
    await record_spending(context.redis, context.job_name, cost)
    context.stats["credits_spent"] = spent(context) + (cost.last_cost or 0)
    if cost.remaining is not None:
        context.stats["credits_remaining"] = cost.remaining


def spent(context: Context) -> int:
    """Return what this run has spent."""
    return int(context.stats.get("credits_spent", 0))


async def budget(context: Context) -> Budget:
    """Return what may be spent."""
    settings = context.resources.settings
    state = await read_budget(
        context.redis, daily_limit=settings.odds_api_daily_credits, floor=settings.odds_api_credit_floor
    )
    context.stats["credits_remaining"] = state.remaining
    context.stats["credits_left_today"] = state.left(purpose_of(context.job_name))
    return state


async def fetch_slate(context: Context, sport_key: str, markets: tuple[str, ...]) -> Reading[Event]:
    """Return a sport's slate from the upstream; whatever comes of it, its cost is recorded.

    A sport that does not know all the markets answers 422 for good: it is asked for fewer, and what it took
    is remembered for a day.
    """
    most = await _markets_taken(context, sport_key) or len(markets)
    for count in range(min(most, len(markets)), 0, -1):
        try:
            events, cost = await context.resources.odds_api.odds(sport_key, markets[:count])
        except FeedError as problem:
            await pay(context, problem.credits)
            refused = (
                isinstance(problem, FeedRefusedError) and problem.status == HTTPStatus.UNPROCESSABLE_ENTITY
            )
            if not refused or count == 1:
                raise
            continue
        await pay(context, cost)
        if count < min(most, len(markets)):
            await _remember_markets(context, sport_key, count)
        return events
    raise AssertionError("unreachable: the last market's answer is returned or raised")


async def _markets_taken(context: Context, sport_key: str) -> int | None:
    try:
        count = await context.redis.get(_markets_key(sport_key))
        return None if count is None else max(1, int(count))
    except (*Unavailable, ValueError):
        return None


async def _remember_markets(context: Context, sport_key: str, count: int) -> None:
    try:
        await context.redis.set(_markets_key(sport_key), count, ex=MARKETS_REMEMBERED_SECONDS)
    except Unavailable:
        return


def _markets_key(sport_key: str) -> str:
    return f"odds_api:markets:{sport_key}"


async def store_slates(
    context: Context, slates: Sequence[tuple[str, Sequence[Event]]], *, overview: bool = True
) -> int:
    """Store whole slates and publish them, all or nothing; return how many documents changed."""
    source = context.resources.source
    changed = 0
    async with context.transaction() as connection:
        now = datetime.now(UTC)
        for sport_key, events in slates:
            unread, whole = frozenset[str](), True
            if isinstance(events, Reading):
                unread, whole = events.unread, not events.nameless
            await games.upsert(connection, sport_key, events, source, now, unread=unread, whole=whole)
            # Before prices of the running game take the place of those it began with.
            await capture_closing_lines(connection, now, sport_key=sport_key)
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
        commissions=context.resources.settings.exchange_commissions,
    )
    context.stats["documents_published"] = context.stats.get("documents_published", 0) + count
    return count


async def republish(context: Context, sport_keys: Sequence[str]) -> int:
    """Publish what the store holds of these sports anew; unchanged documents stay as they are."""
    async with context.transaction() as connection:
        return await publish(context, connection, sport_keys)
