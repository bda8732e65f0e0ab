"""The newest run of a job that had something to do, however many had nothing since.

Additive: the version before looks at the newest 60 runs and does not use the index.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE INDEX scheduler_job_runs_busy ON scheduler_job_runs (job_name, scheduled_for DESC, attempt DESC)
         WHERE status = 'success' AND jsonb_typeof(stats -> 'due') = 'number' AND stats -> 'due' > '0'::jsonb
        """
    )


def downgrade() -> None:
    raise NotImplementedError("The version before runs on this schema. Restore a backup instead.")
