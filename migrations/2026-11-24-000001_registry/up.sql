-- The one-row counter that numbers every change, and the epoch that a restore makes anew.
CREATE TABLE counter (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    epoch TEXT NOT NULL
);

-- The change log: one row per write of a record, numbered in commit order.
CREATE TABLE changes (
    sequence BIGINT PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    record_id TEXT NOT NULL,
    operation TEXT NOT NULL CHECK (operation IN ('created', 'updated', 'deleted', 'merged', 'erased')),
    version BIGINT NOT NULL,
    audience TEXT NOT NULL CHECK (audience IN ('public', 'partners', 'protected')),
    merged_into TEXT,
    touched TEXT,
    fans_out BOOLEAN NOT NULL,
    content TEXT
);
CREATE INDEX changes_by_record ON changes (record_id, sequence);

-- What has become of records that are no more.
CREATE TABLE tombstones (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    operation TEXT NOT NULL CHECK (operation IN ('deleted', 'merged', 'erased')),
    at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    merged_into TEXT
);

-- Keys of live records in other registers.
CREATE TABLE identifiers (
    scheme TEXT NOT NULL,
    value TEXT NOT NULL,
    kind TEXT NOT NULL,
    record_id TEXT NOT NULL,
    PRIMARY KEY (scheme, value)
);
CREATE INDEX identifiers_by_record ON identifiers (record_id);

CREATE TABLE organisations (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'dormant', 'dissolved')),
    parent_id TEXT REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    uses_number_of TEXT REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    content TEXT NOT NULL
);
CREATE INDEX organisations_by_parent ON organisations (parent_id);
CREATE INDEX organisations_by_number ON organisations (uses_number_of);

-- Addresses and locations that only an organisation's editors may see. Never indexed, never logged.
CREATE TABLE protected_addresses (
    organisation_id TEXT PRIMARY KEY REFERENCES organisations (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    version BIGINT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    content TEXT NOT NULL
);

CREATE TABLE networks (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'wanted', 'ended')),
    content TEXT NOT NULL
);

CREATE TABLE network_hosts (
    network_id TEXT NOT NULL REFERENCES networks (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    organisation_id TEXT NOT NULL REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (network_id, organisation_id)
);
CREATE INDEX network_hosts_by_organisation ON network_hosts (organisation_id);

CREATE TABLE forums (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'wanted', 'ended')),
    content TEXT NOT NULL
);

CREATE TABLE forum_hosts (
    forum_id TEXT NOT NULL REFERENCES forums (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    organisation_id TEXT NOT NULL REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (forum_id, organisation_id)
);
CREATE INDEX forum_hosts_by_organisation ON forum_hosts (organisation_id);

CREATE TABLE contact_points (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    organisation_id TEXT REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    network_id TEXT REFERENCES networks (id) DEFERRABLE INITIALLY DEFERRED,
    forum_id TEXT REFERENCES forums (id) DEFERRABLE INITIALLY DEFERRED,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'partners')),
    content TEXT NOT NULL,
    CHECK ((organisation_id IS NOT NULL AND network_id IS NULL AND forum_id IS NULL)
        OR (organisation_id IS NULL AND network_id IS NOT NULL AND forum_id IS NULL)
        OR (organisation_id IS NULL AND network_id IS NULL AND forum_id IS NOT NULL))
);
CREATE INDEX contact_points_by_organisation ON contact_points (organisation_id);
CREATE INDEX contact_points_by_network ON contact_points (network_id);
CREATE INDEX contact_points_by_forum ON contact_points (forum_id);

-- Contact points that only their owner's editors may see. Never indexed, never logged with content.
CREATE TABLE protected_contact_points (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    organisation_id TEXT REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    network_id TEXT REFERENCES networks (id) DEFERRABLE INITIALLY DEFERRED,
    forum_id TEXT REFERENCES forums (id) DEFERRABLE INITIALLY DEFERRED,
    visibility TEXT NOT NULL CHECK (visibility = 'protected'),
    content TEXT NOT NULL,
    CHECK ((organisation_id IS NOT NULL AND network_id IS NULL AND forum_id IS NULL)
        OR (organisation_id IS NULL AND network_id IS NOT NULL AND forum_id IS NULL)
        OR (organisation_id IS NULL AND network_id IS NULL AND forum_id IS NOT NULL))
);
CREATE INDEX protected_contact_points_by_organisation ON protected_contact_points (organisation_id);
CREATE INDEX protected_contact_points_by_network ON protected_contact_points (network_id);
CREATE INDEX protected_contact_points_by_forum ON protected_contact_points (forum_id);

CREATE TABLE meetings (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    organisation_id TEXT REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    network_id TEXT REFERENCES networks (id) DEFERRABLE INITIALLY DEFERRED,
    forum_id TEXT REFERENCES forums (id) DEFERRABLE INITIALLY DEFERRED,
    content TEXT NOT NULL,
    CHECK ((organisation_id IS NOT NULL AND network_id IS NULL AND forum_id IS NULL)
        OR (organisation_id IS NULL AND network_id IS NOT NULL AND forum_id IS NULL)
        OR (organisation_id IS NULL AND network_id IS NULL AND forum_id IS NOT NULL))
);
CREATE INDEX meetings_by_organisation ON meetings (organisation_id);
CREATE INDEX meetings_by_network ON meetings (network_id);
CREATE INDEX meetings_by_forum ON meetings (forum_id);

CREATE TABLE memberships (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    member_id TEXT NOT NULL REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    represents TEXT REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    organisation_id TEXT REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    network_id TEXT REFERENCES networks (id) DEFERRABLE INITIALLY DEFERRED,
    forum_id TEXT REFERENCES forums (id) DEFERRABLE INITIALLY DEFERRED,
    contact_point_id TEXT REFERENCES contact_points (id) DEFERRABLE INITIALLY DEFERRED,
    content TEXT NOT NULL,
    CHECK ((organisation_id IS NOT NULL AND network_id IS NULL AND forum_id IS NULL)
        OR (organisation_id IS NULL AND network_id IS NOT NULL AND forum_id IS NULL)
        OR (organisation_id IS NULL AND network_id IS NULL AND forum_id IS NOT NULL))
);
CREATE INDEX memberships_by_member ON memberships (member_id);
CREATE INDEX memberships_by_represented ON memberships (represents);
CREATE INDEX memberships_by_organisation ON memberships (organisation_id);
CREATE INDEX memberships_by_network ON memberships (network_id);
CREATE INDEX memberships_by_forum ON memberships (forum_id);
CREATE INDEX memberships_by_contact_point ON memberships (contact_point_id);

CREATE TABLE collaborations (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    organisation_id TEXT NOT NULL REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    public_body_id TEXT NOT NULL REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED,
    stated TEXT NOT NULL CHECK (stated IN ('yes', 'no')),
    content TEXT NOT NULL
);
CREATE INDEX collaborations_by_organisation ON collaborations (organisation_id);
CREATE INDEX collaborations_by_public_body ON collaborations (public_body_id);

-- Operational tables: not resources, no change rows.
CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('reader', 'editor', 'umbrella', 'steward', 'administrator')),
    organisation_id TEXT,
    scopes TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);

CREATE TABLE idempotency_keys (
    client_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    status BIGINT,
    headers TEXT,
    body TEXT,
    PRIMARY KEY (client_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- The statistics that every node scores with, so that order is the same everywhere.
CREATE TABLE statistics (
    number BIGINT PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    schema_version BIGINT NOT NULL,
    content TEXT NOT NULL
);
