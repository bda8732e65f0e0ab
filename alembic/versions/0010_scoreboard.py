"""How far running games are, who told it, names that operators added, and games no scoreboard knows.

Additive: the version before knows none of these columns and tables.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # live_at: when what is told of a running game last changed. score_source: who told the score.
    op.execute(
        """
        ALTER TABLE games
          ADD COLUMN live_period  smallint,
          ADD COLUMN live_clock   text,
          ADD COLUMN live_detail  text,
          ADD COLUMN live_at      timestamptz,
          ADD COLUMN live_source  text,
          ADD COLUMN score_source text
        """
    )
    op.execute(
        """
        CREATE TABLE team_aliases (
            sport_key text NOT NULL,
            name      text NOT NULL,
            team      text NOT NULL,
            added_by  text NOT NULL,
            added_at  timestamptz NOT NULL,
            PRIMARY KEY (sport_key, name)
        )
        """
    )
    # listed: what the scoreboard of its day showed that is none of our games.
    op.execute(
        """
        CREATE TABLE unmatched_games (
            game_id text PRIMARY KEY REFERENCES games (id) ON DELETE CASCADE,
            source  text NOT NULL,
            since   timestamptz NOT NULL,
            listed  text[] NOT NULL
        )
        """
    )


def downgrade() -> None:
    raise NotImplementedError("The version before runs on this schema. Restore a backup instead.")
