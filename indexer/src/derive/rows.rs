//! The tables of jobs, of who does them, and of money; the migrations say what the columns mean.
use super::columns::{Amount, Jsonb, Key};
use super::table::{Single, keyed_rows, rows};

keyed_rows! {
    Job in jobs by address: Key {
        event_id: i64,
        user_key: Key,
        user_seq: Amount,
        model_root: Key,
        rows: i64,
        input_root: Key,
        input_blob: Key,
        price: Amount,
        status: String,
        verification: Option<String>,
        device: Option<Key>,
        operator: Option<Key>,
        class: Option<i16>,
        commitment: Option<Key>,
        result_blob: Option<Key>,
        execute_s: i64,
        claim_deadline: i64,
        commit_deadline: Option<i64>,
        window_end: Option<i64>,
        supplier_share: Option<Amount>,
        fee_retired: Option<Amount>,
        fee_incentives: Option<Amount>,
        refund: Option<Amount>,
        fault_prover: Option<Key>,
        fault_layer: Option<i64>,
        fault_row: Option<i64>,
        fault_column: Option<i64>,
        fault_expected: Option<i32>,
        fault_committed: Option<i32>,
        posted_time: i64,
        claimed_time: Option<i64>,
        committed_time: Option<i64>,
        ended_time: Option<i64>,
        posted_signature: Vec<u8>,
        claimed_signature: Option<Vec<u8>>,
        committed_signature: Option<Vec<u8>>,
        ended_signature: Option<Vec<u8>>,
        reserved: Option<Amount>,
        forfeited: Option<Amount>,
        slashed: Option<Amount>,
        audit_bps: Option<i32>,
        audit_cells: Option<i16>,
        audit: Option<String>,
        draw_slot: Option<i64>,
        draws_missed: i64,
        drawn_slot: Option<Amount>,
        drawn_hash: Option<Key>,
        audit_seed: Option<Key>,
        audit_deadline: Option<i64>,
        audit_answered: i16,
        drawn_time: Option<i64>,
        drawn_signature: Option<Vec<u8>>,
        unanswered: Option<i32>,
        slot: i64,
    }

    JobCount in job_counts by status: String {
        jobs: i64,
    }

    AuditedCell in audited_cells by job: Key, index: i16 {
        event_id: i64,
        layer: i64,
        row: i64,
        column: i64,
        prover: Key,
        time: i64,
        signature: Vec<u8>,
        slot: i64,
    }

    Demand in demands by job: Key, n: i32 {
        event_id: i64,
        demander: Key,
        item: Jsonb,
        bond: Amount,
        deadline: i64,
        status: String,
        answered_by: Option<Key>,
        data: Option<Vec<u8>>,
        made_time: i64,
        ended_time: Option<i64>,
        made_signature: Vec<u8>,
        ended_signature: Option<Vec<u8>>,
        slot: i64,
    }

    Device in devices by key: Key {
        event_id: i64,
        operator: Key,
        name: String,
        registered_time: i64,
        registered_signature: Vec<u8>,
        jobs_paid: Amount,
        jobs_expired: i64,
        jobs_faulted: i64,
        earned: Amount,
        live_job: Option<Key>,
        class: i16,
        required_stake: Amount,
        retired: bool,
        offer: Amount,
        measured: Amount,
        since_round: Amount,
        good_round: Amount,
        failed_round: Amount,
        challenges_passed: i64,
        challenges_failed: i64,
        caught: bool,
        slot: i64,
    }

    Operator in operators by key: Key {
        event_id: i64,
        registered_time: Option<i64>,
        registered_signature: Option<Vec<u8>>,
        devices: i64,
        earned: Amount,
        earnings_owed: Amount,
        iosd_redeemed: Amount,
        io_received: Amount,
        required_stake: Amount,
        jobs_paid: i64,
        jobs_expired: i64,
        jobs_faulted: i64,
        requested: Amount,
        request_epoch: Option<Amount>,
        idle_owed: Amount,
        idle_paid: Amount,
        slot: i64,
    }

    User in users by key: Key {
        event_id: i64,
        iosd_balance: Amount,
        io_burned: Amount,
        jobs_posted: i64,
        slot: i64,
    }

    Model in models by root: Key {
        event_id: i64,
        publisher: Key,
        name: String,
        blob: Key,
        layers: i16,
        input_width: i64,
        output_width: i64,
        macs_per_row: Amount,
        jobs_posted: i64,
        time: i64,
        signature: Vec<u8>,
        slot: i64,
    }

    Loyalty in loyalty by user_key: Key {
        event_id: i64,
        since: Option<i64>,
        points: Amount,
        spent: Amount,
        incentives: Amount,
        rebated: Amount,
        pooled: Amount,
        shared: bool,
        slot: i64,
    }

    Epoch in epochs by index: Amount {
        io_burned: Amount,
        io_redeemed: Amount,
        iosd_bought: Amount,
        iosd_redeemed: Amount,
        requested: Amount,
        settled: Amount,
        settled_io: Amount,
        dust: Amount,
        minted_idle: Amount,
        minted_stakers: Amount,
        minted_treasury: Amount,
        slash_burned: Amount,
        closed_time: Option<i64>,
        closed_signature: Option<Vec<u8>>,
        smoothed_burn: Option<Amount>,
        paid: Option<Amount>,
        allocated: Option<Amount>,
        price: Option<Amount>,
        reserve: Option<Amount>,
        allocated_total: Option<Amount>,
        budget_idle: Option<Amount>,
        budget_stakers: Option<Amount>,
        budget_treasury: Option<Amount>,
        supply: Option<Amount>,
        staked: Option<Amount>,
        slot: i64,
    }

    Budget in budgets by purpose: String {
        scheduled: Amount,
        available: Amount,
        minted: Amount,
        epoch: Option<Amount>,
        epoch_minted: Amount,
        authority: Option<Key>,
        total_limit: Option<Amount>,
        epoch_limit: Option<Amount>,
        slot: Option<i64>,
    }

    Totals in totals by one: bool {
        devices: i64,
        operators: i64,
        users: i64,
        models: i64,
        io_burned: Amount,
        io_redeemed: Amount,
        iosd_bought: Amount,
        iosd_locked: Amount,
        iosd_refunded: Amount,
        iosd_spent: Amount,
        iosd_earned: Amount,
        iosd_redeemed: Amount,
        iosd_incentives: Amount,
        iosd_retired: Amount,
        price_spot: Option<Amount>,
        price_average: Option<Amount>,
        price_time: Option<i64>,
        io_scheduled: Amount,
        io_slash_burned: Amount,
        io_deposits_burned: Amount,
        iosd_requested: Amount,
        iosd_rebated: Amount,
        iosd_rebates_minted: Amount,
        io_supply: Option<Amount>,
        reserve: Amount,
        allocated: Amount,
        smoothed_burn: Amount,
        next_epoch: Amount,
    }
}

// Only ever added to.
rows! {
    PricePoint in price_points {
        event_id: i64,
        submitter: Key,
        price: Amount,
        spot: Amount,
        average: Amount,
        time: i64,
        slot: i64,
    }

    Redemption in redemptions {
        event_id: i64,
        owner: Key,
        kind: &'static str,
        epoch: Amount,
        amount: Amount,
        charged: Option<Amount>,
        io_minted: Option<Amount>,
        rest: Option<Amount>,
        joined: Option<Amount>,
        time: i64,
        signature: Vec<u8>,
        slot: i64,
    }

    ScheduleMint in schedule_mints {
        event_id: i64,
        purpose: &'static str,
        recipient: Key,
        amount: Amount,
        epoch: Amount,
        time: i64,
        signature: Vec<u8>,
        slot: i64,
    }
}

impl Single for Totals {
    fn first() -> Self {
        Self { one: true, ..Self::default() }
    }
}

/// The supply is not known before the first closing of an epoch tells it.
impl Totals {
    pub fn mint_supply(&mut self, io: u64) {
        if let Some(supply) = &mut self.io_supply {
            *supply += io;
        }
    }

    pub fn burn_supply(&mut self, io: u64) {
        if let Some(supply) = &mut self.io_supply {
            *supply -= io;
        }
    }
}
