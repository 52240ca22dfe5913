DROP TABLE latest;
ALTER TABLE counter DROP COLUMN complete_after;
