-- Epochs, redemptions, the schedule, stake, loyalty and governance. As in the second migration, everything here can be
-- computed from `events` alone and is changed only together with the event that causes the change.
--
-- Amounts are NUMERIC(20,0): every unsigned 64-bit number fits; indices are NUMERIC(39,0) for 128 bits.

ALTER TABLE events DROP CONSTRAINT events_program_check;
ALTER TABLE events ADD CONSTRAINT events_program_check
    CHECK (program IN ('credits', 'jobs', 'staking', 'governance'));

-- What jobs tell of stake.
ALTER TABLE devices
    ADD COLUMN class          SMALLINT NOT NULL DEFAULT 0,
    ADD COLUMN required_stake NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN retired        BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE operators
    -- What its devices need together.
    ADD COLUMN required_stake NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN jobs_paid      BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN jobs_expired   BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN jobs_faulted   BIGINT NOT NULL DEFAULT 0,
    -- Asked for and not paid yet, and the epoch of the request.
    ADD COLUMN requested      NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN request_epoch  NUMERIC(20, 0);
CREATE INDEX operators_by_event ON operators (event_id);
ALTER TABLE jobs
    -- Stake of the operator: behind the claim, given to the user, lost to a proven fault.
    ADD COLUMN reserved  NUMERIC(20, 0),
    ADD COLUMN forfeited NUMERIC(20, 0),
    ADD COLUMN slashed   NUMERIC(20, 0);

-- One accounting period. What happened in it is counted as it happens; the columns that may be empty are known once it is
-- closed.
ALTER TABLE epochs
    -- Asked for in it and, once it is closed, settled against it, IOSD.
    ADD COLUMN requested        NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN settled          NUMERIC(20, 0) NOT NULL DEFAULT 0,
    -- IO minted for those requests; `io_redeemed` is what was minted for redemptions during the epoch.
    ADD COLUMN settled_io       NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN dust             NUMERIC(20, 0) NOT NULL DEFAULT 0,
    -- IO minted on schedule during the epoch.
    ADD COLUMN minted_idle      NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN minted_stakers   NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN minted_treasury  NUMERIC(20, 0) NOT NULL DEFAULT 0,
    -- Stake that was burned during the epoch, IO.
    ADD COLUMN slash_burned     NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN closed_time      BIGINT,
    ADD COLUMN closed_signature BYTEA,
    ADD COLUMN smoothed_burn    NUMERIC(20, 0),
    ADD COLUMN paid             NUMERIC(20, 0),
    ADD COLUMN allocated        NUMERIC(20, 0),
    -- Zero: there was no good price.
    ADD COLUMN price            NUMERIC(20, 0),
    ADD COLUMN reserve          NUMERIC(20, 0),
    ADD COLUMN allocated_total  NUMERIC(20, 0),
    ADD COLUMN budget_idle      NUMERIC(20, 0),
    ADD COLUMN budget_stakers   NUMERIC(20, 0),
    ADD COLUMN budget_treasury  NUMERIC(20, 0),
    ADD COLUMN supply           NUMERIC(20, 0),
    -- Active and reserved stake of all pools when it was closed.
    ADD COLUMN staked           NUMERIC(20, 0);

-- The coin by epoch.
CREATE VIEW supply_by_epoch AS
SELECT index, supply, staked, io_burned, slash_burned, io_redeemed AS minted_redemptions, minted_idle, minted_stakers,
       minted_treasury, slot
FROM epochs;

-- Requests for redemption and what came of them.
CREATE TABLE redemptions (
    event_id  BIGINT PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    owner     BYTEA NOT NULL CHECK (length(owner) = 32),
    kind      TEXT NOT NULL CHECK (kind IN ('requested', 'settled')),
    epoch     NUMERIC(20, 0) NOT NULL,
    -- Asked for, IOSD.
    amount    NUMERIC(20, 0) NOT NULL,
    -- Of a settlement: what of it was paid, the IO for it, the rest and the epoch that the rest joined.
    charged   NUMERIC(20, 0),
    io_minted NUMERIC(20, 0),
    rest      NUMERIC(20, 0),
    joined    NUMERIC(20, 0),
    time      BIGINT NOT NULL,
    signature BYTEA NOT NULL,
    slot      BIGINT NOT NULL,
    CHECK ((kind = 'settled') = (charged IS NOT NULL))
);
CREATE INDEX redemptions_by_owner ON redemptions (owner, event_id DESC);
CREATE INDEX redemptions_by_epoch ON redemptions (epoch, event_id DESC);

-- Budgets of the schedule now. Limits and minter are empty until a vote sets them: the launch's are in no event.
CREATE TABLE budgets (
    purpose      TEXT PRIMARY KEY CHECK (purpose IN ('idle', 'stakers', 'treasury')),
    scheduled    NUMERIC(20, 0) NOT NULL DEFAULT 0,
    available    NUMERIC(20, 0) NOT NULL DEFAULT 0,
    minted       NUMERIC(20, 0) NOT NULL DEFAULT 0,
    epoch        NUMERIC(20, 0),
    epoch_minted NUMERIC(20, 0) NOT NULL DEFAULT 0,
    authority    BYTEA,
    total_limit  NUMERIC(20, 0),
    epoch_limit  NUMERIC(20, 0),
    slot         BIGINT
);
INSERT INTO budgets (purpose) VALUES ('idle'), ('stakers'), ('treasury');

CREATE TABLE schedule_mints (
    event_id  BIGINT PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    purpose   TEXT NOT NULL,
    -- The token account that received it.
    recipient BYTEA NOT NULL,
    amount    NUMERIC(20, 0) NOT NULL,
    epoch     NUMERIC(20, 0) NOT NULL,
    time      BIGINT NOT NULL,
    signature BYTEA NOT NULL,
    slot      BIGINT NOT NULL
);

ALTER TABLE totals
    ADD COLUMN io_scheduled     NUMERIC(30, 0) NOT NULL DEFAULT 0,
    ADD COLUMN io_slash_burned  NUMERIC(30, 0) NOT NULL DEFAULT 0,
    ADD COLUMN io_deposits_burned NUMERIC(30, 0) NOT NULL DEFAULT 0,
    ADD COLUMN iosd_requested   NUMERIC(30, 0) NOT NULL DEFAULT 0,
    ADD COLUMN iosd_rebated     NUMERIC(30, 0) NOT NULL DEFAULT 0,
    ADD COLUMN iosd_rebates_minted NUMERIC(30, 0) NOT NULL DEFAULT 0,
    -- IO that exists: what the last closing of an epoch saw, changed by what happened since. Empty before the first.
    ADD COLUMN io_supply        NUMERIC(30, 0),
    ADD COLUMN reserve          NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN allocated        NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN smoothed_burn    NUMERIC(20, 0) NOT NULL DEFAULT 0,
    ADD COLUMN next_epoch       NUMERIC(20, 0) NOT NULL DEFAULT 0;

-- Stake and rewards of all pools, IO.
CREATE TABLE rewards (
    one           BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    -- Active and reserved: of operators' pools, and of all.
    weight        NUMERIC(20, 0) NOT NULL DEFAULT 0,
    staked        NUMERIC(20, 0) NOT NULL DEFAULT 0,
    -- Q64.64 per unit of weight.
    index         NUMERIC(39, 0) NOT NULL DEFAULT 0,
    undistributed NUMERIC(20, 0) NOT NULL DEFAULT 0,
    collected     NUMERIC(20, 0) NOT NULL DEFAULT 0,
    claimed       NUMERIC(20, 0) NOT NULL DEFAULT 0,
    slashed       NUMERIC(20, 0) NOT NULL DEFAULT 0,
    burned        NUMERIC(20, 0) NOT NULL DEFAULT 0,
    slot          BIGINT
);
INSERT INTO rewards DEFAULT VALUES;

CREATE TABLE pools (
    address            BYTEA PRIMARY KEY CHECK (length(address) = 32),
    event_id           BIGINT NOT NULL UNIQUE REFERENCES events (id) ON DELETE CASCADE,
    owner              BYTEA NOT NULL CHECK (length(owner) = 32),
    kind               TEXT NOT NULL CHECK (kind IN ('operator', 'user')),
    commission_bps     INTEGER NOT NULL,
    active             NUMERIC(20, 0) NOT NULL DEFAULT 0,
    reserved           NUMERIC(20, 0) NOT NULL DEFAULT 0,
    warming            NUMERIC(20, 0) NOT NULL DEFAULT 0,
    cooling            NUMERIC(20, 0) NOT NULL DEFAULT 0,
    -- What a unit staked at 2^62 is still worth.
    factor             NUMERIC(20, 0) NOT NULL DEFAULT 4611686018427387904,
    index              NUMERIC(39, 0) NOT NULL DEFAULT 0,
    scaled_index       NUMERIC(39, 0) NOT NULL DEFAULT 0,
    commission_owed    NUMERIC(20, 0) NOT NULL DEFAULT 0,
    undistributed      NUMERIC(20, 0) NOT NULL DEFAULT 0,
    -- Ever brought in, commission included, and ever paid out to positions and as commission.
    rewarded           NUMERIC(20, 0) NOT NULL DEFAULT 0,
    claimed            NUMERIC(20, 0) NOT NULL DEFAULT 0,
    commission_claimed NUMERIC(20, 0) NOT NULL DEFAULT 0,
    -- Ever lost: how often, reservations and beyond them, and what users got for expired claims.
    slashes            BIGINT NOT NULL DEFAULT 0,
    slashed_reserved   NUMERIC(20, 0) NOT NULL DEFAULT 0,
    slashed_beyond     NUMERIC(20, 0) NOT NULL DEFAULT 0,
    forfeited          NUMERIC(20, 0) NOT NULL DEFAULT 0,
    -- Open positions.
    positions          BIGINT NOT NULL DEFAULT 0,
    opened_time        BIGINT NOT NULL,
    opened_signature   BYTEA NOT NULL,
    slot               BIGINT NOT NULL,
    UNIQUE (owner, kind)
);

-- One holder's part of a pool; `active`, `warming` and `cooling` are as of `factor`. A closed one keeps its history.
CREATE TABLE positions (
    address      BYTEA PRIMARY KEY CHECK (length(address) = 32),
    event_id     BIGINT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    pool         BYTEA NOT NULL CHECK (length(pool) = 32),
    holder       BYTEA NOT NULL CHECK (length(holder) = 32),
    active       NUMERIC(20, 0) NOT NULL DEFAULT 0,
    reserved     NUMERIC(20, 0) NOT NULL DEFAULT 0,
    warming      NUMERIC(20, 0) NOT NULL DEFAULT 0,
    cooling      NUMERIC(20, 0) NOT NULL DEFAULT 0,
    factor       NUMERIC(20, 0) NOT NULL,
    -- As of the last event; the pool may have earned since.
    owed         NUMERIC(20, 0) NOT NULL DEFAULT 0,
    warm_epoch   NUMERIC(20, 0),
    cool_epoch   NUMERIC(20, 0),
    locked_until BIGINT,
    claimed      NUMERIC(20, 0) NOT NULL DEFAULT 0,
    closed       BOOLEAN NOT NULL DEFAULT FALSE,
    slot         BIGINT NOT NULL,
    UNIQUE (pool, holder)
);
CREATE INDEX positions_by_holder ON positions (holder, event_id DESC);

-- What happened to pools and positions.
CREATE TABLE stake_events (
    event_id  BIGINT PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    -- Empty for what concerns all pools.
    pool      BYTEA,
    holder    BYTEA,
    kind      TEXT NOT NULL,
    -- IO, but IOSD for rebates; what the kind is about.
    amount    NUMERIC(20, 0),
    time      BIGINT NOT NULL,
    signature BYTEA NOT NULL,
    slot      BIGINT NOT NULL
);
CREATE INDEX stake_events_by_pool ON stake_events (pool, event_id DESC) WHERE pool IS NOT NULL;
CREATE INDEX stake_events_by_holder ON stake_events (holder, event_id DESC) WHERE holder IS NOT NULL;

-- What users have spent and get back for it.
CREATE TABLE loyalty (
    user_key   BYTEA PRIMARY KEY CHECK (length(user_key) = 32),
    event_id   BIGINT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    since      BIGINT,
    points     NUMERIC(20, 0) NOT NULL DEFAULT 0,
    spent      NUMERIC(20, 0) NOT NULL DEFAULT 0,
    incentives NUMERIC(20, 0) NOT NULL DEFAULT 0,
    rebated    NUMERIC(20, 0) NOT NULL DEFAULT 0,
    pooled     NUMERIC(20, 0) NOT NULL DEFAULT 0,
    shared     BOOLEAN NOT NULL DEFAULT FALSE,
    slot       BIGINT NOT NULL
);

CREATE TABLE proposals (
    address            BYTEA PRIMARY KEY CHECK (length(address) = 32),
    event_id           BIGINT NOT NULL UNIQUE REFERENCES events (id) ON DELETE CASCADE,
    number             NUMERIC(20, 0) NOT NULL UNIQUE,
    proposer           BYTEA NOT NULL,
    action_kind        TEXT NOT NULL,
    -- The action for programs and for people.
    action             JSONB NOT NULL,
    words              TEXT NOT NULL,
    deposit            NUMERIC(20, 0) NOT NULL,
    rules_version      BIGINT NOT NULL,
    voting_end         BIGINT NOT NULL,
    eta                BIGINT NOT NULL,
    expires            BIGINT NOT NULL,
    quorum             NUMERIC(20, 0) NOT NULL,
    threshold_bps      INTEGER NOT NULL,
    yes                NUMERIC(20, 0) NOT NULL DEFAULT 0,
    no                 NUMERIC(20, 0) NOT NULL DEFAULT 0,
    abstain            NUMERIC(20, 0) NOT NULL DEFAULT 0,
    votes              BIGINT NOT NULL DEFAULT 0,
    status             TEXT NOT NULL CHECK (status IN ('voting', 'passed', 'rejected', 'vetoed', 'executed')),
    vetoed_by          BYTEA,
    created_time       BIGINT NOT NULL,
    created_signature  BYTEA NOT NULL,
    finished_time      BIGINT,
    executed_time      BIGINT,
    executed_signature BYTEA,
    -- Set when it is put away: one of them is the deposit.
    deposit_returned   NUMERIC(20, 0),
    deposit_burned     NUMERIC(20, 0),
    slot               BIGINT NOT NULL
);

CREATE TABLE votes (
    proposal  BYTEA NOT NULL CHECK (length(proposal) = 32),
    position  BYTEA NOT NULL CHECK (length(position) = 32),
    event_id  BIGINT NOT NULL UNIQUE REFERENCES events (id) ON DELETE CASCADE,
    voter     BYTEA NOT NULL,
    choice    TEXT NOT NULL CHECK (choice IN ('yes', 'no', 'abstain')),
    weight    NUMERIC(20, 0) NOT NULL,
    time      BIGINT NOT NULL,
    signature BYTEA NOT NULL,
    slot      BIGINT NOT NULL,
    PRIMARY KEY (proposal, position)
);
CREATE INDEX votes_by_proposal ON votes (proposal, event_id DESC);
CREATE INDEX votes_by_voter ON votes (voter, event_id DESC);

-- The voting rules' version and what governance burned.
CREATE TABLE governance (
    one             BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    rules_version   BIGINT NOT NULL DEFAULT 0,
    deposits_burned NUMERIC(20, 0) NOT NULL DEFAULT 0,
    slot            BIGINT
);
INSERT INTO governance DEFAULT VALUES;

CREATE TABLE parameter_changes (
    event_id  BIGINT PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    program   TEXT NOT NULL,
    parameter TEXT NOT NULL,
    old       NUMERIC(20, 0) NOT NULL,
    new       NUMERIC(20, 0) NOT NULL,
    time      BIGINT NOT NULL,
    signature BYTEA NOT NULL,
    slot      BIGINT NOT NULL
);

-- All flags that were set then; zero lifts every pause.
CREATE TABLE pauses (
    event_id  BIGINT PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    program   TEXT NOT NULL,
    flags     SMALLINT NOT NULL,
    -- Whoever paused, if it was the guardian.
    guardian  BYTEA,
    time      BIGINT NOT NULL,
    signature BYTEA NOT NULL,
    slot      BIGINT NOT NULL
);
CREATE INDEX pauses_by_program ON pauses (program, event_id DESC);

-- Who may order, as far as events tell: the launch's authorities are in none. Governance's is its guardian.
CREATE TABLE authorities (
    program   TEXT PRIMARY KEY,
    authority BYTEA,
    pending   BYTEA,
    slot      BIGINT
);
INSERT INTO authorities (program) VALUES ('credits'), ('jobs'), ('staking'), ('governance');
