"""What can happen, each under a stable key with its fields: logs and metrics both take it from here.

`emit("run_ended", job="results", status="success", ...)` writes one line of the event's level and adds one to its
count, which /ops/metrics shows. A key or a field that is not listed is refused by a test, not at run time: a process
must not fail because of what it says.
"""

# ruff: noqa: E501 - a row of the table reads better whole

from __future__ import annotations

import logging
from collections import Counter
from typing import NamedTuple

from ops.telemetry.logs import get_logger

_INFO, _WARNING, _ERROR = logging.INFO, logging.WARNING, logging.ERROR


class Event(NamedTuple):
    """An event's level, its fields, and what it means to an operator."""

    level: int
    fields: tuple[str, ...]
    meaning: str


EVENTS: dict[str, Event] = {
    # Processes
    "serving": Event(_INFO, ("host", "port", "pid"), "A web process takes visitors."),
    "clock_started": Event(_INFO, ("jobs", "holder"), "A clock campaigns for the lease."),
    "clock_stopped": Event(_INFO, (), "A clock has ended in order."),
    "stopped": Event(_INFO, (), "A web process has ended in order."),
    "port_refused": Event(_ERROR, ("error",), "The port cannot be listened on."),
    "descriptors_few": Event(_WARNING, ("limit", "wanted"), "Few connections fit; raise nofile (ulimits in compose, LimitNOFILE)."),
    "accept_failed": Event(_ERROR, ("limit",), "No descriptor is left: newcomers are turned away."),
    "health_socket_refused": Event(_WARNING, ("error",), "The socket for health checks cannot be made."),
    "background_task_died": Event(_ERROR, ("task", "error"), "What runs beside the role has ended."),
    "watch_failed": Event(_WARNING, ("error",), "The watchdog could not look."),
    # The schema
    "migration_ended": Event(_INFO, ("detail",), "The schema is what the code needs."),
    "migration_failed": Event(_ERROR, ("error",), "The schema is as it was."),
    "schema_awaited": Event(_WARNING, ("at", "wanted", "error"), "The clock waits; role web or ops.migrate_with_lock brings it."),
    # Stores
    "store_unavailable": Event(_WARNING, ("store", "waiting", "error"), "PostgreSQL or Redis does not answer, or takes no writes."),
    "store_available": Event(_INFO, ("store",), "It does again."),
    "store_not_closed": Event(_WARNING, ("store", "error"), "A pool did not close in time."),
    # The clock
    "leadership_gained": Event(_INFO, ("holder", "fencing_token", "ttl_seconds"), "This clock runs the jobs."),
    "leadership_lost": Event(_WARNING, ("holder",), "It stops what runs."),
    "schedule_refused": Event(_ERROR, ("error",), "A cron line cannot be used."),
    "schedule_unknown": Event(_WARNING, ("variables",), "No job has this name; the variable does nothing."),
    "wall_clock_jumped": Event(_WARNING, ("seconds",), "Ticks are planned anew."),
    "run_raised": Event(_WARNING, ("error",), "What a job raised, with its stack."),
    "run_ended": Event(_INFO, ("job", "status", "attempt", "trigger", "run", "next_attempt_at"), "A run is recorded."),
    "run_failed": Event(_WARNING, ("job", "status", "attempt", "trigger", "run", "error", "next_attempt_at"), "A run is recorded as failed."),
    "run_lost": Event(_WARNING, ("job", "run", "was"), "Its holder died; the tick runs again."),
    "run_end_refused": Event(_ERROR, (), "Recorded without what the job said, which the ledger cannot hold."),
    "cancellation_swallowed": Event(_ERROR, ("task",), "A job went on after its time; it is left to itself."),
    "heartbeat_failed": Event(_WARNING, ("error",), "HEARTBEAT_URL was not told of a success."),
    "operator_acted": Event(_INFO, ("job", "action", "operator"), "Somebody used /ops."),
    # Alerts
    "alert_sent": Event(_INFO, ("alert",), "An alert reached the chat."),
    "alert_not_sent": Event(_WARNING, ("alert", "error", "again_in_seconds"), "It did not; it is tried again unless refused."),
    "alert_chat_moved": Event(_WARNING, ("chat_id",), "The chat became a supergroup; set TELEGRAM_ALERT_CHAT_ID."),
    # Feeds and documents
    "feed_retry": Event(_WARNING, ("attempt", "wait_seconds", "error"), "An upstream is asked again."),
    "closing_without_consensus": Event(_WARNING, ("game",), "Its closing prices are kept; no consensus could be made of them."),
    "league_failed": Event(_WARNING, ("league",), "One league's data is as it was."),
    "documents_fresh": Event(_INFO, ("version", "documents"), "A web process has everything that is published."),
    "documents_stale": Event(_WARNING, ("error",), "It cannot know; answers say X-Stale."),
    "documents_over_budget": Event(_WARNING, ("bytes",), "They need more memory than DOCUMENTS_MAX_MB."),
    # The bot
    "bot_answer_cut": Event(_INFO, ("mode", "dropped", "error"), "Sentences of a model did not check, or it broke off; answers go on."),
    "bot_not_loaded": Event(_WARNING, (), "What answers could not be loaded behind the start; the first question tries again."),
    "bot_conversation_lost": Event(_WARNING, (), "PostgreSQL was away for longer than an answer is held to be kept in its conversation."),
    # Accounts
    "accounts_stale": Event(_WARNING, ("error",), "A web process asks the database about each token, because it cannot follow what ends."),
    "refresh_token_reused": Event(_WARNING, ("session",), "An old refresh token came again; its session has ended."),
    # Requests
    "handler_timed_out": Event(_ERROR, ("path", "seconds"), "A handler took longer than it may."),
    "request_failed": Event(_ERROR, ("path",), "A handler raised; the visitor got 500."),
}  # fmt: skip

COUNTS: Counter[str] = Counter()
_log = get_logger("events")


def emit(key: str, *, exc_info: BaseException | None = None, **fields: object) -> None:
    """Say that `key` happened. With `exc_info` its stack follows."""
    COUNTS[key] += 1
    event = EVENTS.get(key)
    if exc_info is not None:
        fields["exc_info"] = exc_info
    _log.log(event.level if event is not None else _WARNING, key, **fields)
