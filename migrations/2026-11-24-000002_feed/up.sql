-- Changes up to this number may be missing from the feed: the log was shortened there. A reader that stands before it starts anew.
ALTER TABLE counter ADD COLUMN complete_after BIGINT NOT NULL DEFAULT 0;

-- What the change feed tells: for each record and audience the numbers of the first and last change that it may be told of.
CREATE TABLE latest (
    record_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    public_first BIGINT,
    public_last BIGINT,
    partners_first BIGINT,
    partners_last BIGINT
);
INSERT INTO latest (record_id, kind, public_first, public_last, partners_first, partners_last)
SELECT record_id,
    MIN(kind),
    MIN(CASE WHEN audience = 'public' THEN sequence END),
    MAX(CASE WHEN audience = 'public' THEN sequence END),
    MIN(sequence),
    MAX(sequence)
FROM changes
WHERE audience <> 'protected'
GROUP BY record_id;
CREATE INDEX latest_public ON latest (public_last);
CREATE INDEX latest_partners ON latest (partners_last);
CREATE INDEX latest_public_by_kind ON latest (kind, public_last);
CREATE INDEX latest_partners_by_kind ON latest (kind, partners_last);
