-- What the events add up to. Changed only together with the event that causes the change.

CREATE TABLE jobs (
    address              BYTEA PRIMARY KEY CHECK (length(address) = 32),
    -- The event that created the row; lists are ordered by it.
    event_id             BIGINT NOT NULL UNIQUE REFERENCES events (id) ON DELETE CASCADE,
    user_key             BYTEA NOT NULL CHECK (length(user_key) = 32),
    user_seq             NUMERIC(20, 0) NOT NULL,
    model_root           BYTEA NOT NULL CHECK (length(model_root) = 32),
    rows                 BIGINT NOT NULL,
    input_root           BYTEA NOT NULL,
    input_blob           BYTEA NOT NULL,
    price                NUMERIC(20, 0) NOT NULL,
    -- `refunded` means that a fault was proven; see `verification` for what is known of a paid result.
    status               TEXT NOT NULL
        CHECK (status IN ('posted', 'claimed', 'committed', 'paid', 'cancelled', 'expired', 'refunded')),
    verification         TEXT CHECK (verification IN ('accepted', 'unchallenged')),
    device               BYTEA,
    operator             BYTEA,
    commitment           BYTEA,
    result_blob          BYTEA,
    execute_s            BIGINT NOT NULL,
    claim_deadline       BIGINT NOT NULL,
    commit_deadline      BIGINT,
    window_end           BIGINT,
    -- Where the escrow went. Either the first three add up to the price or the last one is the price.
    supplier_share       NUMERIC(20, 0),
    fee_retired          NUMERIC(20, 0),
    fee_incentives       NUMERIC(20, 0),
    refund               NUMERIC(20, 0),
    -- The cell that was proven wrong.
    fault_prover         BYTEA,
    fault_layer          BIGINT,
    fault_row            BIGINT,
    fault_column         BIGINT,
    fault_expected       INTEGER,
    fault_committed      INTEGER,
    posted_time          BIGINT NOT NULL,
    claimed_time         BIGINT,
    committed_time       BIGINT,
    ended_time           BIGINT,
    posted_signature     BYTEA NOT NULL,
    claimed_signature    BYTEA,
    committed_signature  BYTEA,
    ended_signature      BYTEA,
    slot                 BIGINT NOT NULL,
    CHECK ((status = 'paid') = (verification IS NOT NULL))
);
CREATE INDEX jobs_by_status ON jobs (status, event_id DESC);
CREATE INDEX jobs_by_user ON jobs (user_key, event_id DESC);
CREATE INDEX jobs_by_device ON jobs (device, event_id DESC) WHERE device IS NOT NULL;
CREATE INDEX jobs_by_operator ON jobs (operator, event_id DESC) WHERE operator IS NOT NULL;
CREATE INDEX jobs_by_model ON jobs (model_root, event_id DESC);

CREATE TABLE devices (
    key                  BYTEA PRIMARY KEY CHECK (length(key) = 32),
    event_id             BIGINT NOT NULL UNIQUE REFERENCES events (id) ON DELETE CASCADE,
    operator             BYTEA NOT NULL,
    name                 TEXT NOT NULL,
    registered_time      BIGINT NOT NULL,
    registered_signature BYTEA NOT NULL,
    jobs_paid            NUMERIC(20, 0) NOT NULL DEFAULT 0,
    jobs_expired         BIGINT NOT NULL DEFAULT 0,
    jobs_faulted         BIGINT NOT NULL DEFAULT 0,
    -- Suppliers' shares of the jobs it was paid for.
    earned               NUMERIC(20, 0) NOT NULL DEFAULT 0,
    live_job             BYTEA,
    slot                 BIGINT NOT NULL
);
CREATE INDEX devices_by_operator ON devices (operator, event_id DESC);

-- An earnings ledger comes first; the registration may follow.
CREATE TABLE operators (
    key                  BYTEA PRIMARY KEY CHECK (length(key) = 32),
    event_id             BIGINT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    registered_time      BIGINT,
    registered_signature BYTEA,
    devices              BIGINT NOT NULL DEFAULT 0,
    earned               NUMERIC(20, 0) NOT NULL DEFAULT 0,
    earnings_owed        NUMERIC(20, 0) NOT NULL DEFAULT 0,
    iosd_redeemed        NUMERIC(20, 0) NOT NULL DEFAULT 0,
    io_received          NUMERIC(20, 0) NOT NULL DEFAULT 0,
    slot                 BIGINT NOT NULL
);

CREATE TABLE users (
    key          BYTEA PRIMARY KEY CHECK (length(key) = 32),
    event_id     BIGINT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    iosd_balance NUMERIC(20, 0) NOT NULL DEFAULT 0,
    io_burned    NUMERIC(20, 0) NOT NULL DEFAULT 0,
    jobs_posted  BIGINT NOT NULL DEFAULT 0,
    slot         BIGINT NOT NULL
);

CREATE TABLE models (
    root         BYTEA PRIMARY KEY CHECK (length(root) = 32),
    event_id     BIGINT NOT NULL UNIQUE REFERENCES events (id) ON DELETE CASCADE,
    publisher    BYTEA NOT NULL,
    name         TEXT NOT NULL,
    blob         BYTEA NOT NULL,
    layers       SMALLINT NOT NULL,
    input_width  BIGINT NOT NULL,
    output_width BIGINT NOT NULL,
    macs_per_row NUMERIC(20, 0) NOT NULL,
    jobs_posted  BIGINT NOT NULL DEFAULT 0,
    time         BIGINT NOT NULL,
    signature    BYTEA NOT NULL,
    slot         BIGINT NOT NULL
);

CREATE TABLE epochs (
    index         NUMERIC(20, 0) PRIMARY KEY,
    io_burned     NUMERIC(20, 0) NOT NULL DEFAULT 0,
    io_redeemed   NUMERIC(20, 0) NOT NULL DEFAULT 0,
    iosd_bought   NUMERIC(20, 0) NOT NULL DEFAULT 0,
    iosd_redeemed NUMERIC(20, 0) NOT NULL DEFAULT 0,
    slot          BIGINT NOT NULL
);

-- Prices are 10^-8 dollars per IO; a spot of zero means that no majority was fresh.
CREATE TABLE price_points (
    event_id  BIGINT PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    submitter BYTEA NOT NULL,
    price     NUMERIC(20, 0) NOT NULL,
    spot      NUMERIC(20, 0) NOT NULL,
    average   NUMERIC(20, 0) NOT NULL,
    time      BIGINT NOT NULL,
    slot      BIGINT NOT NULL
);

-- Sums, so that nobody has to count rows.
CREATE TABLE totals (
    one            BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    devices        BIGINT NOT NULL DEFAULT 0,
    operators      BIGINT NOT NULL DEFAULT 0,
    users          BIGINT NOT NULL DEFAULT 0,
    models         BIGINT NOT NULL DEFAULT 0,
    io_burned      NUMERIC(30, 0) NOT NULL DEFAULT 0,
    io_redeemed    NUMERIC(30, 0) NOT NULL DEFAULT 0,
    iosd_bought    NUMERIC(30, 0) NOT NULL DEFAULT 0,
    iosd_locked    NUMERIC(30, 0) NOT NULL DEFAULT 0,
    iosd_refunded  NUMERIC(30, 0) NOT NULL DEFAULT 0,
    iosd_spent     NUMERIC(30, 0) NOT NULL DEFAULT 0,
    iosd_earned    NUMERIC(30, 0) NOT NULL DEFAULT 0,
    iosd_redeemed  NUMERIC(30, 0) NOT NULL DEFAULT 0,
    iosd_incentives NUMERIC(30, 0) NOT NULL DEFAULT 0,
    iosd_retired   NUMERIC(30, 0) NOT NULL DEFAULT 0,
    -- The last majority; no price was ever good while these are empty.
    price_spot     NUMERIC(20, 0),
    price_average  NUMERIC(20, 0),
    price_time     BIGINT
);
INSERT INTO totals DEFAULT VALUES;

-- How many jobs are in each state now.
CREATE TABLE job_counts (
    status TEXT PRIMARY KEY,
    jobs   BIGINT NOT NULL DEFAULT 0
);
INSERT INTO job_counts (status)
VALUES ('posted'), ('claimed'), ('committed'), ('paid'), ('cancelled'), ('expired'), ('refunded');
