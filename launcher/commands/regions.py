"""The `regions` commands: what visitors and members of each region are told, changed without a deploy."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from launcher.commands.jobs import run_now
from ops.database import session
from ops.stores import Stores, open_stores
from quartapp.members.region_file import as_toml, parse
from quartapp.members.regions import RegionsError
from quartapp.store import regions as store

if TYPE_CHECKING:
    from quartapp.settings import Settings


async def list_regions(settings: Settings) -> int:
    """Print every region as a table of TOML."""
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        await stores.connect()
        async with session(stores.database) as connection:
            known = await store.load(connection)
    click.echo("\n\n".join(as_toml(region) for region in known))
    return 0


async def load_regions(settings: Settings, text: str) -> int:
    """Write the regions of a text and publish them. A mistake changes nothing."""
    try:
        wanted = parse(text)
        if not wanted:
            raise RegionsError("names no region")
    except RegionsError as problem:
        click.echo(f"The file is not used, because it {problem}.", err=True)
        return 1
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        await stores.connect()
        async with session(stores.database) as connection, connection.transaction():
            current = await store.load(connection)
            try:
                current.with_changes(wanted)
            except RegionsError as problem:
                click.echo(f"The file is not used, because {problem}.", err=True)
                return 1
            await store.save(connection, wanted.values(), getpass.getuser(), datetime.now(UTC))
    click.echo(f"Kept: {', '.join(wanted)}.")
    return await _publish(settings)


async def reset_region(settings: Settings, code: str) -> int:
    """Forget what was changed of a region."""
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        known = await _forget(stores, code)
    if not known:
        click.echo(f"Nobody has changed {code}; `launcher regions list` shows what is known.", err=True)
        return 1
    return await _publish(settings)


async def _forget(stores: Stores, code: str) -> bool:
    await stores.connect()
    async with session(stores.database) as connection:
        return await store.forget(connection, code)


async def _publish(settings: Settings) -> int:
    """Let the clock publish at once; what is kept is published within the hour anyway."""
    code = await run_now(settings, "regions")
    if code:
        click.echo("It is kept, and the clock publishes it within an hour.", err=True)
    return code
