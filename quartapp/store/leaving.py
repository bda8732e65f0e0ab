"""What becomes of a member's rows when the account is deleted: gone, but for what must outlive it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from quartapp.members import exclusions
from quartapp.store import exclusions as kept_exclusions
from quartapp.store import parlays

if TYPE_CHECKING:
    from databases.core import Connection


async def leave(connection: Connection, user_id: UUID, address_hash: bytes, now: datetime) -> None:
    """Before a member's row is deleted: settled parlays belong to nobody, an exclusion outlives its account."""
    await parlays.leave_behind(connection, user_id)
    held = exclusions.longest(await kept_exclusions.of(connection, user_id), now)
    if held is not None:
        await kept_exclusions.exclude_address(connection, address_hash, held.until)
