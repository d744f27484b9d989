-- What was read from the chain. Everything in the second migration can be computed from `events` alone.
--
-- Keys, hashes and signatures are raw bytes. Amounts are NUMERIC(20,0): every unsigned 64-bit number fits. Times are
-- unix seconds by the chain's clock, except those that end in `_at`, which are by this machine's.

-- Which chain this database describes; written once.
CREATE TABLE chain (
    one          BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    genesis_hash TEXT NOT NULL
);

-- The contiguous frontier: every slot from the start up to `slot` is in. No row: nothing was indexed yet.
CREATE TABLE checkpoint (
    one            BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    start_slot     BIGINT NOT NULL,
    slot           BIGINT NOT NULL,
    blockhash      TEXT NOT NULL,
    slot_time      BIGINT,
    finalized_slot BIGINT,
    updated_at     TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- What the indexer last saw and why it waits, if it does.
CREATE TABLE indexer_status (
    one           BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    tip_slot      BIGINT,
    seen_at       TIMESTAMPTZ NOT NULL DEFAULT now(),
    stalled_since TIMESTAMPTZ,
    stall_reason  TEXT,
    CHECK ((stalled_since IS NULL) = (stall_reason IS NULL))
);

-- Blocks that had an event of ours, and the last block of each run of empty ones.
CREATE TABLE blocks (
    slot               BIGINT PRIMARY KEY,
    blockhash          TEXT NOT NULL,
    parent_slot        BIGINT NOT NULL,
    previous_blockhash TEXT NOT NULL,
    time               BIGINT,
    indexed_at         TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- One row per event; `(signature, instruction_index, inner_index)` is where the transaction holds it.
CREATE TABLE events (
    id                BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slot              BIGINT NOT NULL,
    tx_index          INTEGER NOT NULL,
    signature         BYTEA NOT NULL CHECK (length(signature) = 64),
    instruction_index SMALLINT NOT NULL,
    inner_index       SMALLINT NOT NULL,
    program           TEXT NOT NULL CHECK (program IN ('credits', 'jobs')),
    kind              TEXT NOT NULL,
    shard             SMALLINT NOT NULL,
    seq               BIGINT NOT NULL,
    time              BIGINT NOT NULL,
    job               BYTEA CHECK (length(job) = 32),
    body              JSONB NOT NULL,
    data              BYTEA NOT NULL,
    decoder_version   SMALLINT NOT NULL,
    indexed_at        TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (signature, instruction_index, inner_index)
);
CREATE INDEX events_by_slot ON events (slot);
CREATE INDEX events_by_job ON events (job, id) WHERE job IS NOT NULL;
CREATE INDEX events_by_sequence ON events (program, shard, seq);

-- A job's history.
CREATE VIEW job_events AS
SELECT job, id AS event_id, slot, time, signature, program, kind, body FROM events WHERE job IS NOT NULL;

-- Instructions that claim to be events of ours and are not readable.
CREATE TABLE dead_letters (
    id                BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slot              BIGINT NOT NULL,
    signature         BYTEA NOT NULL CHECK (length(signature) = 64),
    instruction_index SMALLINT NOT NULL,
    inner_index       SMALLINT NOT NULL,
    program           TEXT NOT NULL,
    reason            TEXT NOT NULL,
    data              BYTEA NOT NULL,
    decoder_version   SMALLINT NOT NULL,
    recorded_at       TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (signature, instruction_index, inner_index)
);

-- The last sequence number seen of each program's shards.
CREATE TABLE sequences (
    program  TEXT NOT NULL,
    shard    SMALLINT NOT NULL,
    last_seq BIGINT NOT NULL,
    PRIMARY KEY (program, shard)
);

-- Proof that something was missed (`hole`) or counted twice (`repeat`).
CREATE TABLE sequence_faults (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    program     TEXT NOT NULL,
    shard       SMALLINT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('hole', 'repeat')),
    expected    BIGINT NOT NULL,
    found       BIGINT NOT NULL,
    slot        BIGINT NOT NULL,
    signature   BYTEA NOT NULL CHECK (length(signature) = 64),
    detected_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
