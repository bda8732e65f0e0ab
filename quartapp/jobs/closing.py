"""Captures closing lines: in the transaction that turns a game live, and before later prices replace the current."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ops.telemetry.events import emit
from quartapp.publish.closing_line import closing_line, without_consensus
from quartapp.store import closings, odds
from quartapp.store.closings import Closing
from quartapp.store.games import Game
from quartapp.store.odds import Book, Change

if TYPE_CHECKING:
    from databases.core import Connection

AT_ONCE = 50  # games whose history is in memory together


async def capture_closing_lines(
    connection: Connection, now: datetime, *, sport_key: str | None = None
) -> set[str]:
    """Capture what is due; return the sports of it. What one transaction does not reach the next one does."""
    due = await closings.due(connection, sport_key=sport_key)
    for start in range(0, len(due), AT_ONCE):
        batch = due[start : start + AT_ONCE]
        ids = [game.id for game in batch]
        changes = await odds.history(connection, ids, every_market=True)
        current = await odds.current(connection, list(changes))
        made = [
            _closing(game, current.get(game.id, []), changes[game.id]) for game in batch if game.id in changes
        ]
        await closings.write(connection, batch, [one for one in made if one is not None], now)
    return {game.sport_key for game in due}


def _closing(game: Game, current: list[Book], changes: list[Change]) -> Closing | None:
    try:
        return closing_line(game, current, changes)
    except (ValueError, ArithmeticError, LookupError, TypeError) as problem:
        # One game's odd prices must not keep the others from being captured, nor its own from being kept.
        emit("closing_without_consensus", game=game.id, exc_info=problem)
        return without_consensus(game, changes)
