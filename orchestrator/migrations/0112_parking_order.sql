-- Orders that this server made before a payer went to the provider's window. What comes back is held against what was asked for.
CREATE TABLE parking_order (
    district      TEXT   NOT NULL,
    -- 128 random bits; whoever knows it may only pay this very order.
    name          TEXT   NOT NULL,
    session       TEXT   NOT NULL,
    -- By which leave; absent when the driver pays.
    proxy         TEXT,
    -- Minor units.
    amount        BIGINT NOT NULL,
    -- Where to send the receipt; absent when nobody is to be told.
    phone         TEXT,
    language      TEXT   NOT NULL,
    -- Until when it may be confirmed, milliseconds since 1970-01-01 UTC.
    expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (district, name)
);
CREATE INDEX parking_order_by_age ON parking_order (district, expires_at_ms);
CREATE INDEX parking_order_by_session ON parking_order (district, session, expires_at_ms);
