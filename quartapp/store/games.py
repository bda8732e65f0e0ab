"""Games and what is read of them. Which state follows which is settle/states.py's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops.database import raw
from quartapp.settle.endings import was_stopped
from quartapp.settle.rules import rules_of
from quartapp.settle.states import News, first_state
from quartapp.store import transitions

if TYPE_CHECKING:
    from databases.core import Connection

    from quartapp.records import Event, Score

SHOWN_AFTER_ITS_END = timedelta(days=7)
ASKED_FOR_RESULT = timedelta(days=3)  # how far back one answer with scores reaches


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
    corrected_at: datetime | None = None
    live_period: int | None = None
    live_clock: str | None = None
    live_detail: str | None = None
    live_at: datetime | None = None
    live_source: str | None = None


_COLUMNS = (
    "id, sport_key, home_team, away_team, commence_time, status, home_score, away_score, final_at, corrected_at, "
    "live_period, live_clock, live_detail, live_at, live_source"
)


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
    """Write a sport's slate: new and moved games, and those that vanished before they began.

    `unread` are games that are listed but could not be read: they stay as they are. Unless the slate is
    `whole`, nobody can tell which games it lacks, and none is withdrawn.
    """
    listed = {event.id: News("listed", event.commence_time) for event in events}
    known = await transitions.lock_listed(connection, list(listed), sport_key)
    longest = rules_of(sport_key).longest
    first = [first_state(event.commence_time, now, longest) for event in events]
    await raw(connection).execute(
        """
        INSERT INTO games
               (id, sport_key, home_team, away_team, commence_time, status, source, first_seen_at, last_seen_at)
        SELECT id, $2, home, away, commence, status, $7, $6, $6
          FROM unnest($1::text[], $3::text[], $4::text[], $5::timestamptz[], $8::text[])
               AS new (id, home, away, commence, status)
            ON CONFLICT (id) DO UPDATE
           SET home_team = excluded.home_team, away_team = excluded.away_team, last_seen_at = excluded.last_seen_at
        """,
        [event.id for event in events],
        sport_key,
        [event.home_team for event in events],
        [event.away_team for event in events],
        [event.commence_time for event in events],
        now,
        source,
        [state.status for state in first],
    )
    absent: dict[str, News] = {}
    if whole:
        absent = {
            game.id: News("absent") for game in known if game.id not in listed and game.id not in unread
        }
    await transitions.apply(connection, known, absent | listed, now)


async def start_due(connection: Connection, now: datetime) -> set[str]:
    """Turn games live whose time has come, and unresolved whose end nobody tells; return their sports."""
    due = await transitions.lock_due(connection, now)
    changed = await transitions.apply(connection, due, {game.id: News("time") for game in due}, now)
    return {game.sport_key for game in changed}


async def write_scores(
    connection: Connection, scores: Sequence[Score], now: datetime, source: str = "odds_api"
) -> int:
    """Write running and final scores of games that we know; return how many games changed.

    A final game takes a corrected result for 72 h and nothing else: an older answer does not bring it back to
    life, and one without points does not take its points away. A game that a scoreboard called abandoned or forfeited
    is not ended by totals, which do not tell how much of it was played.
    """
    news: dict[str, News] = {}
    for score in scores:
        if score.home_score is not None and score.away_score is not None:
            points = (score.home_score, score.away_score)
            news[score.id] = News("result" if score.completed else "running", score=points)
        elif score.completed:
            news[score.id] = News("ended_without_score")
    games = [one for one in await transitions.lock_ids(connection, list(news)) if not was_stopped(one.course)]
    return len(await transitions.apply(connection, games, news, now, source=source))


async def disputes(connection: Connection, scores: Sequence[Score], source: str = "odds_api") -> list[str]:
    """Return the games that another source ended with another score than this one tells, each in words.

    The score at the end of regulation is none: one source may count on where the other does not.
    """
    told = {
        score.id: News("result", score=(score.home_score, score.away_score))
        for score in scores
        if score.completed and score.home_score is not None and score.away_score is not None
    }
    return [
        f"{game.id}: {game.score_source} says {game.state.score}, {source} says {told[game.id].score}"
        for game in await transitions.lock_ids(connection, list(told))
        if transitions.disputed(game, told[game.id], source) and told[game.id].score != game.course.regulation
    ]


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
    """Return games that have a document: unfinished ones, and those that ended in the last 7 days; soonest first."""
    rows = await raw(connection).fetch(
        f"""
        SELECT {_COLUMNS} FROM games
         WHERE sport_key = ANY ($1::text[])
           AND (status IN ('scheduled', 'live', 'postponed') OR (status = 'final' AND final_at > $2)
                OR (status IN ('unresolved', 'cancelled') AND commence_time > $2))
         ORDER BY commence_time, id
        """,  # noqa: S608 - a constant list of columns
        list(sport_keys),
        now - SHOWN_AFTER_ITS_END,
    )
    return [Game(**row) for row in rows]


async def soonest(connection: Connection, limit: int, now: datetime) -> list[Game]:
    """Return the soonest unfinished games of all sports; an unresolved one for 7 days."""
    rows = await raw(connection).fetch(
        f"""
        SELECT {_COLUMNS} FROM games
         WHERE status IN ('scheduled', 'live', 'postponed', 'unresolved')
           AND (status <> 'unresolved' OR commence_time > $2)
         ORDER BY commence_time, id LIMIT $1
        """,  # noqa: S608 - a constant list of columns
        limit,
        now - SHOWN_AFTER_ITS_END,
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
    """Return the sports that have a game which has begun and is not final.

    One with an unresolved game only is asked for its result once an hour, for as long as an answer reaches back.
    """
    rows = await raw(connection).fetch(
        """
        SELECT DISTINCT sport_key FROM games
         WHERE status = 'live' OR (status = 'scheduled' AND commence_time <= $1)
            OR (status = 'unresolved' AND commence_time > $2 AND extract(minute FROM $1::timestamptz) < 10)
        """,
        now,
        now - ASKED_FOR_RESULT,
    )
    return {row["sport_key"] for row in rows}
