"""The schema, brought before anything on this host serves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ops.migrate_with_lock import MigrationError, describe, migrate
from ops.telemetry.events import emit

if TYPE_CHECKING:
    from quartapp.settings import Settings


def bring_schema(settings: Settings) -> bool:
    """Migrate under the lock; say how it went."""
    direct = settings.migration_database_url
    try:
        outcome = asyncio.run(
            migrate(
                (direct or settings.database_url).get_secret_value(),
                lock_timeout_seconds=settings.migration_lock_timeout_seconds,
                pooler=settings.database_pooler and direct is None,
            )
        )
    except MigrationError as problem:
        emit("migration_failed", error=str(problem))
        return False
    emit("migration_ended", detail=describe(outcome))
    return True
