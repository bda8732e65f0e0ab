"""Games: scheduled, live, final; withdrawn when the upstream no longer lists them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection

    from quartapp.records import Event, Score

# A game that began this long ago and has no result yet is over for our readers.
LONGEST_GAME = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Game:
    """A row of `games`."""

    id: str
    sport_key: str
    home_team: str
    away_team: str
    commence_time: datetime
    status: str
    home_score: int | None
    away_score: int | None
    final_at: datetime | None


_COLUMNS = "id, sport_key, home_team, away_team, commence_time, status, home_score, away_score, final_at"


async def upsert(
    connection: Connection,
    sport_key: str,
    events: Sequence[Event],
    source: str,
    now: datetime,
    *,
    unread: Collection[str] = (),
    whole: bool = True,
) -> None:
    """Write a sport's whole slate: new and moved games, and those that vanished before they began.

    `unread` are games that are listed but could not be read: they stay as they are. Unless the slate is
    `whole`, nobody can tell which games it lacks, and none is withdrawn.
    """
    await raw(connection).execute(
        """
        INSERT INTO games AS held
               (id, sport_key, home_team, away_team, commence_time, status, source, first_seen_at, last_seen_at)
        SELECT id, $2, home, away, commence, CASE WHEN commence <= $6 THEN 'live' ELSE 'scheduled' END, $7, $6, $6
          FROM unnest($1::text[], $3::text[], $4::text[], $5::timestamptz[]) AS new (id, home, away, commence)
            ON CONFLICT (id) DO UPDATE
           SET home_team = excluded.home_team, away_team = excluded.away_team,
               commence_time = excluded.commence_time, last_seen_at = excluded.last_seen_at,
               status = CASE WHEN held.status = 'final' THEN held.status
                             WHEN held.status = 'live' AND held.commence_time = excluded.commence_time THEN held.status
                             ELSE excluded.status END
        """,
        [event.id for event in events],
        sport_key,
        [event.home_team for event in events],
        [event.away_team for event in events],
        [event.commence_time for event in events],
        now,
        source,
    )
    if not whole:
        return
    await raw(connection).execute(
        """
        UPDATE games SET status = 'withdrawn'
         WHERE sport_key = $1 AND status IN ('scheduled', 'postponed') AND commence_time > $2
           AND id <> ALL ($3::text[])
        """,
        sport_key,
        now,
        [*(event.id for event in events), *unread],
    )


async def start_due(connection: Connection, now: datetime) -> set[str]:
    """Turn scheduled games whose time has come live, and abandoned ones final; return their sports."""
    rows = await raw(connection).fetch(
        """
        UPDATE games SET status = CASE WHEN commence_time < $2 THEN 'final' ELSE 'live' END,
               final_at = CASE WHEN commence_time < $2 THEN $1 END
         WHERE (status = 'scheduled' AND commence_time <= $1) OR (status = 'live' AND commence_time < $2)
        RETURNING sport_key
        """,
        now,
        now - LONGEST_GAME,
    )
    return {row["sport_key"] for row in rows}


async def write_scores(connection: Connection, scores: Sequence[Score], now: datetime) -> int:
    """Write running and final scores of games that we know; return how many rows changed.

    A final game takes a corrected result and nothing else: an older answer does not bring it back to life,
    and one without points does not take its points away.
    """
    result = await raw(connection).execute(
        """
        UPDATE games
           SET home_score = new.home, away_score = new.away,
               status = CASE WHEN new.completed THEN 'final' ELSE 'live' END,
               final_at = CASE WHEN new.completed THEN coalesce(final_at, $5) END
          FROM unnest($1::text[], $2::int[], $3::int[], $4::boolean[]) AS new (id, home, away, completed)
         WHERE games.id = new.id
           AND (games.home_score, games.away_score, games.status = 'final')
               IS DISTINCT FROM (new.home, new.away, new.completed)
           AND CASE WHEN games.status = 'final' THEN new.completed AND new.home IS NOT NULL
                    ELSE new.completed OR new.home IS NOT NULL END
        """,
        [score.id for score in scores],
        [score.home_score if _has_points(score) else None for score in scores],
        [score.away_score if _has_points(score) else None for score in scores],
        [score.completed for score in scores],
        now,
    )
    return int(result.split()[-1])


def _has_points(score: Score) -> bool:
    return score.home_score is not None and score.away_score is not None


async def insert_results(connection: Connection, scores: Sequence[Score], source: str, now: datetime) -> int:
    """Keep finished games that we never saw the odds of: a team's form is made from them."""
    known = [score for score in scores if score.completed and _has_points(score)]
    result = await raw(connection).execute(
        """
        INSERT INTO games (id, sport_key, home_team, away_team, commence_time, status, home_score, away_score,
                           final_at, source, first_seen_at, last_seen_at)
        SELECT id, sport, home, away, commence, 'final', home_points, away_points, $8, $9, $8, $8
          FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::int[], $7::int[])
               AS new (id, sport, home, away, commence, home_points, away_points)
         WHERE EXISTS (SELECT 1 FROM sports WHERE key = sport)
            ON CONFLICT (id) DO NOTHING
        """,
        [score.id for score in known],
        [score.sport_key for score in known],
        [score.home_team for score in known],
        [score.away_team for score in known],
        [score.commence_time for score in known],
        [score.home_score for score in known],
        [score.away_score for score in known],
        now,
        source,
    )
    return int(result.split()[-1])


async def to_publish(connection: Connection, sport_keys: Sequence[str], now: datetime) -> list[Game]:
    """Return games that have a document: unfinished ones, and those final for less than 7 days; soonest first."""
    rows = await raw(connection).fetch(
        f"""
        SELECT {_COLUMNS} FROM games
         WHERE sport_key = ANY ($1::text[])
           AND (status IN ('scheduled', 'live', 'postponed') OR (status = 'final' AND final_at > $2))
         ORDER BY commence_time, id
        """,  # noqa: S608 - a constant list of columns
        list(sport_keys),
        now - timedelta(days=7),
    )
    return [Game(**row) for row in rows]


async def soonest(connection: Connection, limit: int) -> list[Game]:
    """Return the soonest unfinished games of all sports."""
    rows = await raw(connection).fetch(
        f"""
        SELECT {_COLUMNS} FROM games WHERE status IN ('scheduled', 'live', 'postponed')
         ORDER BY commence_time, id LIMIT $1
        """,  # noqa: S608 - a constant list of columns
        limit,
    )
    return [Game(**row) for row in rows]


async def published(connection: Connection, sport_keys: Sequence[str], prefixes: Sequence[str]) -> set[str]:
    """Return the keys of published documents, a prefix and a game's id, of these sports' games or of none."""
    rows = await raw(connection).fetch(
        """
        SELECT key FROM documents
          JOIN unnest($2::text[]) AS prefix ON starts_with(key, prefix)
          LEFT JOIN games ON games.id = substr(key, length(prefix) + 1)
         WHERE body IS NOT NULL AND (games.id IS NULL OR games.sport_key = ANY ($1::text[]))
        """,
        sport_keys,
        prefixes,
    )
    return {row["key"] for row in rows}


async def recent_results(
    connection: Connection, sport_keys: Sequence[str], now: datetime, each: int = 5
) -> dict[tuple[str, str], list[Game]]:
    """Return each team's last finished games, newest first, by (sport, team)."""
    rows = await raw(connection).fetch(
        f"""
        SELECT team, {_COLUMNS}
          FROM (SELECT team, games.*,
                       row_number() OVER (PARTITION BY sport_key, team ORDER BY commence_time DESC) AS place
                  FROM games, LATERAL (VALUES (home_team), (away_team)) AS side (team)
                 WHERE sport_key = ANY ($1::text[]) AND status = 'final' AND home_score IS NOT NULL
                   AND commence_time > $2) AS ranked
         WHERE place <= $3
         ORDER BY commence_time DESC
        """,  # noqa: S608 - a constant list of columns
        list(sport_keys),
        now - timedelta(days=120),
        each,
    )
    found: dict[tuple[str, str], list[Game]] = {}
    for row in rows:
        values = dict(row)
        team = values.pop("team")
        found.setdefault((values["sport_key"], team), []).append(Game(**values))
    return found


async def sports_of_unfinished(connection: Connection, now: datetime) -> set[str]:
    """Return the sports that have a game which has begun and is not final."""
    rows = await raw(connection).fetch(
        """
        SELECT DISTINCT sport_key FROM games
         WHERE status = 'live' OR (status = 'scheduled' AND commence_time <= $1)
        """,
        now,
    )
    return {row["sport_key"] for row in rows}
