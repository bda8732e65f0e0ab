"""Grades of picks and parlays are kept for good with what they were made from; forecasts are kept before the start.

Additive: the version before neither reads nor writes these tables.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A grade is never changed: a correction is a new row that names the one it replaces. One first grade a leg and one
    # correction a grade, so that whatever runs twice, or is killed, the database keeps one line of grades a leg.
    op.execute(
        """
        CREATE TABLE grades (
            id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            bet_kind        text NOT NULL CHECK (bet_kind IN ('pick', 'parlay')),
            bet_id          text NOT NULL,
            leg             smallint NOT NULL CHECK (leg >= 0),
            game_id         text NOT NULL REFERENCES games (id),
            grade           text NOT NULL
                            CHECK (grade IN ('won', 'lost', 'push', 'half_won', 'half_lost', 'void')),
            reason          text NOT NULL,
            game_status     text NOT NULL,
            home_score      integer,
            away_score      integer,
            regulation_home integer,
            regulation_away integer,
            played          numeric,
            source          text NOT NULL,
            told_at         timestamptz,
            graded_at       timestamptz NOT NULL,
            corrects        bigint UNIQUE REFERENCES grades (id),
            CHECK (grade = 'void' OR (home_score IS NOT NULL AND away_score IS NOT NULL))
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX grades_first ON grades (bet_kind, bet_id, leg) WHERE corrects IS NULL")
    op.execute("CREATE INDEX grades_by_bet ON grades (bet_kind, bet_id, leg, id DESC)")
    op.execute("CREATE INDEX grades_by_time ON grades (graded_at)")
    op.execute(
        """
        CREATE FUNCTION refuse_to_change_grades() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a grade is never changed: a correction is a new row'
                  USING ERRCODE = 'integrity_constraint_violation';
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER grades_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON grades
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_grades()
        """
    )
    op.execute(
        """
        CREATE TABLE forecasts (
            game_id       text PRIMARY KEY REFERENCES games (id) ON DELETE CASCADE,
            commence_time timestamptz NOT NULL,
            method        text NOT NULL,
            kind          text NOT NULL CHECK (kind IN ('two_way', 'three_way', 'draw_void')),
            probabilities jsonb NOT NULL,
            books         integer NOT NULL,
            made_at       timestamptz NOT NULL,
            kept_at       timestamptz NOT NULL
        )
        """
    )


def downgrade() -> None:
    raise NotImplementedError("The version before runs on this schema. Restore a backup instead.")
