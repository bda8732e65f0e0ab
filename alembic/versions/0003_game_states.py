"""Games may be cancelled or unresolved; a corrected result leaves a row.

Additive: the version before reads and writes its five states as it did.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE games ADD COLUMN corrected_at timestamptz")
    op.execute("ALTER TABLE games DROP CONSTRAINT games_status_check")
    op.execute(
        """
        ALTER TABLE games ADD CONSTRAINT games_status_check
        CHECK (status IN ('scheduled', 'live', 'final', 'postponed', 'cancelled', 'unresolved', 'withdrawn'))
        """
    )
    op.execute(
        """
        CREATE TABLE game_corrections (
            id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            game_id      text NOT NULL REFERENCES games (id) ON DELETE CASCADE,
            corrected_at timestamptz NOT NULL,
            home_before  integer NOT NULL,
            away_before  integer NOT NULL,
            home_after   integer NOT NULL,
            away_after   integer NOT NULL,
            source       text NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX game_corrections_by_game ON game_corrections (game_id, corrected_at)")
    op.execute(
        """
        CREATE INDEX games_open ON games (commence_time)
         WHERE status IN ('scheduled', 'live', 'postponed', 'unresolved')
        """
    )
    # Games that an older version ended by the clock; the clock's next tick reads them.
    op.execute(
        "CREATE INDEX games_without_result ON games (id) WHERE status = 'final' AND home_score IS NULL"
    )


def downgrade() -> None:
    raise NotImplementedError("The version before runs on this schema. Restore a backup instead.")
