"""What a process knows of sessions that ended and accounts that are excluded. Pure: time comes in."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from quartapp.store.account_events import Event

ENDED_KNOWN_SECONDS = 30 * 60.0  # longer than an access token of an ended session can live
FRESH_SECONDS = 1.0


class Standing:
    """The ends of the last half hour and the exclusions that last.

    `fresh` says whether that is known to be all; while it is not, ask the database.
    """

    def __init__(self) -> None:
        self.last_event = 0
        self._ended: dict[UUID, float] = {}  # until when it must be known
        self._forget: list[tuple[float, UUID]] = []
        self._excluded: dict[UUID, datetime | None] = {}
        self._looked_at = float("-inf")

    def __len__(self) -> int:
        """Return how many ends and exclusions are known."""
        return len(self._ended) + len(self._excluded)

    def apply(self, events: Iterable[Event], now: float) -> None:
        """Take in what happened. An event may come again; an exclusion never becomes shorter."""
        for event in events:
            self.last_event = max(self.last_event, event.id)
            if event.kind == "excluded":
                self.exclude(event.user_id, event.until)
            elif event.session_id is not None:
                self.end([event.session_id], now)
        while self._forget and self._forget[0][0] < now:
            _, session_id = heapq.heappop(self._forget)
            self._ended.pop(session_id, None)

    def end(self, session_ids: Iterable[UUID], now: float) -> None:
        """Take in that sessions have ended."""
        for session_id in session_ids:
            if session_id not in self._ended:
                until = now + ENDED_KNOWN_SECONDS
                self._ended[session_id] = until
                heapq.heappush(self._forget, (until, session_id))

    def exclude(self, user_id: UUID, until: datetime | None) -> None:
        """Refuse an account from now on; a shorter exclusion never ends a longer one."""
        known = self._excluded.get(user_id, until)
        self._excluded[user_id] = None if known is None or until is None else max(known, until)

    def looked(self, at: float) -> None:
        """Note that at this time, just before the database was asked, nothing was missing."""
        self._looked_at = at

    def lost(self) -> None:
        """Note that from now on something may be missing."""
        self._looked_at = float("-inf")

    def fresh(self, now: float) -> bool:
        """Tell whether what is known is all that was so a second ago."""
        return now - self._looked_at <= FRESH_SECONDS

    def has_ended(self, session_id: UUID) -> bool:
        """Tell whether a session ended."""
        return session_id in self._ended

    def exclusion(self, user_id: UUID, now: datetime) -> tuple[bool, datetime | None]:
        """Return whether an account is excluded, and until when; None is for good."""
        if user_id not in self._excluded:
            return False, None
        until = self._excluded[user_id]
        if until is not None and until <= now:
            del self._excluded[user_id]
            return False, None
        return True, until
