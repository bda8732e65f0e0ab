"""Sports and leagues, and where each stands in its season."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection

    from quartapp.records import SportInfo


@dataclass(frozen=True, slots=True)
class Sport:
    """A row of `sports`, with the number of its upcoming games. `odds_updated_at`: when they were fetched."""

    key: str
    title: str
    sport_group: str
    active: bool
    season_state: str
    next_game_at: datetime | None
    last_game_at: datetime | None
    odds_updated_at: datetime | None
    source: str
    upcoming_games: int


async def upsert(
    connection: Connection,
    sports: Sequence[SportInfo],
    source: str,
    now: datetime,
    *,
    unread: Collection[str] = (),
    whole: bool = True,
) -> None:
    """Write what the upstream lists. A sport that it lists no more becomes inactive.

    `unread` are sports that are listed but could not be read: they stay as they are. Unless the list is
    `whole`, nobody can tell which sports it lacks, and none becomes inactive.
    """
    listed = [sport for sport in sports if not sport.has_outrights]
    await raw(connection).execute(
        """
        INSERT INTO sports AS held (key, title, sport_group, active, source, updated_at)
        SELECT new.*, $5, $6 FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) AS new
            ON CONFLICT (key) DO UPDATE
           SET title = excluded.title, sport_group = excluded.sport_group, active = excluded.active,
               source = excluded.source, updated_at = excluded.updated_at
        """,
        [sport.key for sport in listed],
        [sport.title for sport in listed],
        [sport.group for sport in listed],
        [sport.active for sport in listed],
        source,
        now,
    )
    if whole:
        await raw(connection).execute(
            "UPDATE sports SET active = false, updated_at = $2 WHERE active AND key <> ALL ($1::text[])",
            [*(sport.key for sport in listed), *unread],
            now,
        )


async def all_sports(connection: Connection, now: datetime) -> list[Sport]:
    """Return every sport by key."""
    rows = await raw(connection).fetch(
        """
        SELECT key, title, sport_group, active, season_state, next_game_at, last_game_at, odds_updated_at, source,
               (SELECT count(*) FROM games
                 WHERE sport_key = sports.key AND status = 'scheduled' AND commence_time > $1) AS upcoming_games
          FROM sports ORDER BY key
        """,
        now,
    )
    return [Sport(**row) for row in rows]


async def mark_odds_updated(connection: Connection, sport_key: str, now: datetime) -> None:
    """Record that a sport's odds were fetched."""
    await raw(connection).execute("UPDATE sports SET odds_updated_at = $2 WHERE key = $1", sport_key, now)


async def refresh_season_states(connection: Connection, now: datetime) -> int:
    """Set next and last game and the season's state of every sport from its games; return how many changed.

    in_season: a game within 7 days on either side. in_break: active, and the next game is further off.
    preseason: active with its first games ahead and none played in 60 days. Otherwise offseason. The
    upstream tells a postseason only by the sport's key (..._preseason, ..._playoffs).
    """
    result = await raw(connection).execute(
        """
        WITH span AS (
            SELECT sports.key, sports.active,
                   (SELECT min(commence_time) FROM games
                     WHERE sport_key = sports.key AND status = 'scheduled' AND commence_time > $1) AS next_at,
                   (SELECT max(commence_time) FROM games
                     WHERE sport_key = sports.key AND status IN ('live', 'final', 'unresolved')
                       AND commence_time <= $1) AS last_at
              FROM sports
        ), judged AS (
            SELECT key, next_at, last_at,
                   CASE WHEN NOT active AND next_at IS NULL THEN 'offseason'
                        WHEN key LIKE '%preseason%' THEN 'preseason'
                        WHEN key LIKE '%playoff%' OR key LIKE '%postseason%' THEN 'postseason'
                        WHEN next_at < $1 + interval '7 days' OR last_at > $1 - interval '7 days' THEN 'in_season'
                        WHEN next_at IS NOT NULL AND coalesce(last_at, '-infinity') < $1 - interval '60 days'
                        THEN 'preseason'
                        WHEN next_at IS NOT NULL THEN 'in_break'
                        ELSE 'offseason' END AS state
              FROM span
        )
        UPDATE sports SET next_game_at = next_at, last_game_at = last_at, season_state = state
          FROM judged
         WHERE judged.key = sports.key
           AND (sports.next_game_at, sports.last_game_at, sports.season_state)
               IS DISTINCT FROM (judged.next_at, judged.last_at, judged.state)
        """,
        now,
    )
    return int(result.split()[-1])


async def without_games(connection: Connection, now: datetime) -> list[str]:
    """Return the active sports in season that have no game ahead or under way.

    In season is what has played within seven days, or had a game within the next seven that is listed no more.
    Where no active sport at all has a game although odds were fetched, every one counts: the upstream lists nothing.
    """
    rows = await raw(connection).fetch(
        """
        WITH active AS (
            SELECT key, odds_updated_at IS NOT NULL AS fetched,
                   EXISTS (SELECT FROM games WHERE sport_key = sports.key
                              AND status IN ('scheduled', 'live', 'postponed')
                              AND commence_time > $1::timestamptz - interval '1 day') AS open,
                   EXISTS (SELECT FROM games WHERE sport_key = sports.key
                              AND (status IN ('final', 'unresolved')
                                   AND commence_time BETWEEN $1::timestamptz - interval '7 days' AND $1
                                   OR status = 'withdrawn'
                                   AND commence_time BETWEEN $1 AND $1::timestamptz + interval '7 days')) AS in_season
              FROM sports WHERE active
        )
        SELECT key FROM active
         WHERE NOT open AND fetched AND (in_season OR NOT (SELECT bool_or(open) FROM active))
         ORDER BY key
        """,
        now,
    )
    return [row["key"] for row in rows]
