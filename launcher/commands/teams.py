"""The `teams` commands: games that no scoreboard has, and the names that make one of two."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from ops.database import raw, session
from ops.stores import open_stores
from quartapp.identity.names import Names
from quartapp.store import scoreboard

if TYPE_CHECKING:
    from databases.core import Connection

    from quartapp.settings import Settings


async def list_unmatched(settings: Settings) -> int:
    """Print the games under way that no scoreboard has, with what the boards of their day have instead."""
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        await stores.connect()
        async with session(stores.database) as connection:
            missing = await scoreboard.unmatched_games(connection)
            aliases = await scoreboard.aliases(connection)
    for game in missing:
        names = Names(game.sport_key, aliases.get(game.sport_key, ()))
        click.echo(
            f"{game.sport_key}: {game.away_team} at {game.home_team}, {game.commence_time:%Y-%m-%d %H:%M} UTC"
        )
        for team in (game.home_team, game.away_team):
            if names.find(team) is None:
                click.echo(f"  {team!r} is in no table")
        for other in game.listed:
            click.echo(f"  the board has: {other}")
    if not missing:
        click.echo("Every game under way is on its scoreboard.")
    return 1 if missing else 0


async def match_team(settings: Settings, sport_key: str, name: str, team: str) -> int:
    """Keep that NAME is TEAM in a league; the next run of `scoreboard` uses it."""
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        await stores.connect()
        async with session(stores.database) as connection, connection.transaction():
            aliases = await scoreboard.aliases(connection)
            names = Names(sport_key, aliases.get(sport_key, ()))
            if names.key(name) == names.key(team):
                click.echo(f"{name!r} and {team!r} are one team already.", err=True)
                return 1
            if names.find(team) is None and not await _plays(connection, sport_key, team):
                click.echo(
                    f"{team!r} is no team of {sport_key}: it is in no table and plays no game.", err=True
                )
                return 1
            await scoreboard.add_alias(
                connection, sport_key, name, team, getpass.getuser(), datetime.now(UTC)
            )
    click.echo(f"Kept: in {sport_key}, {name!r} is {team!r}. The next run of scoreboard uses it.")
    return 0


async def _plays(connection: Connection, sport_key: str, team: str) -> bool:
    return bool(
        await raw(connection).fetchval(
            "SELECT EXISTS (SELECT FROM games WHERE sport_key = $1 AND $2 IN (home_team, away_team))",
            sport_key,
            team,
        )
    )
