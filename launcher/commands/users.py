"""The `users` commands: what an operator does for a member who cannot get in."""

from __future__ import annotations

import getpass
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from ops.database import session
from ops.stores import open_stores
from quartapp.accounts.emails import normalise_email
from quartapp.accounts.tokens import digest
from quartapp.store import members

if TYPE_CHECKING:
    from quartapp.settings import Settings

LINK_MINUTES = 30


async def reset_user(settings: Settings, email: str) -> int:
    """Print a link that sets a member's password once, within LINK_MINUTES. Written down in the audit.

    The secret is on standard output alone. It stands behind a #, which browsers send to no server, so that it is in
    nobody's access log; the page posts it to /api/auth/reset.
    """
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    try:
        address = normalise_email(email)
    except ValueError as problem:
        click.echo(f"EMAIL {problem}.", err=True)
        return 1
    async with open_stores(settings, "launcher", pool_max=1) as stores:
        await stores.connect()
        async with session(stores.database) as connection, connection.transaction():
            user = await members.find_by_email(connection, address)
            if user is not None:
                until = now + timedelta(minutes=LINK_MINUTES)
                await members.add_reset(connection, user.id, digest(token), now, until)
                operator = f"operator:{getpass.getuser()}"
                await members.audit(connection, user.id, "reset_link_made", now, actor=operator)
    if user is None:
        click.echo("No account has this address.", err=True)
        return 1
    click.echo(f"{_page(settings)}#token={token}")
    click.echo(
        f"Good once, for {LINK_MINUTES} minutes. Give it to the member on a way by which you know them. "
        "Setting the password ends every session."
    )
    return 0


def _page(settings: Settings) -> str:
    """Return the frontend's page, or its path alone where no origin is configured."""
    origin = settings.cors_allowed_origins[0] if settings.cors_allowed_origins else ""
    return f"{origin}/reset-password"
