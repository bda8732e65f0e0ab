"""Cursors: where a page ends, as an opaque word. A cursor is a position, so games may come and go."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime


class CursorError(ValueError):
    """A word that is no cursor of ours."""


def encode(commence_time: datetime, game_id: str) -> str:
    """Return the cursor of the position after a game."""
    text = f"{int(commence_time.timestamp())}:{game_id}"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(text: str) -> tuple[datetime, str]:
    """Return (commence_time, game_id) of a cursor. Raises CursorError."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        seconds, game_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(":", 1)
        if "\x00" in game_id:  # PostgreSQL has no text with a NUL
            raise CursorError
        return datetime.fromtimestamp(int(seconds), UTC), game_id
    except (ValueError, binascii.Error, OverflowError, OSError):
        raise CursorError("is no cursor that this server gave") from None
