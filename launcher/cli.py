"""The one command line. Heavy imports wait inside the commands: `healthcheck` runs every few seconds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from launcher.commands.running import quiet_logs, run_command
from launcher.commands.teams_group import teams

if TYPE_CHECKING:
    from datetime import datetime


MAX_PREVIEW_HOURS = 24 * 366


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Settings come from the environment; .env.example explains each. docs/runbook.md shows every command in use.",
)
def main() -> None:
    """Start, watch and steer Parlay Gorilla's backend."""


@main.command()
def web() -> None:
    """Serve HTTP: migrate under the lock, then bind PORT. SIGTERM drains and exits 0."""
    from launcher.roles.web import run_web
    from quartapp.settings import load_settings

    sys.exit(run_web(load_settings()))


@main.command()
def clock() -> None:
    """Run scheduled jobs behind the lease. Any number may run; one leads. SIGTERM drains and exits 0."""
    from launcher.roles.clock import clock_role
    from quartapp.settings import load_settings

    sys.exit(clock_role(load_settings()))


@main.command()
@click.option("--port", type=int, default=None, help="Port of the web role; PORT or 8000 without it.")
def dev(port: int | None) -> None:
    """Run everything on this machine: PostgreSQL, Redis, sandbox upstreams, web, clock. Ctrl-C stops all."""
    try:
        from launcher.dev.dev import run_dev
    except ModuleNotFoundError:
        raise click.ClickException(
            "This is the production image, which has no part for development."
        ) from None

    sys.exit(run_dev(port))


@main.command(name="migrate")
@click.option("--check", is_flag=True, help="Only tell; exit 1 when revisions are missing.")
def migrate_command(check: bool) -> None:
    """Bring the database to this code's schema, under the lock."""
    from ops.migrate_with_lock import main as migrate_main

    sys.exit(migrate_main(["--check"] if check else []))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def status(as_json: bool) -> None:
    """Tell what is alive, who leads, what ran and what is due. Exits 0 healthy, 1 degraded, 2 unreachable."""
    import asyncio

    from launcher.commands.status import read_status, show
    from quartapp.settings import load_settings

    settings = load_settings()
    quiet_logs(settings)
    sys.exit(show(asyncio.run(read_status(settings)), as_json))


@main.command()
def doctor() -> None:
    """Check settings, database, Redis, migrations, Telegram, Odds API and clock; one line each, with the mend."""
    import asyncio

    from launcher.commands.doctor import run_doctor
    from quartapp.settings import load_settings

    settings = load_settings()
    quiet_logs(settings)
    sys.exit(asyncio.run(run_doctor(settings)))


@main.command()
@click.argument("role", type=click.Choice(["web", "clock"]))
@click.option(
    "--ready", is_flag=True, help="PostgreSQL and Redis must answer too; a clock must lead or stand by."
)
def healthcheck(role: str, ready: bool) -> None:
    """Tell whether this container's ROLE is alive; for compose and Kubernetes."""
    from launcher.commands.healthcheck import check_clock, check_web

    problem = check_web(ready=ready) if role == "web" else check_clock(ready=ready)
    if problem is not None:
        click.echo(problem, err=True)
        sys.exit(1)


@main.command()
@click.option(
    "--scale", default="", metavar="ROLE=N,...", help="How many of each role, such as web=2,clock=2."
)
def up(scale: str) -> None:
    """Run the Procfile's roles on a host without Docker, restarted when they end."""
    from launcher.host.up import run_up
    from quartapp.settings import load_settings

    sys.exit(run_up(load_settings(), scale))


@main.command()
@click.argument("role")
def reload(role: str) -> None:
    """Replace a role's instances one at a time under a running `up`, without refusing a connection."""
    import json

    from launcher.host.control import RELOAD_SECONDS, ask

    try:
        answer = ask(f"reload {role}", RELOAD_SECONDS)
    except OSError as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    click.echo(json.dumps(answer))
    sys.exit(1 if "error" in answer else 0)


@main.group()
def jobs() -> None:
    """List, run, pause and foresee scheduled jobs."""


@jobs.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def jobs_list(as_json: bool) -> None:
    """List every job with its newest run."""
    from launcher.commands.jobs import list_jobs

    run_command(list_jobs, as_json)


@jobs.command(name="run")
@click.argument("name")
def jobs_run(name: str) -> None:
    """Run job NAME now, on the clock that leads; shows progress and exits 0 when it succeeds."""
    from launcher.commands.jobs import run_now

    run_command(run_now, name)


@jobs.command(name="history")
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many runs.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def jobs_history(name: str, limit: int, as_json: bool) -> None:
    """Show the newest runs of job NAME."""
    from launcher.commands.jobs import show_history

    run_command(show_history, name, limit, as_json)


def _checked_hours(_: click.Context, __: click.Parameter, hours: float) -> float:
    if not 0 < hours <= MAX_PREVIEW_HOURS:  # false for nan as well
        raise click.BadParameter(f"{hours:g} is not between 0 and {MAX_PREVIEW_HOURS} (a year).")
    return hours


def _checked_start(_: click.Context, __: click.Parameter, start: str | None) -> datetime:
    from datetime import UTC, datetime

    try:
        moment = datetime.now(UTC) if start is None else datetime.fromisoformat(start)
    except ValueError:
        raise click.BadParameter("write an ISO time such as 2026-11-01T00:00:00Z") from None
    if not 2000 <= moment.year <= 2090:
        raise click.BadParameter(f"the year {moment.year} is not between 2000 and 2090")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@jobs.command(name="preview")
@click.option(
    "--hours", default=48.0, show_default=True, callback=_checked_hours, help="How far ahead, up to a year."
)
@click.option(
    "--from",
    "start",
    default=None,
    metavar="ISO",
    callback=_checked_start,
    help="Where to start; now without it.",
)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def jobs_preview(hours: float, start: datetime, as_json: bool) -> None:
    """Show when every job will run."""
    from launcher.commands.jobs import preview
    from ops.clock.schedule import ScheduleError
    from quartapp.settings import load_settings

    try:
        sys.exit(preview(load_settings(), start, hours, as_json))
    except ScheduleError as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)


@jobs.command(name="pause")
@click.argument("name")
def jobs_pause(name: str) -> None:
    """Stop scheduling job NAME until it is resumed."""
    from launcher.commands.jobs import set_paused

    run_command(set_paused, name, True)


@jobs.command(name="resume")
@click.argument("name")
def jobs_resume(name: str) -> None:
    """Schedule job NAME again, from its next tick on."""
    from launcher.commands.jobs import set_paused

    run_command(set_paused, name, False)


@main.group()
def regions() -> None:
    """Show and change the lawful age and the helplines of each region."""


@regions.command(name="list")
def regions_list() -> None:
    """Print every region that is known, in the form that `load` reads."""
    from launcher.commands.regions import list_regions

    run_command(list_regions)


@regions.command(name="load")
@click.argument("file", type=click.Path(allow_dash=True))
def regions_load(file: str) -> None:
    """Take regions from FILE (- for standard input) and publish them.

    FILE is TOML, a table a region; what it says of a region replaces what was known of that region, and other
    regions stay:

    \b
      [US-NJ]
      age = 21
      helplines = [{ name = "...", phone = "...", url = "https://..." }]
    """  # noqa: D301 - click reads the backspace
    from launcher.commands.regions import load_regions

    try:
        with click.open_file(file, encoding="utf-8") as opened:
            text = opened.read()
    except (OSError, UnicodeDecodeError) as problem:
        raise click.ClickException(f"{file} cannot be read: {problem}") from None
    run_command(load_regions, text)


@regions.command(name="reset")
@click.argument("code")
def regions_reset(code: str) -> None:
    """Let region CODE be as the package has it again, and publish it."""
    from launcher.commands.regions import reset_region

    run_command(reset_region, code)


main.add_command(teams)


@main.group()
def users() -> None:
    """Help a member who cannot get in."""


@users.command(name="reset")
@click.argument("email")
def users_reset(email: str) -> None:
    """Print a link that sets the password of the account with address EMAIL: once, within 30 minutes."""
    from launcher.commands.users import reset_user

    run_command(reset_user, email)
