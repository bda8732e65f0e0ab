"""The day that a message means, as a span of time: one day in Greenwich and the same evening in America."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)
# American evenings end in the next day of Greenwich: a day is told with them, and each game with its own time.
_EVENING = timedelta(hours=10)
_TODAY = re.compile(r"\b(?:today|tonight|tonights|this (?:evening|morning|afternoon)|now)\b")
_WEEKEND = re.compile(r"\bweekends?\b")
_WEEK = re.compile(r"\bthis week\b(?!end)")
_WRITTEN = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")


class Span(NamedTuple):
    """From when to when a game begins that is asked about."""

    begins: datetime
    ends: datetime

    def has(self, moment: datetime) -> bool:
        """Return whether a moment is in it."""
        return self.begins <= moment < self.ends


def span(message: str, now: datetime) -> Span | None:
    """Return the days that a message means, None where it names none.

    >>> from datetime import UTC
    >>> evening = datetime(2026, 11, 26, 1, 2, tzinfo=UTC)
    >>> said = span("who plays tomorrow?", evening)
    >>> str(said.begins), str(said.ends)
    ('2026-11-27 00:00:00+00:00', '2026-11-28 10:00:00+00:00')
    >>> span("who plays?", evening) is None
    True
    """
    text = message.casefold()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if _TODAY.search(text):
        return Span(midnight, midnight + _DAY + _EVENING)
    if re.search(r"\btomorrow", text):
        return Span(midnight + _DAY, midnight + 2 * _DAY + _EVENING)
    if re.search(r"\byesterday\b|\blast night\b", text):
        return Span(midnight - _DAY, midnight + _EVENING)
    if _WEEKEND.search(text):
        saturday = midnight + _DAY * ((5 - now.weekday()) % 7 if now.weekday() < 6 else 0)
        return Span(saturday, saturday + (2 if saturday.weekday() == 5 else 1) * _DAY + _EVENING)
    if _WEEK.search(text):
        return Span(midnight, midnight + 7 * _DAY)
    for number, day in enumerate(_DAYS):
        if re.search(rf"\b{day}s?\b", text):
            begins = midnight + _DAY * ((number - now.weekday()) % 7)
            return Span(begins, begins + _DAY + _EVENING)
    written = _WRITTEN.search(text)
    if written:
        try:
            begins = datetime.fromisoformat(written.group()).replace(tzinfo=now.tzinfo)
        except ValueError:
            return None
        return Span(begins, begins + _DAY + _EVENING)
    return None
