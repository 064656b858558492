-- Who may sign in, who may call, and with what they prove it. Times are milliseconds since 1970-01-01 UTC.
-- Secrets are never stored: passwords and codes as Argon2id hashes, sessions and tokens as SHA-256 of 256 random bits.
-- Identities belong to the whole installation, not to one district: the same operator may serve two.

-- People with a password: guards, operators, pilots, managers, administrators.
CREATE TABLE accounts (
    id            TEXT   NOT NULL PRIMARY KEY,
    name          TEXT   NOT NULL,
    role          TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    created_at_ms BIGINT NOT NULL,
    -- A deleted account keeps its row, so that its id in logs and audit trail never comes to mean somebody else.
    deleted_at_ms BIGINT
);

-- Browsers that are signed in.
CREATE TABLE sessions (
    token_hash    TEXT   NOT NULL PRIMARY KEY,
    account       TEXT   NOT NULL REFERENCES accounts (id),
    created_at_ms BIGINT NOT NULL,
    seen_at_ms    BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account);

-- Devices with a token of their own: callers' terminals, guards' terminals, integrations.
CREATE TABLE device_tokens (
    token_hash    TEXT   NOT NULL PRIMARY KEY,
    -- The caller (role 'caller') or the account it acts for.
    owner         TEXT   NOT NULL,
    role          TEXT   NOT NULL,
    created_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT
);
CREATE INDEX device_tokens_by_owner ON device_tokens (owner);

-- Callers without anything personal; the row outlives the person's data, so that an identification code is never reused.
CREATE TABLE callers (
    id                  TEXT   NOT NULL PRIMARY KEY,
    identification_code TEXT   NOT NULL UNIQUE,
    safe_code_hash      TEXT   NOT NULL,
    duress_code_hash    TEXT   NOT NULL,
    consent_at_ms       BIGINT NOT NULL,
    created_at_ms       BIGINT NOT NULL,
    phone_checked_at_ms BIGINT,
    deleted_at_ms       BIGINT
);

-- Everything personal about a caller, in one place to export and to delete.
CREATE TABLE caller_details (
    caller          TEXT NOT NULL PRIMARY KEY REFERENCES callers (id),
    name            TEXT NOT NULL,
    phone           TEXT NOT NULL,
    language        TEXT NOT NULL,
    home_address    TEXT,
    -- Where the gazetteer put the address at registration, degrees and metres; absent when it knew no such address.
    home_lat_deg    DOUBLE PRECISION,
    home_lon_deg    DOUBLE PRECISION,
    home_accuracy_m DOUBLE PRECISION,
    contact_name    TEXT,
    contact_phone   TEXT
);

-- The one-time code last sent to a caller's phone.
CREATE TABLE phone_checks (
    caller        TEXT   NOT NULL PRIMARY KEY REFERENCES callers (id),
    code_hash     TEXT   NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    tries_left    BIGINT NOT NULL
);
