"""Members' conversations with the bot.

Additive: the version before knows neither table.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE bot_conversations (
        id         uuid PRIMARY KEY,
        user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        title      text NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX bot_conversations_by_user ON bot_conversations (user_id, updated_at DESC)",
    "CREATE INDEX bot_conversations_by_time ON bot_conversations (updated_at)",
    """
    CREATE TABLE bot_turns (
        id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        conversation_id uuid NOT NULL REFERENCES bot_conversations (id) ON DELETE CASCADE,
        user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        role            text NOT NULL CHECK (role IN ('member', 'bot')),
        text            text NOT NULL,
        citations       jsonb NOT NULL,
        at              timestamptz NOT NULL
    )
    """,
    "CREATE INDEX bot_turns_by_conversation ON bot_turns (conversation_id, id)",
    "CREATE INDEX bot_turns_by_user ON bot_turns (user_id)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE bot_turns")
    op.execute("DROP TABLE bot_conversations")
