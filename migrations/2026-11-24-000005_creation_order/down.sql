DROP INDEX latest_by_creation;
