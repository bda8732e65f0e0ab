"""How a command that asks the stores is run: its answer on standard output, its exit code the process's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from quartapp.settings import Settings


def run_command(command: Callable[..., Coroutine[Any, Any, int]], *arguments: object) -> None:
    """Run `command` with the settings and `arguments`, and exit with what it returns; imports wait until then."""
    import asyncio

    from ops.stores import Unavailable
    from quartapp.settings import load_settings

    settings = load_settings()
    quiet_logs(settings)
    try:
        sys.exit(asyncio.run(command(settings, *arguments)))
    except Unavailable as problem:
        click.echo(
            f"The database cannot be asked ({type(problem).__name__}). See python -m launcher doctor.",
            err=True,
        )
        sys.exit(1)


def quiet_logs(settings: Settings) -> None:
    """Keep standard output for the answer."""
    from ops.telemetry.logs import configure_logging

    configure_logging("ERROR", settings.log_format, settings.secrets, sys.stderr)
