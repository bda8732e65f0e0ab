"""The `teams` commands: games that no scoreboard has, and the names that make one of two."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from ops.database import session
from ops.stores import open_stores
from quartapp.feeds.espn import BOARDS, LEAGUES
from quartapp.identity.names import Names, seeded, without_counterpart
from quartapp.store import scoreboard, teams
from quartapp.team_names import words

if TYPE_CHECKING:
    from databases.core import Connection

    from quartapp.settings import Settings

ENOUGH = 0.995
LOOK_BACK = timedelta(days=30)
MOST_SHOWN = 10  # of a board's games that have neither team


async def list_unmatched(settings: Settings) -> int:
    """Print the games under way that no scoreboard has, with what the boards of their day have instead."""
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        await stores.connect()
        async with session(stores.database) as connection:
            missing = await scoreboard.unmatched_games(connection, datetime.now(UTC))
            aliases = await scoreboard.aliases(connection)
    for game in missing:
        names = Names(game.sport_key, aliases.get(game.sport_key, ()))
        click.echo(
            f"{game.sport_key}: {game.away_team} at {game.home_team}, {game.commence_time:%Y-%m-%d %H:%M} UTC"
        )
        for team in (game.home_team, game.away_team):
            if names.find(team) is None:
                click.echo(f"  {team!r} is in no table")
        _show_board(game, names)
    if not missing:
        click.echo("Every game under way is on its scoreboard.")
    return 1 if missing else 0


def _show_board(game: scoreboard.Unmatched, names: Names) -> None:
    """Print what the board has instead: first games of one of the two teams, with the command that makes them one."""
    rest = []
    for other in game.listed:
        away, _, home = other.partition(" at ")
        theirs = [team for team in (away, home) if names.key(team) not in _keys(game, names)]
        if len(theirs) != 1:
            rest.append(other)
            continue
        click.echo(f"  the board has: {other}")
        (ours,) = (
            team
            for team in (game.away_team, game.home_team)
            if names.key(team) not in {names.key(away), names.key(home)}
        )
        unknown, team = (ours, theirs[0]) if names.find(ours) is None else (theirs[0], ours)
        click.echo(f'    if it is the same game: launcher teams match {game.sport_key} "{unknown}" "{team}"')
    for other in rest[:MOST_SHOWN]:
        click.echo(f"  the board has: {other}")
    if len(rest) > MOST_SHOWN:
        click.echo(f"  and {len(rest) - MOST_SHOWN} more games without either team")


def _keys(game: scoreboard.Unmatched, names: Names) -> set[tuple[str, ...]]:
    return {names.key(game.home_team), names.key(game.away_team)}


async def match_team(settings: Settings, sport_key: str, name: str, team: str) -> int:
    """Keep that NAME is TEAM in a league; the next run of `scoreboard` uses it. Refuses what would make two teams one."""
    name, team = name.strip(), team.strip()
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        await stores.connect()
        async with session(stores.database) as connection, connection.transaction():
            aliases = (await scoreboard.aliases(connection)).get(sport_key, ())
            names = Names(sport_key, aliases)
            if words(name) and words(team) and names.key(name) == names.key(team):
                click.echo(f"{name!r} and {team!r} are one team already.")
                return 0
            objection = await _objection(connection, sport_key, aliases, name, team)
            if objection is not None:
                click.echo(objection, err=True)
                return 1
            await scoreboard.add_alias(
                connection, sport_key, name, team, getpass.getuser(), datetime.now(UTC)
            )
    click.echo(f"Kept: in {sport_key}, {name!r} is {team!r}. The next run of scoreboard uses it.")
    return 0


async def _objection(
    connection: Connection, sport_key: str, aliases: Sequence[tuple[str, str]], name: str, team: str
) -> str | None:
    """Return why NAME cannot be TEAM."""
    names = Names(sport_key, aliases)
    if not words(name) or not words(team):
        return "A team's name has letters or digits."
    known = set(await scoreboard.teams_of(connection, sport_key))
    if sport_key not in seeded() and not known:
        near = [key for key in BOARDS if key.endswith(f"_{sport_key}")] or get_close_matches(
            sport_key, BOARDS, n=1
        )
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"There is no league {sport_key!r}: it is in no table and has no game.{hint}"
    if names.find(team) is None and team not in known:
        if names.find(name) is not None:
            return (
                f"{team!r} is no team of {sport_key}, and {name!r} is one. The unknown name comes first:\n"
                f'  launcher teams match {sport_key} "{team}" "{name}"'
            )
        near = get_close_matches(team, [*set(seeded().get(sport_key, {}).values()), *known], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"{team!r} is no team of {sport_key}: it is in no table and plays no game.{hint}"
    other = names.find(name)
    if other is not None:
        refused = f"{name!r} is {other!r} in {sport_key}: two teams would become one."
        if any(words(written) == words(name) for written, _ in aliases):
            refused += f' An operator kept that:\n  launcher teams forget {sport_key} "{name}"'
        return refused
    if await scoreboard.are_two(connection, sport_key, name, team):
        return (
            f"{name!r} and {team!r} play each other, or at the same time: they are two teams of {sport_key}."
        )
    return None


async def forget_name(settings: Settings, sport_key: str, name: str) -> int:
    """Take back what operators kept of NAME."""
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        await stores.connect()
        async with session(stores.database) as connection, connection.transaction():
            aliases = (await scoreboard.aliases(connection)).get(sport_key, ())
            kept = [(written, team) for written, team in aliases if words(written) == words(name)]
            await scoreboard.remove_aliases(connection, sport_key, [written for written, _ in kept])
    for written, team in kept:
        click.echo(f"Forgotten: in {sport_key}, {written!r} is no longer {team!r}.")
    if not kept:
        click.echo(f"Nobody kept anything of {name!r} in {sport_key}.", err=True)
    return 0 if kept else 1


async def show_coverage(settings: Settings) -> int:
    """Print how many of the teams that play in our games are on ESPN's lists, and the rest by name."""
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        await stores.connect()
        async with session(stores.database) as connection:
            aliases = await scoreboard.aliases(connection)
            playing = await scoreboard.teams_by_league(connection, datetime.now(UTC) - LOOK_BACK)
            listed = await teams.listed(connection)
    enough = True
    for sport_key in sorted(set(playing) & set(LEAGUES)):
        added = aliases.get(sport_key, [])
        enough &= _show_league(sport_key, playing[sport_key], listed.get(sport_key, ()), added)
        for name, team in added:
            click.echo(f"  an operator added: {name!r} is {team!r}")
    if not set(playing) & set(LEAGUES):
        click.echo("No league with a scoreboard has a game.")
    return 0 if enough else 1


def _show_league(
    sport_key: str, playing: Sequence[str], listed: Sequence[str], added: Sequence[tuple[str, str]]
) -> bool:
    if not listed:
        click.echo(f"{sport_key}: {len(playing)} teams; ESPN's list has not come yet (job roster_injuries)")
        return True
    rest = without_counterpart(playing, listed, Names(sport_key, added))
    share = 1 - len(rest) / len(playing)
    click.echo(f"{sport_key}: {len(playing) - len(rest)} of {len(playing)} teams ({100 * share:.1f} %)")
    for team in rest:
        click.echo(f"  {team!r} is not on ESPN's list")
    return share >= ENOUGH
