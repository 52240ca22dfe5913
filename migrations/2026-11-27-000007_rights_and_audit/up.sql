-- The counter also numbers changes of rights (clients, credentials), rows of the audit log with the hash of the last one, and
-- remembers the last change after which less may be seen than before.
ALTER TABLE counter ADD COLUMN rights BIGINT NOT NULL DEFAULT 0;
ALTER TABLE counter ADD COLUMN audit BIGINT NOT NULL DEFAULT 0;
ALTER TABLE counter ADD COLUMN audit_hash TEXT;
ALTER TABLE counter ADD COLUMN narrowed BIGINT NOT NULL DEFAULT 0;

-- What clients show to be known: secrets and keys of 256 random bits as SHA-256, found by a prefix, and public keys as JWK.
CREATE TABLE credentials (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (id) DEFERRABLE INITIALLY DEFERRED,
    kind TEXT NOT NULL CHECK (kind IN ('secret', 'api-key', 'public-key')),
    prefix TEXT NOT NULL,
    hash TEXT NOT NULL,
    public_key TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP
);
CREATE INDEX credentials_by_client ON credentials (client_id);
INSERT INTO credentials (id, client_id, kind, prefix, hash, created_at)
SELECT id, id, 'secret', '', secret_hash, created_at FROM clients;
ALTER TABLE clients DROP COLUMN secret_hash;

-- Assertions that clients have signed, until they expire: each is taken once.
CREATE TABLE assertions (
    client_id TEXT NOT NULL,
    jti TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (client_id, jti)
);
CREATE INDEX assertions_by_age ON assertions (expires_at);

-- Organisations that an umbrella keeps up to date, until the organisation itself does.
CREATE TABLE keepers (
    record_id TEXT PRIMARY KEY REFERENCES organisations (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    umbrella_id TEXT NOT NULL
);
CREATE INDEX keepers_by_umbrella ON keepers (umbrella_id);

-- Who could know of a record before it went: to others it never was.
ALTER TABLE tombstones ADD COLUMN audience TEXT NOT NULL DEFAULT 'public' CHECK (audience IN ('public', 'partners', 'protected'));
UPDATE tombstones SET audience = 'protected' WHERE id NOT IN (SELECT record_id FROM latest);
UPDATE tombstones SET audience = 'partners' WHERE id IN (SELECT record_id FROM latest WHERE public_first IS NULL);

-- When the name of a person in a contact point is to go.
ALTER TABLE contact_points ADD COLUMN person_until TIMESTAMP;
CREATE INDEX contact_points_by_person_until ON contact_points (person_until);
ALTER TABLE protected_contact_points ADD COLUMN person_until TIMESTAMP;
CREATE INDEX protected_contact_points_by_person_until ON protected_contact_points (person_until);

-- The last change by which something was erased: what indexes kept of it goes too.
ALTER TABLE counter ADD COLUMN erased BIGINT NOT NULL DEFAULT 0;

-- The audit log: who did what, when, from which request. Each row holds the hash of its content and of the row before.
CREATE TABLE audit (
    number BIGINT PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    client TEXT NOT NULL,
    issuer TEXT,
    request_id TEXT,
    action TEXT NOT NULL,
    kind TEXT,
    record_id TEXT,
    change_sequence BIGINT,
    salt TEXT,
    content TEXT,
    content_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_by_record ON audit (record_id, number);
CREATE INDEX audit_by_client ON audit (client, number);
CREATE INDEX audit_by_action ON audit (action, number);
CREATE INDEX audit_by_request ON audit (request_id, number);
