-- Which version of the indexer derived the tables, and up to which event. A version from before this migration writes events
-- and leaves this row as it is; the next one sees that and derives everything anew.
CREATE TABLE derived (
    one      BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    version  INTEGER NOT NULL,
    -- Zero: of no event.
    event_id BIGINT NOT NULL
);
