"""Accounts: members, their sessions, recovery codes, operators' reset links, and what happened to each.

Additive: the version before knows none of these tables.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE users (
        id                  uuid PRIMARY KEY,
        email               text NOT NULL UNIQUE,
        password_hash       text NOT NULL,
        date_of_birth       date NOT NULL,
        region              text NOT NULL,
        created_at          timestamptz NOT NULL,
        password_changed_at timestamptz NOT NULL
    )
    """,
    # counter: the number of the one refresh token that is current. salt: what that token is derived from, with
    # JWT_SECRET; neither alone makes one. refresh_hash: SHA-256 of the current token.
    """
    CREATE TABLE sessions (
        id           uuid PRIMARY KEY,
        user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        created_at   timestamptz NOT NULL,
        refreshed_at timestamptz NOT NULL,
        expires_at   timestamptz NOT NULL,
        counter      integer NOT NULL DEFAULT 0,
        salt         bytea NOT NULL,
        refresh_hash bytea NOT NULL,
        user_agent   text NOT NULL DEFAULT '',
        ended_at     timestamptz,
        end_reason   text
    )
    """,
    "CREATE INDEX sessions_by_user ON sessions (user_id, created_at DESC) WHERE ended_at IS NULL",
    "CREATE INDEX sessions_by_end ON sessions (least(ended_at, expires_at))",
    """
    CREATE TABLE recovery_codes (
        user_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        code_hash bytea NOT NULL,
        made_at   timestamptz NOT NULL,
        used_at   timestamptz,
        PRIMARY KEY (user_id, code_hash)
    )
    """,
    """
    CREATE TABLE account_resets (
        token_hash bytea PRIMARY KEY,
        user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        made_at    timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at    timestamptz
    )
    """,
    "CREATE INDEX account_resets_by_user ON account_resets (user_id)",
    # What every web process must know at once: sessions that ended and accounts that are excluded. No foreign key:
    # the end of a deleted account's sessions outlives the account.
    """
    CREATE TABLE account_events (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at         timestamptz NOT NULL DEFAULT clock_timestamp(),
        kind       text NOT NULL CHECK (kind IN ('session_ended', 'excluded')),
        user_id    uuid NOT NULL,
        session_id uuid,
        until      timestamptz
    )
    """,
    "CREATE INDEX account_events_by_time ON account_events (at)",
    "CREATE INDEX account_events_excluded ON account_events (user_id) WHERE kind = 'excluded'",
    # user_id becomes null when its account is deleted: that something happened stays, to whom does not.
    """
    CREATE TABLE account_audit (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at         timestamptz NOT NULL,
        user_id    uuid REFERENCES users (id) ON DELETE SET NULL,
        session_id uuid,
        event      text NOT NULL,
        actor      text NOT NULL
    )
    """,
    "CREATE INDEX account_audit_by_user ON account_audit (user_id, at)",
    "CREATE INDEX account_audit_by_time ON account_audit (at)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The version before runs on this schema. Restore a backup instead.")
