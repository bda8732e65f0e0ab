"""First schema: sports, odds, documents, clock, alerts."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in _statements(script):
        op.execute(statement)


def _statements(script: str) -> list[str]:
    """Split on semicolons at line ends: asyncpg prepares one statement at a time."""
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip()]


def downgrade() -> None:
    raise NotImplementedError("The first schema has nothing below it. Restore a backup instead.")
