-- Programs of two versions may serve at once while nodes are upgraded: each version has its own statistics. They are derived,
-- so none are carried over.
DROP TABLE statistics;
CREATE TABLE statistics (
    schema_version BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    content TEXT NOT NULL
);
