-- What parking must know and no log may keep for ever: telephones and payment providers' tokens. Never a card number.
CREATE TABLE parking_private (
    district   TEXT   NOT NULL,
    -- The name under which the log speaks of it.
    reference  TEXT   NOT NULL,
    -- Whom to tell, as typed; absent when nobody is to be told.
    phone      TEXT,
    -- In which language: 'ko' or 'en'.
    language   TEXT   NOT NULL,
    -- The provider's token for this payment or for charging later.
    instrument TEXT,
    -- The provider's name of the order that the token belongs to, where the provider wants one.
    order_name TEXT,
    -- When it was kept, milliseconds since 1970-01-01 UTC; erased when no payment can come back any more.
    at_ms      BIGINT NOT NULL,
    PRIMARY KEY (district, reference)
);
CREATE INDEX parking_private_by_instrument ON parking_private (district, instrument);
CREATE INDEX parking_private_by_age ON parking_private (district, at_ms);
