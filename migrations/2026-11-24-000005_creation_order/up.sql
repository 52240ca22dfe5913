-- An index is made anew in the order in which records came into sight.
CREATE INDEX latest_by_creation ON latest (partners_first);
