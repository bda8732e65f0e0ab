"""Members' conversations with the bot. Every statement takes the member's id; whatever is 30 days old is deleted.

A member has a bounded number of them and of turns, in each and in all: the oldest make room for new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection

MOST_CONVERSATIONS = 200  # of a member, all of which are listed
MOST_TURNS = 200  # of a conversation, all of which are read: a hundred questions and answers
MOST_IN_ALL = 2_000  # turns of a member: an export of all of them is some 5 MB


@dataclass(frozen=True, slots=True)
class Turn:
    """A row of `bot_turns`: the words of one side; `role` is member or bot."""

    role: str
    text: str
    at: datetime
    citations: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A row of `bot_conversations`; `title` is how it began."""

    id: UUID
    title: str
    created_at: datetime
    updated_at: datetime


async def latest(
    connection: Connection, user_id: UUID, conversation: UUID, turns: int
) -> list[tuple[str, str]] | None:
    """Return (role, text) of the last turns of a member's conversation, oldest first; None if it is not theirs."""
    rows = await raw(connection).fetch(
        """
        SELECT turn.role, turn.text
          FROM bot_conversations
          LEFT JOIN LATERAL (
               SELECT id, role, text FROM bot_turns
                WHERE conversation_id = bot_conversations.id AND bot_turns.user_id = $1 ORDER BY id DESC LIMIT $3
               ) turn ON true
         WHERE bot_conversations.user_id = $1 AND bot_conversations.id = $2
         ORDER BY turn.id
        """,
        user_id,
        conversation,
        turns,
    )
    return [(row["role"], row["text"]) for row in rows if row["role"] is not None] if rows else None


async def add(
    connection: Connection,
    user_id: UUID,
    conversation: UUID,
    title: str | None,
    turns: Sequence[Turn],
    now: datetime,
    *,
    most_conversations: int = MOST_CONVERSATIONS,
    most_turns: int = MOST_TURNS,
    most_in_all: int = MOST_IN_ALL,
) -> None:
    """Write turns, all of them said at `now`; with a `title` they begin the conversation. Call it in a transaction.

    Nothing is written where the account, or the conversation that they go on with, was deleted meanwhile; nor a
    second time by whoever was not told that it was written.
    """
    if title is not None:
        await raw(connection).execute(
            """
            INSERT INTO bot_conversations (id, user_id, title, created_at, updated_at)
            SELECT $2, id, $3, $4, $4 FROM users WHERE id = $1
                ON CONFLICT (id) DO NOTHING
            """,
            user_id,
            conversation,
            title,
            now,
        )
    row = await raw(connection).fetchrow(
        """
        UPDATE bot_conversations SET updated_at = greatest(updated_at, $3)
         WHERE user_id = $1 AND id = $2
           AND NOT EXISTS (SELECT FROM bot_turns WHERE user_id = $1 AND conversation_id = $2 AND at = $3)
        RETURNING id
        """,
        user_id,
        conversation,
        now,
    )
    if row is None:
        return
    await raw(connection).executemany(
        """
        INSERT INTO bot_turns (conversation_id, user_id, role, text, citations, at)
        VALUES ($2, $1, $3, $4, $5::jsonb, $6)
        """,
        [(user_id, conversation, turn.role, turn.text, turn.citations, turn.at) for turn in turns],
    )
    await raw(connection).execute(
        """
        DELETE FROM bot_turns
         WHERE user_id = $1 AND conversation_id = $2
           AND id <= (SELECT id FROM bot_turns WHERE user_id = $1 AND conversation_id = $2
                       ORDER BY id DESC OFFSET $3 LIMIT 1)
        """,
        user_id,
        conversation,
        most_turns,
    )
    # Those last used longest ago, also where turns were added to many of them.
    await raw(connection).execute(
        """
        DELETE FROM bot_conversations
         WHERE user_id = $1
           AND id IN (
               SELECT id
                 FROM (SELECT id, row_number() OVER newest AS place, sum(turns) OVER newest AS turns
                         FROM (SELECT id, updated_at, (SELECT count(*) FROM bot_turns
                                                        WHERE conversation_id = bot_conversations.id) AS turns
                                 FROM bot_conversations WHERE user_id = $1) counted
                       WINDOW newest AS (ORDER BY updated_at DESC, id)) placed
                WHERE place > $2 OR turns > $3)
        """,
        user_id,
        most_conversations,
        most_in_all,
    )


async def listed(connection: Connection, user_id: UUID) -> list[Conversation]:
    """Return a member's conversations, newest first."""
    rows = await raw(connection).fetch(
        """
        SELECT id, title, created_at, updated_at
          FROM bot_conversations WHERE user_id = $1 ORDER BY updated_at DESC, id LIMIT $2
        """,
        user_id,
        MOST_CONVERSATIONS,
    )
    return [Conversation(*row) for row in rows]


async def read(
    connection: Connection, user_id: UUID, conversation: UUID
) -> tuple[Conversation, list[Turn]] | None:
    """Return a member's conversation with its turns, oldest first."""
    row = await raw(connection).fetchrow(
        "SELECT id, title, created_at, updated_at FROM bot_conversations WHERE user_id = $1 AND id = $2",
        user_id,
        conversation,
    )
    if row is None:
        return None
    return Conversation(*row), await turns_of(connection, user_id, conversation)


async def turns_of(connection: Connection, user_id: UUID, conversation: UUID) -> list[Turn]:
    """Return the last turns of a member's conversation, oldest first."""
    rows = await raw(connection).fetch(
        """
        SELECT role, text, at, citations
          FROM bot_turns WHERE user_id = $1 AND conversation_id = $2 ORDER BY id DESC LIMIT $3
        """,
        user_id,
        conversation,
        MOST_TURNS,
    )
    return [Turn(*row) for row in reversed(rows)]


async def delete(connection: Connection, user_id: UUID, conversation: UUID) -> bool:
    """Delete a member's conversation. Return whether there was one."""
    row = await raw(connection).fetchrow(
        "DELETE FROM bot_conversations WHERE user_id = $1 AND id = $2 RETURNING id", user_id, conversation
    )
    return row is not None


async def delete_before(connection: Connection, when: datetime, limit: int = 1000) -> int:
    """Delete conversations in which nothing was said since; return how many."""
    rows = await raw(connection).fetch(
        """
        DELETE FROM bot_conversations
         WHERE id IN (SELECT id FROM bot_conversations WHERE updated_at < $1 ORDER BY updated_at LIMIT $2)
        RETURNING id
        """,
        when,
        limit,
    )
    return len(rows)
