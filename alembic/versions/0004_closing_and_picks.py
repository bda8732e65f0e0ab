"""Closing lines are kept for good, picks are published and never changed, the history notes what a book withdrew.

Additive: the version before writes odds_history and games without the new columns, which have defaults, and reads a
row of a withdrawal as a price that did not change.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # True: from recorded_at on the book quotes this outcome no more; the price is its last one.
    op.execute("ALTER TABLE odds_history ADD COLUMN withdrawn boolean NOT NULL DEFAULT false")
    # The start that the closing line was captured for. Where the two differ it is to be captured, or anew.
    op.execute("ALTER TABLE games ADD COLUMN closing_for timestamptz")
    op.execute(
        """
        CREATE INDEX games_without_closing ON games (commence_time)
         WHERE status IN ('live', 'final', 'unresolved') AND closing_for IS DISTINCT FROM commence_time
        """
    )
    _closing_lines()
    _picks()


def _closing_lines() -> None:
    # A row a game, its prices in arrays: PostgreSQL compresses a row of more than 2 kB, and never a small one.
    # The view closing_prices shows a row a price.
    op.execute(
        """
        CREATE TABLE closings (
            game_id       text PRIMARY KEY REFERENCES games (id) ON DELETE CASCADE,
            commence_time timestamptz NOT NULL,
            captured_at   timestamptz NOT NULL,
            model         jsonb,
            movement      jsonb NOT NULL DEFAULT '{}',
            bookmakers    text[] NOT NULL,
            markets       text[] NOT NULL,
            outcomes      text[] NOT NULL,
            lines         smallint[] NOT NULL,
            prices        numeric[] NOT NULL,
            price_formats text[] NOT NULL,
            points        numeric[] NOT NULL,
            observed_at   timestamptz[] NOT NULL,
            withdrawn_at  timestamptz[] NOT NULL
        )
        """
    )
    op.execute(
        """
        CREATE VIEW closing_prices AS
        SELECT closings.game_id, price.bookmaker_key, price.market_key, price.outcome_name, price.line, price.price,
               price.price_format, price.point, price.observed_at, price.withdrawn_at, closings.captured_at
          FROM closings,
               unnest(bookmakers, markets, outcomes, lines, prices, price_formats, points, observed_at, withdrawn_at)
               AS price (bookmaker_key, market_key, outcome_name, line, price, price_format, point, observed_at,
                         withdrawn_at)
        """
    )
    op.execute(
        """
        CREATE TABLE closing_consensus (
            game_id       text NOT NULL REFERENCES games (id) ON DELETE CASCADE,
            market_key    text NOT NULL,
            kind          text NOT NULL CHECK (kind IN ('two_way', 'three_way', 'draw_void')),
            point         numeric,
            probabilities jsonb NOT NULL,
            books         smallint NOT NULL,
            captured_at   timestamptz NOT NULL,
            PRIMARY KEY (game_id, market_key)
        )
        """
    )


def _picks() -> None:
    # Eight places a day: the database itself takes no ninth.
    op.execute(
        """
        CREATE TABLE picks (
            id               text PRIMARY KEY,
            day              date NOT NULL,
            place            smallint NOT NULL CHECK (place BETWEEN 1 AND 8),
            game_id          text NOT NULL REFERENCES games (id),
            sport_key        text NOT NULL,
            home_team        text NOT NULL,
            away_team        text NOT NULL,
            commence_time    timestamptz NOT NULL,
            market_key       text NOT NULL,
            kind             text NOT NULL CHECK (kind IN ('two_way', 'three_way', 'draw_void')),
            outcome_name     text NOT NULL,
            point            numeric,
            bookmaker_key    text NOT NULL,
            price            numeric NOT NULL,
            price_format     text NOT NULL CHECK (price_format IN ('american', 'decimal')),
            price_decimal    numeric NOT NULL,
            win              double precision NOT NULL CHECK (win BETWEEN 0 AND 1),
            push             double precision NOT NULL CHECK (push BETWEEN 0 AND 1),
            edge             double precision NOT NULL,
            books            smallint NOT NULL,
            odds_age_seconds integer NOT NULL,
            consensus        jsonb NOT NULL,
            published_at     timestamptz NOT NULL,
            reason           text NOT NULL,
            source           text NOT NULL CHECK (source IN ('live', 'sandbox', 'replay')),
            UNIQUE (day, place),
            UNIQUE (game_id, market_key, outcome_name)
        )
        """
    )
    op.execute(
        """
        CREATE FUNCTION refuse_to_change_picks() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a published pick is never changed' USING ERRCODE = 'integrity_constraint_violation';
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER picks_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON picks
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_picks()
        """
    )


def downgrade() -> None:
    raise NotImplementedError("The version before runs on this schema. Restore a backup instead.")
