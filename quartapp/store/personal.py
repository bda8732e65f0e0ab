"""Everything that is kept of a member, for their export: a statement a table, each taking the member's id.

Left out are only what proves who they are (hashes of passwords, tokens and codes) and repeats of what is here.
docs/privacy.md says why each table is kept and how long; a test holds both to the schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection

EXPORTED = {
    "account": (
        "users",
        "SELECT id, email, date_of_birth, region, created_at, password_changed_at FROM users WHERE id = $1",
    ),
    "sessions": (
        "sessions",
        """
        SELECT id, created_at, refreshed_at, expires_at, user_agent, ended_at, end_reason
          FROM sessions WHERE user_id = $1 ORDER BY created_at
        """,
    ),
    "recovery_codes": (
        "recovery_codes",
        "SELECT made_at, used_at FROM recovery_codes WHERE user_id = $1 ORDER BY made_at",
    ),
    "password_resets": (
        "account_resets",
        "SELECT made_at, expires_at, used_at FROM account_resets WHERE user_id = $1 ORDER BY made_at",
    ),
    "account_events": (
        "account_events",
        "SELECT at, kind, session_id, until FROM account_events WHERE user_id = $1 ORDER BY id",
    ),
    "account_audit": (
        "account_audit",
        "SELECT at, session_id, event, actor FROM account_audit WHERE user_id = $1 ORDER BY id",
    ),
    "limits": ("member_limits", "SELECT limits, pending, updated_at FROM member_limits WHERE user_id = $1"),
    "stakes": ("stakes", "SELECT stake_cents, saved_at FROM stakes WHERE user_id = $1 ORDER BY id"),
    "exclusions": ("exclusions", "SELECT began_at, until FROM exclusions WHERE user_id = $1 ORDER BY id"),
    "conversations": (
        "bot_conversations",
        "SELECT id, title, created_at, updated_at FROM bot_conversations WHERE user_id = $1 ORDER BY created_at",
    ),
    "conversation_turns": (
        "bot_turns",
        """
        SELECT conversation_id, role, text, citations::text AS citations, at
          FROM bot_turns WHERE user_id = $1 ORDER BY id
        """,
    ),
}
# Written elsewhere in the export, or a repeat: saved_parlays is rendered as /api/me/parlays has it.
ELSEWHERE = {
    "saved_parlays": "parlays",
    "idempotency_keys": "a repeat of parlays, kept for 24 hours",
}


async def export(connection: Connection, user_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Return every row of a member but their parlays, by what it is."""
    return {
        name: [dict(row) for row in await raw(connection).fetch(statement, user_id)]
        for name, (_, statement) in EXPORTED.items()
    }
