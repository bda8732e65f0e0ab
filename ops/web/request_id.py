"""The id of the request being handled, wherever it is needed."""

from __future__ import annotations

from structlog.contextvars import get_contextvars


def request_id() -> str:
    """Return the id that the front gave this request; empty outside of one."""
    return str(get_contextvars().get("request_id", ""))
