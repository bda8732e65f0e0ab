"""The next attempt of a failed or lost run is a row with its time; a request to run says what it waits for.

Only a new table and nullable columns of `job_requests`: the version before reads that table by column names, and
`scheduler_job_runs`, which it reads whole, stays as it is.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE scheduler_next_attempts (
            job_name      text NOT NULL,
            scheduled_for timestamptz NOT NULL,
            attempt       integer NOT NULL,
            due_at        timestamptz NOT NULL,
            PRIMARY KEY (job_name, scheduled_for)
        )
        """
    )
    op.execute("ALTER TABLE job_requests ADD COLUMN wait_until timestamptz, ADD COLUMN code text")


def downgrade() -> None:
    op.execute("ALTER TABLE job_requests DROP COLUMN wait_until, DROP COLUMN code")
    op.execute("DROP TABLE scheduler_next_attempts")
