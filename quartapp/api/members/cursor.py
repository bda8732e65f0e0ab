"""Where a page of parlays ends: the time and the id of its last one, as a text for the next request."""

from __future__ import annotations

import base64
import uuid
from datetime import datetime

from ops.web.problems import invalid


def encode(at: datetime, parlay_id: uuid.UUID) -> str:
    """Return the text for a page's last parlay."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {parlay_id}".encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, uuid.UUID]:
    """Return where to go on. Raises ProblemError (422) for a text that is none of ours."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, parlay_id = text.partition(" ")
        when = datetime.fromisoformat(at)
        if when.tzinfo is None or not 2000 <= when.year <= 2200:
            raise ValueError(cursor)
        return when, uuid.UUID(parlay_id)
    except (ValueError, UnicodeError):
        raise invalid("cursor", "is not one of ours: take `next` of the page before") from None
