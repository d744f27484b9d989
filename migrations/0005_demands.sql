-- Demands for data that hangs under a job's commitment. Changed only together with the event that causes the change.

-- The demand whose silence ended a job that is `refunded` without a proven fault.
ALTER TABLE jobs ADD COLUMN unanswered INTEGER;

CREATE TABLE demands (
    job             BYTEA NOT NULL CHECK (length(job) = 32),
    -- How many demands the job had before.
    n               INTEGER NOT NULL,
    -- The event that created the row.
    event_id        BIGINT NOT NULL UNIQUE REFERENCES events (id) ON DELETE CASCADE,
    demander        BYTEA NOT NULL CHECK (length(demander) = 32),
    -- What is asked for, as in the event's body.
    item            JSONB NOT NULL,
    -- Lamports.
    bond            NUMERIC(20, 0) NOT NULL,
    deadline        BIGINT NOT NULL,
    -- `closed` means that the job ended otherwise.
    status          TEXT NOT NULL CHECK (status IN ('open', 'answered', 'expired', 'closed')),
    -- Who answered and got the bond, and what was answered: bytes, or hashes of 32 bytes.
    answered_by     BYTEA,
    data            BYTEA,
    made_time       BIGINT NOT NULL,
    ended_time      BIGINT,
    made_signature  BYTEA NOT NULL,
    ended_signature BYTEA,
    slot            BIGINT NOT NULL,
    PRIMARY KEY (job, n),
    CHECK ((status = 'answered') = (data IS NOT NULL AND answered_by IS NOT NULL)),
    CHECK ((status = 'open') = (ended_time IS NULL))
);
