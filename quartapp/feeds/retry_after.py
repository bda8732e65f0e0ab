"""The Retry-After header (RFC 9110, 10.2.3): seconds, or an HTTP date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait; None when the header is absent or makes no sense.

    A date counts from the answer's own Date where it has one: its clock wrote both.

    >>> retry_after({"Retry-After": "7"})
    7.0
    >>> retry_after(
    ...     {"Retry-After": "Tue, 24 Nov 2026 12:00:20 GMT", "Date": "Tue, 24 Nov 2026 12:00:00 GMT"}
    ... )
    20.0
    >>> retry_after({"Retry-After": "soon"}) is None
    True
    """
    told = headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    until = _date(told)
    if until is None:
        return None
    return max(0.0, (until - (_date(headers.get("Date", "")) or datetime.now(UTC))).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
