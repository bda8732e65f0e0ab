"""Runs the revisions on the connection that ops.migrate_with_lock hands over, in one transaction."""

from alembic import context

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Revisions run under the lock only: use `python -m ops.migrate_with_lock`.")

context.configure(connection=connection, target_metadata=None)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
