"""How games came to their end: play after regulation, the score at its end, how much was played, and why one stopped.

Additive: the version before knows none of these columns.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # fate: abandoned, forfeit or suspended, where a source said so. played: minutes or innings, of a game cut short.
    op.execute(
        """
        ALTER TABLE games
          ADD COLUMN fate            text,
          ADD COLUMN overtime        boolean,
          ADD COLUMN regulation_home integer,
          ADD COLUMN regulation_away integer,
          ADD COLUMN played          numeric
        """
    )
    op.execute(
        """
        ALTER TABLE game_corrections
          ADD COLUMN regulation_home_before integer,
          ADD COLUMN regulation_away_before integer,
          ADD COLUMN regulation_home_after  integer,
          ADD COLUMN regulation_away_after  integer
        """
    )


def downgrade() -> None:
    raise NotImplementedError("The version before runs on this schema. Restore a backup instead.")
