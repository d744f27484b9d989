-- What is final, what the chain took back, and what was missed and found again.

-- `linked`: its parent hashes lead to the row before. `finalized`: compared by hash with the finalized chain.
ALTER TABLE blocks
    ADD COLUMN linked    BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN finalized BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX blocks_not_final ON blocks (slot) WHERE NOT finalized;

-- Blocks that were indexed and are not in the chain any more.
CREATE TABLE orphaned_blocks (
    id                 BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slot               BIGINT NOT NULL,
    blockhash          TEXT NOT NULL,
    parent_slot        BIGINT NOT NULL,
    previous_blockhash TEXT NOT NULL,
    time               BIGINT,
    events             BIGINT NOT NULL,
    orphaned_at        TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Events that were indexed and did not happen. `id` is from the sequence of `events.id`, so that both are places in one
-- live stream; `event_id` is what the event was known by.
CREATE TABLE reverted_events (
    id                BIGINT PRIMARY KEY,
    event_id          BIGINT NOT NULL UNIQUE,
    slot              BIGINT NOT NULL,
    blockhash         TEXT NOT NULL,
    tx_index          INTEGER NOT NULL,
    signature         BYTEA NOT NULL CHECK (length(signature) = 64),
    instruction_index SMALLINT NOT NULL,
    inner_index       SMALLINT NOT NULL,
    program           TEXT NOT NULL,
    kind              TEXT NOT NULL,
    shard             SMALLINT NOT NULL,
    seq               BIGINT NOT NULL,
    time              BIGINT NOT NULL,
    job               BYTEA CHECK (length(job) = 32),
    body              JSONB NOT NULL,
    data              BYTEA NOT NULL,
    decoder_version   SMALLINT NOT NULL,
    reverted_at       TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX reverted_events_by_signature ON reverted_events (signature);

-- A hole is open until the events that were missing are in.
ALTER TABLE sequence_faults
    ADD COLUMN healed_at     TIMESTAMPTZ,
    ADD COLUMN heal_attempts INTEGER NOT NULL DEFAULT 0;
CREATE INDEX open_holes ON sequence_faults (id) WHERE kind = 'hole' AND healed_at IS NULL;
