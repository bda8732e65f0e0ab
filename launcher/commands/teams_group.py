"""`launcher teams`: the words of its commands. What they do is `launcher.commands.teams`, loaded when one is run."""

from __future__ import annotations

import click

from launcher.commands.running import run_command


@click.group()
def teams() -> None:
    """Show games that no scoreboard has, and say which two names are one team."""


@teams.command(name="unmatched")
def teams_unmatched() -> None:
    """List games under way that ESPN's scoreboard does not have. Exits 1 when there are any.

    Under each stand the games that the board of its day has instead: one of them is usually the same game under
    another name. `teams match` then says so.
    """
    from launcher.commands.teams import list_unmatched

    run_command(list_unmatched)


@teams.command(name="match")
@click.argument("sport")
@click.argument("name")
@click.argument("team")
def teams_match(sport: str, name: str, team: str) -> None:
    """Keep that NAME is TEAM in league SPORT, such as basketball_nba.

    NAME is the one that nobody knows, as one source writes it; TEAM is a team of the league, as the other does:

    \b
      launcher teams match basketball_ncaab "App State Mountaineers" "Appalachian State Mountaineers"

    Refused when NAME is another team already. `teams forget` takes it back.
    """  # noqa: D301 - click reads the backspace
    from launcher.commands.teams import match_team

    run_command(match_team, sport, name, team)


@teams.command(name="forget")
@click.argument("sport")
@click.argument("name")
def teams_forget(sport: str, name: str) -> None:
    """Take back what `teams match` kept of NAME in league SPORT; the table that ships with the code stays."""
    from launcher.commands.teams import forget_name

    run_command(forget_name, sport, name)


@teams.command(name="coverage")
def teams_coverage() -> None:
    """Show how many teams of our games ESPN's own lists have, league by league, and which they have not.

    Exits 1 when fewer than 99.5 % of a league's are found: their games will be on no scoreboard. Names that operators
    added stand below. ESPN's lists come with the job roster_injuries, every three hours.
    """
    from launcher.commands.teams import show_coverage

    run_command(show_coverage)
