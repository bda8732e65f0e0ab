"""What a scoreboard tells of our games: which of them it is asked about, what it said, and games it does not have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops.database import raw
from quartapp.settle.states import CORRECTABLE_FOR, News
from quartapp.store import transitions
from quartapp.store.endings import SAID_NOTHING, ToldCourse, write_courses

if TYPE_CHECKING:
    from databases.core import Connection

AHEAD = timedelta(hours=12)  # a postponement is told hours before the start
HEARD_EVERY = timedelta(minutes=10)  # how exactly `last_seen_at` tells that a source still knows of a game


@dataclass(frozen=True, slots=True)
class Watched:
    """A game that a scoreboard may tell news of."""

    id: str
    sport_key: str
    home_team: str
    away_team: str
    commence_time: datetime
    status: str
    final_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a scoreboard said of one of our games: news for its state, how far it is, how it came to its end."""

    news: News | None
    period: int | None
    clock: str | None
    detail: str | None
    course: ToldCourse = SAID_NOTHING


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A game that has begun and that its scoreboard does not have; `listed`: what it has instead."""

    game_id: str
    sport_key: str
    home_team: str
    away_team: str
    commence_time: datetime
    source: str
    since: datetime
    listed: Sequence[str]


async def watched(connection: Connection, sport_keys: Sequence[str], now: datetime) -> list[Watched]:
    """Return the games of these sports that can have news: near, under way, or ended within 72 h."""
    rows = await raw(connection).fetch(
        """
        SELECT id, sport_key, home_team, away_team, commence_time, status, final_at FROM games
         WHERE sport_key = ANY ($1::text[]) AND commence_time < $2 AND commence_time > $3
           AND (status <> 'final' OR final_at > $3)
         ORDER BY commence_time, id
        """,
        list(sport_keys),
        now + AHEAD,
        now - CORRECTABLE_FOR,
    )
    return [Watched(**row) for row in rows]


async def write_told(connection: Connection, told: Mapping[str, Told], source: str, now: datetime) -> int:
    """Write what a scoreboard said, by our game's id; return how many games changed.

    A result of a game that another source ended changes no score: corrections are its own source's.
    """
    known = await transitions.lock_ids(connection, list(told))
    news = {game_id: one.news for game_id, one in told.items() if one.news is not None}
    moved = {game.id: game for game in await transitions.apply(connection, known, news, now, source=source)}
    courses = {game_id: one.course for game_id, one in told.items()}
    current = [moved.get(game.id, game) for game in known]
    changed = moved.keys() | await write_courses(connection, current, courses, source, now)
    ids = list(told)
    rows = await raw(connection).fetch(
        """
        UPDATE games SET live_period = new.period, live_clock = new.clock, live_detail = new.detail, live_at = $5,
                         live_source = $6
          FROM unnest($1::text[], $2::int[], $3::text[], $4::text[]) AS new (id, period, clock, detail)
         WHERE games.id = new.id AND games.status = 'live'
           AND (live_period, live_clock, live_detail, live_source)
               IS DISTINCT FROM (new.period, new.clock, new.detail, $6)
        RETURNING games.id
        """,
        ids,
        [told[one].period for one in ids],
        [told[one].clock for one in ids],
        [told[one].detail for one in ids],
        now,
        source,
    )
    await raw(connection).execute(
        "UPDATE games SET last_seen_at = $2 WHERE id = ANY ($1::text[]) AND status = 'live' AND last_seen_at < $3",
        ids,
        now,
        now - HEARD_EVERY,
    )
    return len(changed | {row["id"] for row in rows})


async def note_unmatched(
    connection: Connection,
    asked: Sequence[str],
    missing: Mapping[str, Sequence[str]],
    source: str,
    now: datetime,
) -> None:
    """Keep which of the games asked about the scoreboard does not have, with what it has; forget the others."""
    await raw(connection).execute(
        "DELETE FROM unmatched_games WHERE game_id = ANY ($1::text[]) AND game_id <> ALL ($2::text[])",
        list(asked),
        list(missing),
    )
    for game_id, listed in missing.items():
        await raw(connection).execute(
            """
            INSERT INTO unmatched_games AS held (game_id, source, since, listed) VALUES ($1, $2, $3, $4::text[])
                ON CONFLICT (game_id) DO UPDATE SET listed = excluded.listed WHERE held.listed <> excluded.listed
            """,
            game_id,
            source,
            now,
            list(listed),
        )


async def unmatched_games(connection: Connection, now: datetime) -> list[Unmatched]:
    """Return the games under way that their scoreboard does not have, the longest first.

    A board is asked about a game for 72 h. Of an older one nobody will tell: it troubles nobody, and its league's scores
    are not paid for on its account.
    """
    rows = await raw(connection).fetch(
        """
        SELECT game_id, sport_key, home_team, away_team, commence_time, unmatched_games.source, since, listed
          FROM unmatched_games JOIN games ON games.id = game_id
         WHERE status IN ('live', 'unresolved') AND commence_time > $1
         ORDER BY since, game_id
        """,
        now - CORRECTABLE_FOR,
    )
    return [Unmatched(**row) for row in rows]


async def aliases(connection: Connection) -> dict[str, list[tuple[str, str]]]:
    """Return the names that operators added, by league: (name, the team's other name)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in await raw(connection).fetch(
        "SELECT sport_key, name, team FROM team_aliases ORDER BY added_at, name"
    ):
        found.setdefault(row["sport_key"], []).append((row["name"], row["team"]))
    return found


async def add_alias(
    connection: Connection, sport_key: str, name: str, team: str, added_by: str, now: datetime
) -> None:
    """Keep that a league's `name` is `team`, in the place of what was kept of the name before."""
    await raw(connection).execute(
        """
        INSERT INTO team_aliases (sport_key, name, team, added_by, added_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (sport_key, name) DO UPDATE
           SET team = excluded.team, added_by = excluded.added_by, added_at = excluded.added_at
        """,
        sport_key,
        name,
        team,
        added_by,
        now,
    )


async def remove_aliases(connection: Connection, sport_key: str, names: Sequence[str]) -> None:
    """Forget what operators kept of a league's `names`."""
    await raw(connection).execute(
        "DELETE FROM team_aliases WHERE sport_key = $1 AND name = ANY ($2::text[])", sport_key, list(names)
    )


async def teams_of(connection: Connection, sport_key: str) -> list[str]:
    """Return every team that plays in a league's games."""
    rows = await raw(connection).fetch(
        "SELECT home_team FROM games WHERE sport_key = $1 UNION SELECT away_team FROM games WHERE sport_key = $1",
        sport_key,
    )
    return [row["home_team"] for row in rows]


async def teams_by_league(connection: Connection, since: datetime) -> dict[str, list[str]]:
    """Return the teams that play in games since then and in those ahead, by league."""
    rows = await raw(connection).fetch(
        """
        SELECT sport_key, home_team AS team FROM games WHERE commence_time > $1
         UNION SELECT sport_key, away_team FROM games WHERE commence_time > $1
         ORDER BY sport_key, team
        """,
        since,
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["sport_key"], []).append(row["team"])
    return found


async def are_two(connection: Connection, sport_key: str, name: str, other: str) -> bool:
    """Return whether two names play each other, or other rivals within the hour: then they are two teams."""
    return bool(
        await raw(connection).fetchval(
            """
            WITH sides AS (SELECT commence_time, home_team AS team, away_team AS rival FROM games WHERE sport_key = $1
                            UNION ALL
                           SELECT commence_time, away_team, home_team FROM games WHERE sport_key = $1)
            SELECT EXISTS (SELECT FROM sides AS one JOIN sides AS two ON one.rival <> two.rival
                            WHERE one.team = $2 AND two.team = $3
                              AND abs(extract(epoch FROM one.commence_time - two.commence_time)) < 3600)
            """,
            sport_key,
            name,
            other,
        )
    )
