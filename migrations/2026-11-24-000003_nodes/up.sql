-- The nodes that serve: each says how far its index has come, and renews that every second.
CREATE TABLE nodes (
    id TEXT PRIMARY KEY,
    sequence BIGINT NOT NULL,
    renewed_at TIMESTAMP NOT NULL
);
