"""Writes what a scoreboard tells of how games came to their end; quartapp/settle/endings.py decides what of it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ops.database import raw
from quartapp.settle.endings import NOTHING, Course, Score, learn

if TYPE_CHECKING:
    from databases.core import Connection

    from quartapp.store.transitions import StoredState


@dataclass(frozen=True, slots=True)
class ToldCourse:
    """What a scoreboard said of a game's course, and the score it said it with."""

    course: Course = NOTHING
    score: Score | None = None


SAID_NOTHING = ToldCourse()


async def write_courses(
    connection: Connection,
    games: Sequence[StoredState],
    told: Mapping[str, ToldCourse],
    source: str,
    now: datetime,
) -> set[str]:
    """Write what is learnt of these games, which the caller has locked; return which changed.

    Another score at the end of regulation than the one told before is a correction, with a row that says so.
    """
    learnt = [
        (game, after)
        for game in games
        if game.id in told and (after := _learn(game, told[game.id], now)) != game.course
    ]
    corrected = [(game, after) for game, after in learnt if _corrects(game.course, after)]
    await raw(connection).execute(
        """
        UPDATE games SET fate = new.fate, overtime = new.overtime, regulation_home = new.home,
                         regulation_away = new.away, played = new.played,
                         corrected_at = CASE WHEN games.id = ANY ($7::text[]) THEN $8 ELSE corrected_at END
          FROM unnest($1::text[], $2::text[], $3::boolean[], $4::int[], $5::int[], $6::numeric[])
               AS new (id, fate, overtime, home, away, played)
         WHERE games.id = new.id
        """,
        [game.id for game, _ in learnt],
        [after.stopped for _, after in learnt],
        [after.overtime for _, after in learnt],
        [after.regulation and after.regulation[0] for _, after in learnt],
        [after.regulation and after.regulation[1] for _, after in learnt],
        [after.played for _, after in learnt],
        [game.id for game, _ in corrected],
        now,
    )
    for game, after in corrected:
        await _record(connection, game, after, source, now)
    return {game.id for game, _ in learnt}


def _learn(game: StoredState, told: ToldCourse, now: datetime) -> Course:
    return learn(
        game.course,
        told.course,
        status=game.state.status,
        score=game.state.score,
        told_score=told.score,
        final_at=game.state.final_at,
        now=now,
    )


def _corrects(before: Course, after: Course) -> bool:
    return before.regulation is not None and after.regulation not in (None, before.regulation)


async def _record(
    connection: Connection, game: StoredState, after: Course, source: str, now: datetime
) -> None:
    assert game.state.score is not None
    assert game.course.regulation is not None
    assert after.regulation is not None
    await raw(connection).execute(
        """
        INSERT INTO game_corrections (game_id, corrected_at, home_before, away_before, home_after, away_after, source,
                                      regulation_home_before, regulation_away_before, regulation_home_after,
                                      regulation_away_after)
        VALUES ($1, $2, $3, $4, $3, $4, $5, $6, $7, $8, $9)
        """,
        game.id,
        now,
        *game.state.score,
        source,
        *game.course.regulation,
        *after.regulation,
    )
