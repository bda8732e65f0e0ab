"""Regions that operators changed; what is not here is as the package has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from ops.database import raw
from quartapp.members.region_file import packaged, read_region
from quartapp.members.regions import Region, Regions

if TYPE_CHECKING:
    from databases.core import Connection


async def load(connection: Connection) -> Regions:
    """Return the regions that hold: the packaged ones with what operators changed."""
    rows = await raw(connection).fetch("SELECT code, settings FROM regions ORDER BY code")
    return packaged().with_changes({row["code"]: read_region(row["code"], row["settings"]) for row in rows})


async def save(connection: Connection, regions: Iterable[Region], by: str, now: datetime) -> None:
    """Write regions in the place of what was known of each."""
    wanted = list(regions)
    await raw(connection).execute(
        """
        INSERT INTO regions (code, settings, updated_by, updated_at)
        SELECT new.*, $3, $4 FROM unnest($1::text[], $2::jsonb[]) AS new
            ON CONFLICT (code) DO UPDATE
           SET settings = excluded.settings, updated_by = excluded.updated_by, updated_at = excluded.updated_at
        """,
        [region.code for region in wanted],
        [_settings(region) for region in wanted],
        by,
        now,
    )


async def forget(connection: Connection, code: str) -> bool:
    """Let a region be as the package has it again; False if nobody had changed it."""
    return await raw(connection).execute("DELETE FROM regions WHERE code = $1", code) != "DELETE 0"


def _settings(region: Region) -> dict[str, object]:
    lines = [
        {key: value for key, value in asdict(line).items() if key != "region"} for line in region.helplines
    ]
    known = {"age": region.age, "text": region.text, "helplines": lines}
    return {key: value for key, value in known.items() if value is not None}
