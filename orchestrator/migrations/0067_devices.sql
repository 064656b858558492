-- What a person recognises a browser or device by, and how often a one-time code was sent to a phone.

-- "Chrome, Android": as the browser calls itself; empty for those from before.
ALTER TABLE sessions ADD COLUMN name TEXT NOT NULL DEFAULT '';

ALTER TABLE device_tokens ADD COLUMN name TEXT NOT NULL DEFAULT '';
-- When it was last used, in steps of some minutes; absent until its first use.
ALTER TABLE device_tokens ADD COLUMN seen_at_ms BIGINT;

-- When the code was last sent, and how often since when: messages cost money and annoy.
ALTER TABLE phone_checks ADD COLUMN sent_at_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE phone_checks ADD COLUMN first_sent_at_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE phone_checks ADD COLUMN sends BIGINT NOT NULL DEFAULT 1;
