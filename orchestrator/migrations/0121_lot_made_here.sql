-- Lots that managers drew from nothing: no site's file has them, and they must not be taken for one that the file has given up.
ALTER TABLE lot_layout ADD COLUMN made_here BIGINT NOT NULL DEFAULT 0;
