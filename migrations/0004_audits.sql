-- Random audits of committed results. As in the second migration, everything here can be computed from `events` alone and is
-- changed only together with the event that causes the change.

-- `refunded`: a wrong cell was proven. `unanswered`: an answer was owed and did not come. `audited`: all cells of the audit
-- were judged on chain and are right.
ALTER TABLE jobs DROP CONSTRAINT jobs_status_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_status_check
    CHECK (status IN ('posted', 'claimed', 'committed', 'paid', 'cancelled', 'expired', 'refunded', 'unanswered'));
ALTER TABLE jobs DROP CONSTRAINT jobs_verification_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_verification_check CHECK (verification IN ('accepted', 'unchallenged', 'audited'));
INSERT INTO job_counts (status) VALUES ('unanswered');

ALTER TABLE jobs
    -- The chance that it is audited, basis points, and in how many cells: known from the claim on.
    ADD COLUMN audit_bps       INTEGER,
    ADD COLUMN audit_cells     SMALLINT,
    -- `pending`: to be drawn; `certain`: a draw was missed, so it will be audited.
    ADD COLUMN audit           TEXT CHECK (audit IN ('pending', 'certain', 'not_drawn', 'open', 'passed', 'unanswered')),
    -- The first slot hash at or after this slot draws, or drew.
    ADD COLUMN draw_slot       BIGINT,
    ADD COLUMN draws_missed    BIGINT NOT NULL DEFAULT 0,
    -- The draw: the slot whose hash decided, and what the cells follow from.
    ADD COLUMN drawn_slot      NUMERIC(20, 0),
    ADD COLUMN drawn_hash      BYTEA,
    ADD COLUMN audit_seed      BYTEA,
    ADD COLUMN audit_deadline  BIGINT,
    ADD COLUMN audit_answered  SMALLINT NOT NULL DEFAULT 0,
    ADD COLUMN drawn_time      BIGINT,
    ADD COLUMN drawn_signature BYTEA;

-- Audited cells that were shown to be right.
CREATE TABLE audited_cells (
    job       BYTEA NOT NULL,
    -- Among the audit's cells.
    index     SMALLINT NOT NULL,
    event_id  BIGINT NOT NULL UNIQUE REFERENCES events (id) ON DELETE CASCADE,
    layer     BIGINT NOT NULL,
    row       BIGINT NOT NULL,
    "column"  BIGINT NOT NULL,
    prover    BYTEA NOT NULL CHECK (length(prover) = 32),
    time      BIGINT NOT NULL,
    signature BYTEA NOT NULL,
    slot      BIGINT NOT NULL,
    PRIMARY KEY (job, index)
);
