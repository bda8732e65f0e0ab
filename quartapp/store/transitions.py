"""Moves stored games through their states: rows in, quartapp/settle/states.py decides, what changed is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.database import raw
from quartapp.settle.endings import NOTHING, Course, may_last
from quartapp.settle.rules import rules_of
from quartapp.settle.states import GameState, News, step

if TYPE_CHECKING:
    from databases.core import Connection

_COLUMNS = (
    "id, sport_key, source, status, commence_time, home_score, away_score, final_at, corrected_at, last_seen_at, "
    "score_source, fate, overtime, regulation_home, regulation_away, played"
)


@dataclass(frozen=True, slots=True)
class StoredState:
    """A game's state as stored; `misnamed`: stored as final without a score, which only an older version does."""

    id: str
    sport_key: str
    source: str
    last_seen_at: datetime
    state: GameState
    misnamed: bool = False
    score_source: str | None = None
    course: Course = NOTHING


async def lock_listed(connection: Connection, ids: Sequence[str], sport_key: str) -> list[StoredState]:
    """Lock and return the games of these ids, and every scheduled one of the sport."""
    return await _lock(
        connection, "id = ANY ($1::text[]) OR (sport_key = $2 AND status = 'scheduled')", list(ids), sport_key
    )


async def lock_ids(connection: Connection, ids: Sequence[str]) -> list[StoredState]:
    """Lock and return the games of these ids."""
    return await _lock(connection, "id = ANY ($1::text[])", list(ids))


async def lock_due(connection: Connection, now: datetime) -> list[StoredState]:
    """Lock and return the games that time may move, and those an older version called final without a score."""
    return await _lock(
        connection,
        """(status IN ('scheduled', 'live') AND commence_time <= $1)
           OR (status = 'final' AND home_score IS NULL)""",
        now,
    )


async def _lock(connection: Connection, condition: str, *arguments: Any) -> list[StoredState]:
    # In the order of ids, so that two jobs cannot deadlock; the key stays free for odds that refer to it.
    rows = await raw(connection).fetch(
        f"SELECT {_COLUMNS} FROM games WHERE {condition} ORDER BY id FOR NO KEY UPDATE",  # noqa: S608 - constants
        *arguments,
    )
    return [_stored(row) for row in rows]


def _stored(row: Any) -> StoredState:
    home, away = row["home_score"], row["away_score"]
    state = GameState(
        row["status"],
        row["commence_time"],
        None if home is None or away is None else (home, away),
        row["final_at"],
        row["corrected_at"],
    )
    misnamed = state.status == "final" and state.score is None
    if misnamed:  # an older version ended games by the clock
        state = GameState("unresolved", state.commence_time)
    return StoredState(
        row["id"],
        row["sport_key"],
        row["source"],
        row["last_seen_at"],
        state,
        misnamed,
        row["score_source"],
        course_of(row),
    )


def course_of(row: Any) -> Course:
    """Return how a game came to its end, from its row."""
    home, away = row["regulation_home"], row["regulation_away"]
    regulation = None if home is None or away is None else (home, away)
    return Course(row["fate"], row["overtime"], regulation, row["played"])


async def apply(
    connection: Connection,
    games: Sequence[StoredState],
    news: Mapping[str, News],
    now: datetime,
    *,
    source: str | None = None,
) -> list[StoredState]:
    """Take each game to the state that follows from its news; write what changed, and return it.

    `source` is who told the scores. A corrected result also leaves a row in game_corrections; only the source that
    told a result corrects it, else two sources that differ would take turns.
    """
    changed: list[StoredState] = []
    corrected: list[tuple[StoredState, GameState]] = []
    for game in games:
        if game.id not in news:
            continue
        if source is not None and disputed(game, news[game.id], source):
            continue
        longest = timedelta.max if may_last(game.course) else rules_of(game.sport_key).longest
        after = step(game.state, news[game.id], now, last_told=game.last_seen_at, longest=longest)
        if after == game.state and not game.misnamed:
            continue
        told = source if after.score != game.state.score or game.score_source is None else game.score_source
        course = game.course if _goes_on(game.state, after) else NOTHING
        changed.append(replace(game, state=after, misnamed=False, score_source=told, course=course))
        if after.corrected_at != game.state.corrected_at:
            corrected.append((game, after))
    await _write(connection, changed)
    await _record_corrections(connection, corrected, now)
    return changed


def _goes_on(before: GameState, after: GameState) -> bool:
    """Return whether what is known of a game's course is still about it: it has not begun anew, nor come to an end."""
    under_way = ("live", "unresolved")
    return after.status == before.status or (after.status in under_way and before.status in under_way)


def disputed(game: StoredState, news: News, source: str) -> bool:
    """Return whether another source has ended the game, with another score."""
    if game.state.status != "final" or news.telling != "result" or game.score_source in (None, source):
        return False
    return news.score is not None and news.score != game.state.score


async def _write(connection: Connection, games: Sequence[StoredState]) -> None:
    if not games:
        return
    states = [game.state for game in games]
    await raw(connection).execute(
        """
        UPDATE games
           SET status = new.status, commence_time = new.commence, home_score = new.home, away_score = new.away,
               final_at = new.final_at, corrected_at = new.corrected_at, score_source = new.score_source,
               fate = new.fate, overtime = new.overtime, regulation_home = new.regulation_home,
               regulation_away = new.regulation_away, played = new.played
          FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::int[], $6::timestamptz[],
                      $7::timestamptz[], $8::text[], $9::text[], $10::boolean[], $11::int[], $12::int[], $13::numeric[])
               AS new (id, status, commence, home, away, final_at, corrected_at, score_source, fate, overtime,
                       regulation_home, regulation_away, played)
         WHERE games.id = new.id
        """,
        [game.id for game in games],
        [state.status for state in states],
        [state.commence_time for state in states],
        [None if state.score is None else state.score[0] for state in states],
        [None if state.score is None else state.score[1] for state in states],
        [state.final_at for state in states],
        [state.corrected_at for state in states],
        [game.score_source for game in games],
        [game.course.stopped for game in games],
        [game.course.overtime for game in games],
        [game.course.regulation and game.course.regulation[0] for game in games],
        [game.course.regulation and game.course.regulation[1] for game in games],
        [game.course.played for game in games],
    )


async def _record_corrections(
    connection: Connection, corrected: Sequence[tuple[StoredState, GameState]], now: datetime
) -> None:
    for before, after in corrected:
        assert before.state.score is not None
        assert after.score is not None
        await raw(connection).execute(
            """
            INSERT INTO game_corrections (game_id, corrected_at, home_before, away_before, home_after, away_after, source)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            before.id,
            now,
            *before.state.score,
            *after.score,
            before.score_source or before.source,
        )
