DROP TABLE statistics;
CREATE TABLE statistics (
    number BIGINT PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    schema_version BIGINT NOT NULL,
    content TEXT NOT NULL
);
