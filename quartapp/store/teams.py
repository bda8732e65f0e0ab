"""Teams, rosters and injuries, as the injury source names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection

    from quartapp.records import InjuryReport, Player, Team


@dataclass(frozen=True, slots=True)
class Injury:
    """A row of `injuries`."""

    sport_key: str
    team_name: str
    athlete: str
    position: str | None
    status: str
    injury_type: str | None
    detail: str | None
    reported_at: datetime | None
    source: str
    fetched_at: datetime


async def upsert_teams(
    connection: Connection, sport_key: str, teams: Sequence[Team], now: datetime, *, whole: bool = True
) -> None:
    """Write a league's teams; when the list is `whole`, those it no longer has go, with their rosters."""
    await raw(connection).execute(
        """
        INSERT INTO teams (sport_key, espn_id, name, abbreviation, updated_at)
        SELECT $1, new.*, $5 FROM unnest($2::text[], $3::text[], $4::text[]) AS new
            ON CONFLICT (sport_key, espn_id) DO UPDATE
           SET name = excluded.name, abbreviation = excluded.abbreviation, updated_at = excluded.updated_at
        """,
        sport_key,
        [team.id for team in teams],
        [team.name for team in teams],
        [team.abbreviation for team in teams],
        now,
    )
    if not whole:
        return
    await raw(connection).execute(
        "DELETE FROM teams WHERE sport_key = $1 AND espn_id <> ALL ($2::text[])",
        sport_key,
        [team.id for team in teams],
    )


async def replace_rosters(
    connection: Connection, sport_key: str, rosters: Mapping[str, Sequence[Player]], now: datetime
) -> int:
    """Make the rosters of these teams exactly these; other teams keep theirs. Return the players written."""
    rows = [
        (team_id, player.id, player.name, player.position)
        for team_id, players in rosters.items()
        for player in {player.id: player for player in players}.values()
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []]
    await raw(connection).execute(
        "DELETE FROM roster_players WHERE sport_key = $1 AND team_id = ANY ($2::text[])",
        sport_key,
        list(rosters),
    )
    await raw(connection).execute(
        """
        INSERT INTO roster_players (sport_key, team_id, athlete_id, name, position, updated_at)
        SELECT $1, new.*, $6 FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS new
        """,
        sport_key,
        *columns,
        now,
    )
    return len(rows)


async def replace_injuries(
    connection: Connection, sport_key: str, injuries: Sequence[InjuryReport], source: str, now: datetime
) -> None:
    """Make a league's injuries exactly these. A report that is as it was keeps when it was first fetched."""
    latest = {(one.team, one.athlete): one for one in injuries}.values()
    await raw(connection).execute(
        """
        DELETE FROM injuries AS held
         WHERE sport_key = $1
           AND NOT EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS kept (team_name, athlete)
                            WHERE (kept.team_name, kept.athlete) = (held.team_name, held.athlete))
        """,
        sport_key,
        [one.team for one in latest],
        [one.athlete for one in latest],
    )
    await raw(connection).execute(
        """
        INSERT INTO injuries AS held (sport_key, team_name, athlete, position, status, injury_type, detail, reported_at,
                                      source, fetched_at)
        SELECT $1, new.*, $9, $10
          FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[]) AS new
            ON CONFLICT (sport_key, team_name, athlete) DO UPDATE
           SET position = excluded.position, status = excluded.status, injury_type = excluded.injury_type,
               detail = excluded.detail, reported_at = excluded.reported_at, source = excluded.source,
               fetched_at = excluded.fetched_at
         WHERE (held.position, held.status, held.injury_type, held.detail, held.reported_at, held.source)
               IS DISTINCT FROM (excluded.position, excluded.status, excluded.injury_type, excluded.detail,
                                 excluded.reported_at, excluded.source)
        """,
        sport_key,
        [one.team for one in latest],
        [one.athlete for one in latest],
        [one.position for one in latest],
        [one.status for one in latest],
        [one.injury_type for one in latest],
        [one.detail for one in latest],
        [one.reported_at for one in latest],
        source,
        now,
    )


async def injuries_of(
    connection: Connection, sport_keys: Sequence[str]
) -> dict[tuple[str, str], list[Injury]]:
    """Return the injuries by (sport, team), newest first. A position that the report lacks is the roster's."""
    rows = await raw(connection).fetch(
        """
        SELECT sport_key, team_name, athlete,
               coalesce(position, (SELECT max(roster_players.position)
                                     FROM teams JOIN roster_players ON roster_players.sport_key = teams.sport_key
                                                                   AND team_id = espn_id
                                    WHERE teams.sport_key = injuries.sport_key AND teams.name = team_name
                                      AND roster_players.name = athlete)) AS position,
               status, injury_type, detail, reported_at, source, fetched_at
          FROM injuries WHERE sport_key = ANY ($1::text[]) ORDER BY reported_at DESC NULLS LAST, athlete
        """,
        list(sport_keys),
    )
    found: dict[tuple[str, str], list[Injury]] = {}
    for row in rows:
        found.setdefault((row["sport_key"], row["team_name"]), []).append(Injury(**row))
    return found


async def names_of(connection: Connection, sport_keys: Sequence[str]) -> dict[str, set[str]]:
    """Return how the injury source names each league's teams."""
    rows = await raw(connection).fetch(
        """
        SELECT sport_key, name FROM teams WHERE sport_key = ANY ($1::text[])
         UNION SELECT sport_key, team_name FROM injuries WHERE sport_key = ANY ($1::text[])
        """,
        list(sport_keys),
    )
    names: dict[str, set[str]] = {}
    for sport_key, name in rows:
        names.setdefault(sport_key, set()).add(name)
    return names


async def listed(connection: Connection) -> dict[str, list[str]]:
    """Return the names on the injury source's own lists of teams, by league."""
    found: dict[str, list[str]] = {}
    for row in await raw(connection).fetch("SELECT sport_key, name FROM teams ORDER BY sport_key, name"):
        found.setdefault(row["sport_key"], []).append(row["name"])
    return found
