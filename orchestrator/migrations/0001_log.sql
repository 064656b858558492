-- The ordered log of each district: every event that the core was given, in the order it was given.
-- A district's state is what its rows add up to, so rows are only ever appended. The same text runs on SQLite and PostgreSQL:
-- whole numbers are BIGINT, times are milliseconds since 1970-01-01 UTC, documents are JSON kept as TEXT.
CREATE TABLE log_entry (
    -- Whose log. Part of every key, so that several districts can share one database and move between servers.
    district TEXT NOT NULL,
    -- Position in the log, from 1, without gaps.
    seq BIGINT NOT NULL,
    -- When it was appended; never smaller than that of the row before.
    at_ms BIGINT NOT NULL,
    -- Who brought it, as JSON.
    actor TEXT NOT NULL,
    -- What happened, as JSON.
    event TEXT NOT NULL,
    -- SHA-256, hexadecimal, over the previous row's hash and this row's other columns: a changed, removed or inserted row shows.
    hash TEXT NOT NULL,
    PRIMARY KEY (district, seq)
);

-- What people and devices did that is no event of the core: sign-ins, refused requests, looking at an incident.
CREATE TABLE audit_record (
    district TEXT NOT NULL,
    -- Position in the trail, from 1, without gaps.
    seq BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    -- Who did it, as JSON; an unknown person is recorded by what is known of them, such as the address they came from.
    actor TEXT NOT NULL,
    -- What was done, as a word: 'sign_in', 'refused', 'viewed'.
    action TEXT NOT NULL,
    -- To what: an account, an incident, a path.
    subject TEXT NOT NULL,
    -- How it ended: 'done', 'refused', 'failed'.
    outcome TEXT NOT NULL,
    -- Particulars, as a JSON object. Never a password, a code or a token.
    detail TEXT NOT NULL,
    -- Chained like log_entry.hash.
    hash TEXT NOT NULL,
    PRIMARY KEY (district, seq)
);

-- Which process owns a district. One owner at a time appends; the others wait until the lease runs out.
CREATE TABLE district_lease (
    district TEXT NOT NULL PRIMARY KEY,
    -- Names the process: host, process id and a random part.
    owner TEXT NOT NULL,
    -- The lease holds until then unless it is renewed.
    until_ms BIGINT NOT NULL
);
