"""Keeps the tables small: ledger 90 days, odds of old games 30, history 2, alerts 90, tombstones 2.

Of accounts: sessions and reset links 30 days after their end, ends that processes must know a day, the audit a year.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from ops.alerts.table import delete_before as delete_alerts
from ops.clock import attempts, ledger, requests
from ops.clock.job import Job
from quartapp.documents import table as documents
from quartapp.jobs.slates import Context
from quartapp.store import account_events, conversations, exclusions, members, odds, parlays, sessions, stakes
from quartapp.upstreams import Upstreams

LEDGER_DAYS, ODDS_DAYS, ALERT_DAYS, TOMBSTONE_DAYS = 90, 30, 90, 2
HISTORY_DAYS = 2  # after the start of a game whose closing line is captured
SESSION_DAYS, RESET_DAYS, EVENT_DAYS, AUDIT_DAYS = 30, 30, 1, 365
REQUEST_DAYS, ATTEMPT_DAYS = 7, 7
CONVERSATION_DAYS = 30


async def housekeeping(context: Context) -> dict[str, object]:
    """Delete what is old, in batches: each a short transaction, so that nobody waits."""
    now = datetime.now(UTC)
    return {
        "runs": await _drain(context, lambda c: ledger.delete_before(c, now - timedelta(days=LEDGER_DAYS))),
        "job_requests": await _drain(
            context, lambda c: requests.delete_before(c, now - timedelta(days=REQUEST_DAYS))
        ),
        "next_attempts": await _drain(
            context, lambda c: attempts.delete_before(c, now - timedelta(days=ATTEMPT_DAYS))
        ),
        "odds_history_rolled_up": await _drain(
            context, lambda c: odds.roll_up_history(c, now - timedelta(days=HISTORY_DAYS))
        ),
        "odds_history": await _drain(
            context, lambda c: odds.delete_history(c, now - timedelta(days=ODDS_DAYS))
        ),
        "odds": await _drain(context, lambda c: odds.delete_ended(c, now - timedelta(days=ODDS_DAYS))),
        "stakes": await _drain(context, lambda c: stakes.delete_old(c, now)),
        "excluded_addresses": await _drain(context, lambda c: exclusions.delete_ended_addresses(c, now)),
        "idempotency_keys": await _drain(context, lambda c: parlays.delete_old_keys(c, now)),
        "alerts": await _drain(context, lambda c: delete_alerts(c, now - timedelta(days=ALERT_DAYS))),
        "tombstones": await _drain(
            context, lambda c: documents.delete_tombstones(c, now, timedelta(days=TOMBSTONE_DAYS))
        ),
        **await _accounts(context, now),
    }


async def _accounts(context: Context, now: datetime) -> dict[str, object]:
    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    return {
        "sessions": await _drain(context, lambda c: sessions.delete_before(c, before(SESSION_DAYS))),
        "reset_links": await _drain(context, lambda c: members.delete_resets_before(c, before(RESET_DAYS))),
        "account_events": await _drain(
            context, lambda c: account_events.delete_before(c, before(EVENT_DAYS), now)
        ),
        "conversations": await _drain(
            context, lambda c: conversations.delete_before(c, before(CONVERSATION_DAYS))
        ),
        "account_audit": await _drain(context, lambda c: members.delete_audit_before(c, before(AUDIT_DAYS))),
    }


async def _drain(context: Context, delete: Callable[..., Awaitable[int]]) -> int:
    total = 0
    while True:
        async with context.transaction() as connection:
            deleted = await delete(connection)
        if not deleted:
            return total
        total += deleted


HOUSEKEEPING: Job[Upstreams] = Job(
    name="housekeeping", run=housekeeping, schedule="40 4 * * *", timeout_seconds=900
)
