"""Finished games in the order of their lists, which go back for good.

Additive: the version before does not ask for them.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX games_finished ON games (commence_time, id) WHERE status = 'final'")


def downgrade() -> None:
    raise NotImplementedError("The version before runs on this schema. Restore a backup instead.")
