-- Webhooks: who is told of changes, how far that has come, and whether a node is at it. Not resources, no change rows.
-- Secrets are derived from a key of the nodes and the generation: none is here.
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (id) DEFERRABLE INITIALLY DEFERRED,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    url TEXT NOT NULL,
    filter TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'dead')),
    reason TEXT,
    generation BIGINT NOT NULL,
    former_until TIMESTAMP,
    epoch TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    moved_at TIMESTAMP NOT NULL,
    failures BIGINT NOT NULL,
    failing_since TIMESTAMP,
    attempt_at TIMESTAMP NOT NULL,
    claim TEXT,
    claimed_until TIMESTAMP
);
CREATE INDEX webhooks_by_client ON webhooks (client_id);
CREATE INDEX webhooks_by_attempt ON webhooks (status, attempt_at);

-- What was sent and how it went; never what stood in it.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    at TIMESTAMP NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    status BIGINT,
    milliseconds BIGINT NOT NULL
);
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id);
CREATE INDEX deliveries_by_age ON deliveries (at);
