-- What people are told: the durable outbox between the core's orders and the terminals that show them.
CREATE TABLE notice (
    district TEXT NOT NULL,
    -- Names the order of the core that caused it ("entry-index"); the same order given again after a restart is the same row.
    effect TEXT NOT NULL,
    -- When it was queued.
    at_ms BIGINT NOT NULL,
    -- To whom: 'guard:ID', 'caller:ID', 'contact:ID' or 'operators'.
    recipient TEXT NOT NULL,
    -- About which incident, if any.
    incident TEXT,
    -- The notice itself, as JSON.
    body TEXT NOT NULL,
    -- 1 once the recipient need not see it again: received, answered or expired. A number because SQLite has no booleans.
    settled BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (district, effect)
);

CREATE INDEX notice_open ON notice (district, recipient, settled);

-- The latest position of each caller from outside incidents, so that a call without a fix after a restart still has a place.
CREATE TABLE caller_position (
    district TEXT NOT NULL,
    caller TEXT NOT NULL,
    lat_deg DOUBLE PRECISION NOT NULL,
    lon_deg DOUBLE PRECISION NOT NULL,
    accuracy_m DOUBLE PRECISION NOT NULL,
    -- When the terminal took the fix, by its own clock.
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (district, caller)
);
