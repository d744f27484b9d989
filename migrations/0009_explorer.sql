-- What the Explorer API lists, filters and charts by. As in the second migration, everything here can be computed from
-- `events` alone.

-- Class of the device at the claim.
ALTER TABLE jobs ADD COLUMN class SMALLINT;

-- Lists are ordered by the chain's clock, then by arrival: one index for each filter, with the whole of that order.
DROP INDEX jobs_by_status;
DROP INDEX jobs_by_user;
DROP INDEX jobs_by_device;
DROP INDEX jobs_by_operator;
DROP INDEX jobs_by_model;
CREATE INDEX jobs_by_posted ON jobs (posted_time, event_id);
CREATE INDEX jobs_by_status ON jobs (status, posted_time, event_id);
CREATE INDEX jobs_by_user ON jobs (user_key, posted_time, event_id);
CREATE INDEX jobs_by_device ON jobs (device, posted_time, event_id) WHERE device IS NOT NULL;
CREATE INDEX jobs_by_operator ON jobs (operator, posted_time, event_id) WHERE operator IS NOT NULL;
CREATE INDEX jobs_by_model ON jobs (model_root, posted_time, event_id);
CREATE INDEX jobs_by_class ON jobs (class, posted_time, event_id) WHERE class IS NOT NULL;
CREATE INDEX jobs_by_price ON jobs (price, event_id);
-- What suppliers look for: the best of the few jobs that wait among the many that ended.
CREATE INDEX jobs_waiting_by_price ON jobs (price, event_id) WHERE status = 'posted';
-- Devices, operators and models are few, and their counters change with every job: sorting them when somebody asks is
-- cheaper than an index on what changes. These columns rarely change.
CREATE INDEX devices_by_class ON devices (class, event_id);
CREATE INDEX devices_by_name ON devices (lower(name) text_pattern_ops);
CREATE INDEX models_by_name ON models (lower(name) text_pattern_ops);

-- Sums by the hour, so that a chart of a year adds up thousands of rows rather than millions. `hour` is the first second
-- of it, by the chain's clock.
CREATE TABLE hours (
    hour             BIGINT PRIMARY KEY,
    jobs_posted      BIGINT NOT NULL DEFAULT 0,
    jobs_claimed     BIGINT NOT NULL DEFAULT 0,
    jobs_committed   BIGINT NOT NULL DEFAULT 0,
    jobs_paid        BIGINT NOT NULL DEFAULT 0,
    jobs_returned    BIGINT NOT NULL DEFAULT 0,
    jobs_faulted     BIGINT NOT NULL DEFAULT 0,
    -- Multiply-accumulates asked for and paid for.
    work_posted      NUMERIC NOT NULL DEFAULT 0,
    work_paid        NUMERIC NOT NULL DEFAULT 0,
    -- IOSD.
    value_posted     NUMERIC NOT NULL DEFAULT 0,
    value_paid       NUMERIC NOT NULL DEFAULT 0,
    earned           NUMERIC NOT NULL DEFAULT 0,
    fees             NUMERIC NOT NULL DEFAULT 0,
    -- IO.
    idle_paid        NUMERIC NOT NULL DEFAULT 0,
    -- Registered less retired.
    devices_added    BIGINT NOT NULL DEFAULT 0,
    slot             BIGINT NOT NULL
);

-- The same for what was paid, by who earned it.
CREATE TABLE device_hours (
    device    BYTEA NOT NULL,
    operator  BYTEA NOT NULL,
    class     SMALLINT NOT NULL,
    hour      BIGINT NOT NULL,
    jobs_paid BIGINT NOT NULL,
    work_paid NUMERIC NOT NULL,
    paid      NUMERIC NOT NULL,
    earned    NUMERIC NOT NULL,
    slot      BIGINT NOT NULL,
    PRIMARY KEY (device, operator, class, hour)
);
CREATE INDEX device_hours_by_operator ON device_hours (operator, hour);
CREATE INDEX device_hours_by_hour ON device_hours (hour);

-- The feed's majority by the hour, and the last challenge round that ended in it.
CREATE TABLE price_hours (
    hour       BIGINT PRIMARY KEY,
    lowest     NUMERIC(20, 0) NOT NULL,
    highest    NUMERIC(20, 0) NOT NULL,
    last       NUMERIC(20, 0) NOT NULL,
    slot       BIGINT NOT NULL
);
CREATE TABLE round_hours (
    hour       BIGINT PRIMARY KEY,
    -- Devices that passed, and multiply-accumulates per second of those that share the budget.
    passed     BIGINT NOT NULL,
    throughput NUMERIC NOT NULL,
    slot       BIGINT NOT NULL
);
