-- The lots that a manager manages, their ids with a space between them; empty: none. NULL: every lot of the site, as for all managers
-- from before.
ALTER TABLE accounts ADD COLUMN lots TEXT;
