"""How many requests all web processes together answered with 5xx within the last minutes: counted in Redis.

Each process adds what it has answered since its last look, in slots of half a minute that forget themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis

WINDOW = timedelta(minutes=5)
SLOT_SECONDS = 30
_SLOTS = int(WINDOW.total_seconds()) // SLOT_SECONDS


async def add(redis: Redis, count: int, now: datetime) -> None:
    """Add `count` answers to the present slot."""
    key = _key(_slot(now))
    async with redis.pipeline() as pipeline:
        pipeline.incrby(key, count)
        pipeline.expire(key, int(2 * WINDOW.total_seconds()))
        await pipeline.execute()


async def recent(redis: Redis, now: datetime) -> int:
    """Return how many answers of 5xx there were within `WINDOW`."""
    newest = _slot(now)
    counts = await redis.mget([_key(slot) for slot in range(newest - _SLOTS + 1, newest + 1)])
    return sum(int(count) for count in counts if count)


def _slot(now: datetime) -> int:
    return int(now.timestamp()) // SLOT_SECONDS


def _key(slot: int) -> str:
    return f"server_errors:{slot}"
