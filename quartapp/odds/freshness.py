"""Until when a published price may be acted on. One rule for suggestions and for prices.

It is about the clock at the answer; `quotes.age_bound` is about a book that lags behind the others.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

# Bookmakers that are asked rarely, because their games are far off, are confirmed rarely.
AGE_NEAR, AGE_FAR, NEAR_START = timedelta(hours=2), timedelta(hours=12), timedelta(hours=6)
AGE_RUNNING = timedelta(minutes=15)


@lru_cache(maxsize=8_192)  # most prices of a game were confirmed together
def usable_until(updated: datetime, starts: datetime) -> datetime:
    """Return until when a price may be acted on before its game begins: at most the start itself."""
    near_from = starts - NEAR_START
    stale = min(updated + AGE_FAR, max(updated + AGE_NEAR, near_from))
    return min(starts, stale)


def usable(updated: datetime | None, starts: datetime, now: datetime) -> bool:
    """Tell whether a price may be acted on; of a game that has begun only one that was confirmed since, just now."""
    if updated is None:
        return False
    if now < starts:
        return now < usable_until(updated, starts)
    return updated > starts and now - updated <= AGE_RUNNING
