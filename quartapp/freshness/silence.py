"""A dead clock publishes no report, and its last one must not read "ok" for ever.

Every web process looks at the report's own time, and answers "down" by itself once the clock has been silent for
longer than any takeover lasts.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from ops.clock.findings import Overview, Trouble
from ops.tasks import waited
from quartapp.documents import table as documents
from quartapp.documents.table import Document
from quartapp.freshness.report import render
from quartapp.publish import addresses
from quartapp.publish.shapes import ServiceStatusContent

if TYPE_CHECKING:
    from quartapp.documents.held import HeldDocuments

SILENT_AFTER = timedelta(minutes=3)  # a takeover, a deploy or a failover is shorter
LOOK_SECONDS = 5.0


class SilenceWatch:
    """Answers /api/status for a clock that has fallen silent, in one web process."""

    def __init__(self, held: HeldDocuments, started: datetime) -> None:
        self._held = held
        self._started = started
        self._version = -1
        self._reported: dict[str, Any] = {}
        self._reported_at = started

    async def watch(self, stop: asyncio.Event) -> None:
        """Look every few seconds until `stop`."""
        while not await waited(stop, LOOK_SECONDS):
            self.look(datetime.now(UTC))

    def look(self, now: datetime) -> None:
        """Put an answer in the place of a report that is too old to be believed."""
        copy = self._held.peek(addresses.STATUS)
        if copy is not None and copy.version != self._version:
            self._version = copy.version
            self._reported = orjson.loads(copy.body)
            self._reported_at = datetime.fromisoformat(self._reported["generated_at"])
        silent = now - self._reported_at
        if silent <= SILENT_AFTER:
            return
        content = silent_report(self._reported, self._reported_at, now)
        document = Document(addresses.STATUS, dict(content))
        self._held.stand_in(documents.render(document, max(0, self._version), now))
        self._version = max(0, self._version)


def silent_report(reported: dict[str, Any], since: datetime, now: datetime) -> ServiceStatusContent:
    """Return the last report, older by the time since then, and with the clock's silence as the first reason."""
    trouble = Trouble(
        "clock_silent", "nothing has been updated since this time", since.astimezone(UTC), fatal=True
    )
    content = render(Overview(now, (trouble,)), {})
    passed = int((now - since).total_seconds())
    return {
        "state": content["state"],
        "checked_at": content["checked_at"],
        "reasons": [*content["reasons"], *reported.get("reasons", [])],
        "odds_age_seconds": {
            sport: age + passed for sport, age in reported.get("odds_age_seconds", {}).items()
        },
    }
