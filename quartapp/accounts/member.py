"""Who asks, as the guard found it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Member:
    """The member whose token a request carries, and the session that the token belongs to.

    While `excluded`, `excluded_until` says until when; None is for good.
    """

    id: UUID
    session_id: UUID
    region: str
    excluded: bool = False
    excluded_until: datetime | None = None
