"""Members' limits and exclusions, their saved parlays, and the keys that keep a repeated save from saving twice.

Additive: the version before knows none of these tables.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE member_limits (
        user_id    uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
        limits     jsonb NOT NULL,
        pending    jsonb NOT NULL DEFAULT '{}',
        updated_at timestamptz NOT NULL
    )
    """,
    # until: null for good. Nothing ends one early; a deletion of the whole account takes it along (a cascade is a
    # trigger's statement, so its depth is 2).
    """
    CREATE TABLE exclusions (
        id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id  uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        began_at timestamptz NOT NULL,
        until    timestamptz,
        CHECK (until > began_at)
    )
    """,
    "CREATE INDEX exclusions_by_user ON exclusions (user_id, until)",
    """
    CREATE FUNCTION refuse_to_end_exclusions() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' OR (pg_trigger_depth() < 2 AND (OLD.until IS NULL OR OLD.until > now())) THEN
            RAISE EXCEPTION 'an exclusion cannot be undone before its end'
                  USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END
    $$
    """,
    """
    CREATE TRIGGER exclusions_hold BEFORE UPDATE OR DELETE ON exclusions
    FOR EACH ROW EXECUTE FUNCTION refuse_to_end_exclusions()
    """,
    # Of a deleted account that was excluded: its address as a slow hash, so that a new account does not undo it.
    """
    CREATE TABLE excluded_addresses (
        address_hash bytea PRIMARY KEY,
        until        timestamptz
    )
    """,
    # What counts towards the limits of the last seven days, also of a parlay that was deleted.
    """
    CREATE TABLE stakes (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        stake_cents bigint NOT NULL CHECK (stake_cents > 0),
        saved_at    timestamptz NOT NULL
    )
    """,
    "CREATE INDEX stakes_by_user ON stakes (user_id, saved_at)",
    "CREATE INDEX stakes_by_time ON stakes (saved_at)",
    # user_id becomes null when the account is deleted: settlements stay, whose they were does not.
    """
    CREATE TABLE saved_parlays (
        id            uuid PRIMARY KEY,
        user_id       uuid REFERENCES users (id) ON DELETE SET NULL,
        created_at    timestamptz NOT NULL,
        status        text NOT NULL DEFAULT 'open'
                      CHECK (status IN ('open', 'won', 'lost', 'push', 'void', 'half_won', 'half_lost')),
        bookmaker_key text NOT NULL,
        stake_cents   bigint NOT NULL CHECK (stake_cents > 0),
        currency      text NOT NULL,
        price_decimal numeric NOT NULL CHECK (price_decimal > 1),
        payout_cents  bigint,
        first_start   timestamptz NOT NULL,
        settled_at    timestamptz,
        known         jsonb NOT NULL,
        CHECK ((status = 'open') = (payout_cents IS NULL))
    )
    """,
    "CREATE INDEX saved_parlays_by_user ON saved_parlays (user_id, created_at DESC, id DESC)",
    "CREATE INDEX saved_parlays_open ON saved_parlays (first_start) WHERE status = 'open'",
    # price: exactly as the book quoted it. win and push: what was published when it was saved.
    """
    CREATE TABLE saved_parlay_legs (
        parlay_id           uuid NOT NULL REFERENCES saved_parlays (id) ON DELETE CASCADE,
        leg                 smallint NOT NULL CHECK (leg >= 0),
        game_id             text NOT NULL,
        sport_key           text NOT NULL,
        home_team           text NOT NULL,
        away_team           text NOT NULL,
        commence_time       timestamptz NOT NULL,
        market_key          text NOT NULL CHECK (market_key IN ('h2h', 'spreads', 'totals')),
        kind                text NOT NULL CHECK (kind IN ('two_way', 'three_way', 'draw_void')),
        outcome_name        text NOT NULL,
        point               numeric,
        price               numeric NOT NULL,
        price_format        text NOT NULL CHECK (price_format IN ('american', 'decimal')),
        price_decimal       numeric NOT NULL CHECK (price_decimal > 1),
        label               text NOT NULL,
        win                 double precision,
        push                double precision,
        closing_probability double precision,
        closing_line_value  double precision,
        PRIMARY KEY (parlay_id, leg)
    )
    """,
    "CREATE INDEX saved_parlay_legs_by_game ON saved_parlay_legs (game_id)",
    """
    CREATE TABLE saved_parlay_history (
        id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        parlay_id uuid NOT NULL REFERENCES saved_parlays (id) ON DELETE CASCADE,
        at        timestamptz NOT NULL,
        status    text NOT NULL,
        reason    text NOT NULL
    )
    """,
    "CREATE INDEX saved_parlay_history_by_parlay ON saved_parlay_history (parlay_id, id)",
    # answer: the body that the first request was given, for its repeats.
    """
    CREATE TABLE idempotency_keys (
        user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        key         text NOT NULL,
        fingerprint bytea NOT NULL,
        answer      bytea NOT NULL,
        created_at  timestamptz NOT NULL,
        PRIMARY KEY (user_id, key)
    )
    """,
    "CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The version before runs on this schema. Restore a backup instead.")
