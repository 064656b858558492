-- Parking lots as managers drew them: every version whole. Version 0 is the site's file and is not here.
CREATE TABLE lot_layout (
    district TEXT   NOT NULL,
    lot      TEXT   NOT NULL,
    -- Counts up from 1; the key keeps two servers from writing the same one.
    version  BIGINT NOT NULL,
    -- When it was taken, milliseconds since 1970-01-01 UTC.
    at_ms    BIGINT NOT NULL,
    -- The account that drew it.
    drawn_by TEXT   NOT NULL,
    -- A GeoJSON FeatureCollection as in lots.geojson.
    layout   TEXT   NOT NULL,
    PRIMARY KEY (district, lot, version)
);
