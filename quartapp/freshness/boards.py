"""Which leagues ESPN's scoreboard serves, and which it fails: marks in Redis that a job sets and others read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from ops.stores import Unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

FAILURES_UNTIL_PAID = 3
# A scoreboard that nobody asks any more serves nobody, and fails nobody.
SERVED_SECONDS, FAILED_SECONDS = 300, 600


async def serves(redis: Redis, sport_key: str) -> bool:
    """Return whether the scoreboard tells a league's scores, so that none need be paid for."""
    try:
        return bool(await redis.exists(_served_key(sport_key)))
    except Unavailable:
        return False


async def failing(redis: Redis, sport_keys: Iterable[str]) -> list[str]:
    """Return the leagues whose scoreboard failed so often in a row that their scores are paid for."""
    try:
        counts = {key: await redis.get(_failures_key(key)) for key in sport_keys}
    except Unavailable:
        return []
    return [key for key, count in counts.items() if int(count or 0) >= FAILURES_UNTIL_PAID]


async def answered(redis: Redis, sport_key: str) -> None:
    """Note that a league's scoreboard answered well."""
    try:
        await redis.delete(_failures_key(sport_key))
        await redis.set(_served_key(sport_key), "1", ex=SERVED_SECONDS)
    except Unavailable:
        return


async def failed(redis: Redis, sport_key: str) -> None:
    """Note that it failed; after the third time in a row it serves nobody."""
    try:
        count = int(await cast(Any, redis.incr(_failures_key(sport_key))))
        await redis.expire(_failures_key(sport_key), FAILED_SECONDS)
        if count >= FAILURES_UNTIL_PAID:
            await redis.delete(_served_key(sport_key))
        else:
            await redis.expire(_served_key(sport_key), SERVED_SECONDS)
    except Unavailable:
        return


def _served_key(sport_key: str) -> str:
    return f"espn:scoreboard:served:{sport_key}"


def _failures_key(sport_key: str) -> str:
    return f"espn:scoreboard:failures:{sport_key}"
