-- Challenge rounds, devices' answers, and idle pay. As in the second migration, everything here can be computed from
-- `events` alone and is changed only together with the event that causes the change.

ALTER TABLE devices
    -- Asked for 10^12 multiply-accumulates, IOSD base units; zero is no offer.
    ADD COLUMN offer             NUMERIC(20, 0) NOT NULL DEFAULT 0,
    -- Multiply-accumulates per second of the last passed challenge; zero after a failed one.
    ADD COLUMN measured          NUMERIC(20, 0) NOT NULL DEFAULT 0,
    -- It takes part in rounds after this one.
    ADD COLUMN since_round       NUMERIC(20, 0) NOT NULL DEFAULT 0,
    -- The last round that it passed, and the last one that it is recorded to have failed.
    ADD COLUMN good_round        NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN failed_round      NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN challenges_passed BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN challenges_failed BIGINT NOT NULL DEFAULT 0,
    -- A wrong cell is proven and not punished yet.
    ADD COLUMN caught            BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE operators
    -- Idle pay, IO base units: shared out and not minted yet, and minted.
    ADD COLUMN idle_owed NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN idle_paid NUMERIC(20, 0) NOT NULL DEFAULT 0;

CREATE TABLE rounds (
    number        NUMERIC(20, 0) PRIMARY KEY,
    event_id      BIGINT NOT NULL UNIQUE REFERENCES events (id) ON DELETE CASCADE,
    opener        BYTEA NOT NULL,
    slot_hash     BYTEA NOT NULL CHECK (length(slot_hash) = 32),
    phase         TEXT NOT NULL CHECK (phase IN ('open', 'closed', 'drawn', 'ended', 'void')),
    opened_time   BIGINT NOT NULL,
    window_end    BIGINT NOT NULL,
    next_round_at BIGINT NOT NULL,
    draw_slot     NUMERIC(20, 0),
    draw_hash     BYTEA,
    answers_until BIGINT,
    proofs_until  BIGINT,
    committed     BIGINT NOT NULL DEFAULT 0,
    passed        BIGINT NOT NULL DEFAULT 0,
    -- Of those that share the budget, multiply-accumulates per second.
    weight        NUMERIC(39, 0) NOT NULL DEFAULT 0,
    -- Idle pay, IO base units: to share, and shared out.
    budget        NUMERIC(20, 0) NOT NULL DEFAULT 0,
    shared        NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ended_time    BIGINT,
    signature     BYTEA NOT NULL,
    slot          BIGINT NOT NULL
);

-- What a device made of a round. One that it did not answer has a row only once its failure is recorded.
CREATE TABLE challenges (
    round          NUMERIC(20, 0) NOT NULL,
    device         BYTEA NOT NULL CHECK (length(device) = 32),
    event_id       BIGINT NOT NULL UNIQUE REFERENCES events (id) ON DELETE CASCADE,
    status         TEXT NOT NULL CHECK (status IN ('committed', 'passed', 'caught', 'failed')),
    reason         TEXT CHECK (reason IN ('missed', 'unanswered', 'wrong cell')),
    class          SMALLINT,
    rows           BIGINT,
    root           BYTEA,
    seconds        BIGINT,
    -- Multiply-accumulates per second.
    throughput     NUMERIC(20, 0),
    weight         NUMERIC(20, 0),
    -- How many of the drawn cells are shown.
    answered       INTEGER NOT NULL DEFAULT 0,
    -- Idle pay, IO base units.
    pay            NUMERIC(20, 0),
    -- Stake lost for a wrong cell, IO base units, and who proved it.
    slashed        NUMERIC(20, 0),
    prover         BYTEA,
    time           BIGINT NOT NULL,
    signature      BYTEA NOT NULL,
    slot           BIGINT NOT NULL,
    PRIMARY KEY (round, device),
    CHECK ((status = 'failed') = (reason IS NOT NULL))
);
CREATE INDEX challenges_by_device ON challenges (device, round DESC);
