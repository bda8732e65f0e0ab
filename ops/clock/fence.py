"""The fencing token: a number in PostgreSQL that grows with every change of leader.

Redis may forget everything; this does not. A job's transaction checks the token, so a leader that was
paused past its lease cannot overwrite what its successor wrote (Kleppmann, "How to do distributed
locking", 2016).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from databases.core import Connection

CLOCK = "clock"


class FencedOutError(Exception):
    """A newer leader has taken over; this process's writes are refused."""


async def next_token(connection: Connection, holder: str, now: datetime) -> int:
    """Grow the token for a new leader and return it."""
    token = await connection.fetch_val(
        """
        UPDATE scheduler_fences
           SET token = token + 1, holder = :holder, acquired_at = :now
         WHERE name = :name
        RETURNING token
        """,
        {"holder": holder, "now": now, "name": CLOCK},
    )
    return int(token)


async def check_fence(connection: Connection, token: int) -> None:
    """Hold the fence for this transaction.

    Raises:
        FencedOutError: the token is no longer the newest.
    """
    newest = await connection.fetch_val(
        "SELECT token FROM scheduler_fences WHERE name = :name FOR SHARE", {"name": CLOCK}
    )
    if newest != token:
        raise FencedOutError(f"leader {token} was replaced by leader {newest}")
