-- The product -------------------------------------------------------------------------------------

CREATE TABLE sports (
    key             text PRIMARY KEY,
    title           text NOT NULL,
    sport_group     text NOT NULL,
    active          boolean NOT NULL,
    season_state    text NOT NULL DEFAULT 'offseason'
                    CHECK (season_state IN ('offseason', 'preseason', 'in_season', 'in_break', 'postseason')),
    next_game_at    timestamptz,
    last_game_at    timestamptz,
    odds_updated_at timestamptz,
    source          text NOT NULL CHECK (source IN ('live', 'sandbox', 'replay')),
    updated_at      timestamptz NOT NULL
);

CREATE TABLE games (
    id            text PRIMARY KEY,
    sport_key     text NOT NULL REFERENCES sports (key),
    home_team     text NOT NULL,
    away_team     text NOT NULL,
    commence_time timestamptz NOT NULL,
    status        text NOT NULL DEFAULT 'scheduled'
                  CHECK (status IN ('scheduled', 'live', 'final', 'postponed', 'withdrawn')),
    home_score    integer,
    away_score    integer,
    final_at      timestamptz,
    source        text NOT NULL CHECK (source IN ('live', 'sandbox', 'replay')),
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL
);
CREATE INDEX games_by_sport_and_time ON games (sport_key, commence_time);
CREATE INDEX games_unfinished ON games (commence_time) WHERE status IN ('scheduled', 'live', 'postponed');

-- A book that quotes a game; it may offer no market at all.
CREATE TABLE game_bookmakers (
    game_id       text NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    bookmaker_key text NOT NULL,
    title         text NOT NULL,
    last_update   timestamptz,
    position      smallint NOT NULL,
    PRIMARY KEY (game_id, bookmaker_key)
);

-- Current prices, exactly as received; the other price format is derived when rendered.
-- line tells alternate lines of one outcome apart (0 for the only one); position keeps upstream's order.
CREATE TABLE odds (
    game_id        text NOT NULL,
    bookmaker_key  text NOT NULL,
    market_key     text NOT NULL,
    outcome_name   text NOT NULL,
    line           smallint NOT NULL DEFAULT 0,
    price          numeric NOT NULL,
    price_format   text NOT NULL CHECK (price_format IN ('american', 'decimal')),
    point          numeric,
    market_updated timestamptz,
    position       smallint NOT NULL,
    changed_at     timestamptz NOT NULL,
    PRIMARY KEY (game_id, bookmaker_key, market_key, outcome_name, line),
    FOREIGN KEY (game_id, bookmaker_key) REFERENCES game_bookmakers (game_id, bookmaker_key) ON DELETE CASCADE
);

-- One row a change of price or point; the first row of a key is the opening line.
CREATE TABLE odds_history (
    game_id       text NOT NULL REFERENCES games (id) ON DELETE CASCADE,
    bookmaker_key text NOT NULL,
    market_key    text NOT NULL,
    outcome_name  text NOT NULL,
    line          smallint NOT NULL,
    price         numeric NOT NULL,
    price_format  text NOT NULL CHECK (price_format IN ('american', 'decimal')),
    point         numeric,
    recorded_at   timestamptz NOT NULL
);
CREATE INDEX odds_history_by_game ON odds_history (game_id, market_key, recorded_at);

CREATE TABLE teams (
    sport_key    text NOT NULL REFERENCES sports (key),
    espn_id      text NOT NULL,
    name         text NOT NULL,
    abbreviation text,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (sport_key, espn_id)
);

CREATE TABLE roster_players (
    sport_key  text NOT NULL,
    team_id    text NOT NULL,
    athlete_id text NOT NULL,
    name       text NOT NULL,
    position   text,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (sport_key, team_id, athlete_id),
    FOREIGN KEY (sport_key, team_id) REFERENCES teams (sport_key, espn_id) ON DELETE CASCADE
);

CREATE TABLE injuries (
    sport_key   text NOT NULL REFERENCES sports (key),
    team_name   text NOT NULL,
    athlete     text NOT NULL,
    position    text,
    status      text NOT NULL,
    injury_type text,
    detail      text,
    reported_at timestamptz,
    source      text NOT NULL,
    fetched_at  timestamptz NOT NULL,
    PRIMARY KEY (sport_key, team_name, athlete)
);

CREATE TABLE analyses (
    game_id    text PRIMARY KEY REFERENCES games (id) ON DELETE CASCADE,
    method     text NOT NULL,
    markets    jsonb NOT NULL,
    summary    text NOT NULL,
    updated_at timestamptz NOT NULL
);

-- Published documents: each read's body, rendered once --------------------------------------------
-- A row with no body is a tombstone: the document was withdrawn.

CREATE TABLE documents (
    key           text PRIMARY KEY,
    version       bigint NOT NULL,
    digest        bytea NOT NULL,
    etag          text NOT NULL,
    body          bytea,
    encodings     jsonb NOT NULL DEFAULT '{}',
    body_br       bytea,
    body_gzip     bytea,
    published_at  timestamptz NOT NULL,
    fencing_token bigint NOT NULL
);
CREATE UNIQUE INDEX documents_by_version ON documents (version, key);

-- One row. Updated first in every publishing transaction, so that versions commit in their order and
-- a reader that has seen version N has seen everything below N.
CREATE TABLE document_versions (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL
);
INSERT INTO document_versions (version) VALUES (0);

-- The clock -----------------------------------------------------------------------------------------

-- One row a lease name. token grows at every change of leader; a job's transaction checks it.
CREATE TABLE scheduler_fences (
    name        text PRIMARY KEY,
    token       bigint NOT NULL,
    holder      text,
    acquired_at timestamptz
);
INSERT INTO scheduler_fences (name, token) VALUES ('clock', 0);

CREATE TABLE scheduler_jobs (
    job_name       text PRIMARY KEY,
    schedule       text NOT NULL,
    timezone       text NOT NULL,
    paused_at      timestamptz,
    next_run_at    timestamptz,
    known_since    timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);

CREATE TABLE scheduler_job_runs (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_name       text NOT NULL,
    scheduled_for  timestamptz NOT NULL,
    attempt        integer NOT NULL DEFAULT 1,
    trigger        text NOT NULL CHECK (trigger IN ('schedule', 'manual', 'catch_up', 'retry')),
    status         text NOT NULL
                   CHECK (status IN ('running', 'success', 'failure', 'timeout', 'lost', 'skipped')),
    started_at     timestamptz NOT NULL,
    finished_at    timestamptz,
    duration_ms    integer,
    error_class    text,
    error_snippet  text CHECK (length(error_snippet) <= 500),
    correlation_id text NOT NULL,
    holder         text NOT NULL,
    fencing_token  bigint NOT NULL,
    stats          jsonb NOT NULL DEFAULT '{}',
    UNIQUE (job_name, scheduled_for, attempt)
);
CREATE INDEX scheduler_job_runs_running ON scheduler_job_runs (job_name) WHERE status = 'running';
CREATE INDEX scheduler_job_runs_by_start ON scheduler_job_runs (started_at);
CREATE INDEX scheduler_job_runs_successes ON scheduler_job_runs (job_name, finished_at DESC) WHERE status = 'success';

-- "Run now" travels through here from any process to the leading clock.
CREATE TABLE job_requests (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_name     text NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL,
    taken_at     timestamptz,
    run_id       bigint REFERENCES scheduler_job_runs (id) ON DELETE SET NULL,
    refusal      text
);
CREATE INDEX job_requests_waiting ON job_requests (id) WHERE taken_at IS NULL;

-- Alerts: first a row, then a message -----------------------------------------------------------------

CREATE TABLE alerts (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint      text NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('failure', 'recovery')),
    body             text NOT NULL,
    correlation_id   text NOT NULL,
    status           text NOT NULL DEFAULT 'pending'
                     CHECK (status IN ('pending', 'sent', 'suppressed', 'disabled', 'failed')),
    suppressed_count integer NOT NULL DEFAULT 0,
    attempts         integer NOT NULL DEFAULT 0,
    due_at           timestamptz NOT NULL,
    next_attempt_at  timestamptz NOT NULL,
    created_at       timestamptz NOT NULL,
    sent_at          timestamptz,
    error            text
);
CREATE INDEX alerts_pending ON alerts (next_attempt_at) WHERE status = 'pending';
CREATE INDEX alerts_by_fingerprint ON alerts (fingerprint, created_at DESC);
