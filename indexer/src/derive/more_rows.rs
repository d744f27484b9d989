//! The tables of stake, votes, orders and challenges; the migrations say what the columns mean.
use super::columns::{Amount, Jsonb, Key, Wide};
use super::table::{Single, keyed_rows, rows};

keyed_rows! {
    Rewards in rewards by one: bool {
        weight: Amount,
        staked: Amount,
        index: Wide,
        undistributed: Amount,
        collected: Amount,
        claimed: Amount,
        slashed: Amount,
        burned: Amount,
        slot: Option<i64>,
    }

    Pool in pools by address: Key {
        event_id: i64,
        owner: Key,
        kind: String,
        commission_bps: i32,
        active: Amount,
        reserved: Amount,
        warming: Amount,
        cooling: Amount,
        factor: Amount,
        index: Wide,
        scaled_index: Wide,
        commission_owed: Amount,
        undistributed: Amount,
        rewarded: Amount,
        claimed: Amount,
        commission_claimed: Amount,
        slashes: i64,
        slashed_reserved: Amount,
        slashed_beyond: Amount,
        forfeited: Amount,
        positions: i64,
        opened_time: i64,
        opened_signature: Vec<u8>,
        slot: i64,
    }

    Position in positions by address: Key {
        event_id: i64,
        pool: Key,
        holder: Key,
        active: Amount,
        reserved: Amount,
        warming: Amount,
        cooling: Amount,
        factor: Amount,
        owed: Amount,
        warm_epoch: Option<Amount>,
        cool_epoch: Option<Amount>,
        locked_until: Option<i64>,
        claimed: Amount,
        closed: bool,
        slot: i64,
    }

    Proposal in proposals by address: Key {
        event_id: i64,
        number: Amount,
        proposer: Key,
        action_kind: String,
        action: Jsonb,
        words: String,
        deposit: Amount,
        rules_version: i64,
        voting_end: i64,
        eta: i64,
        expires: i64,
        quorum: Amount,
        threshold_bps: i32,
        yes: Amount,
        no: Amount,
        abstain: Amount,
        votes: i64,
        status: String,
        vetoed_by: Option<Key>,
        created_time: i64,
        created_signature: Vec<u8>,
        finished_time: Option<i64>,
        executed_time: Option<i64>,
        executed_signature: Option<Vec<u8>>,
        deposit_returned: Option<Amount>,
        deposit_burned: Option<Amount>,
        slot: i64,
    }

    Governance in governance by one: bool {
        rules_version: i64,
        deposits_burned: Amount,
        slot: Option<i64>,
    }

    Authority in authorities by program: String {
        authority: Option<Key>,
        pending: Option<Key>,
        slot: Option<i64>,
    }

    Round in rounds by number: Amount {
        event_id: i64,
        opener: Key,
        slot_hash: Key,
        phase: String,
        opened_time: i64,
        window_end: i64,
        next_round_at: i64,
        draw_slot: Option<Amount>,
        draw_hash: Option<Key>,
        answers_until: Option<i64>,
        proofs_until: Option<i64>,
        committed: i64,
        passed: i64,
        weight: Wide,
        budget: Amount,
        shared: Amount,
        ended_time: Option<i64>,
        signature: Vec<u8>,
        slot: i64,
    }

    Challenge in challenges by round: Amount, device: Key {
        event_id: i64,
        status: String,
        reason: Option<String>,
        class: Option<i16>,
        rows: Option<i64>,
        root: Option<Key>,
        seconds: Option<i64>,
        throughput: Option<Amount>,
        weight: Option<Amount>,
        answered: i32,
        pay: Option<Amount>,
        slashed: Option<Amount>,
        prover: Option<Key>,
        time: i64,
        signature: Vec<u8>,
        slot: i64,
    }
}

// Only ever added to.
rows! {
    StakeEvent in stake_events {
        event_id: i64,
        pool: Option<Key>,
        holder: Option<Key>,
        kind: &'static str,
        amount: Option<Amount>,
        time: i64,
        signature: Vec<u8>,
        slot: i64,
    }

    Vote in votes {
        proposal: Key,
        position: Key,
        event_id: i64,
        voter: Key,
        choice: &'static str,
        weight: Amount,
        time: i64,
        signature: Vec<u8>,
        slot: i64,
    }

    ParameterChange in parameter_changes {
        event_id: i64,
        program: &'static str,
        parameter: String,
        old: Amount,
        new: Amount,
        time: i64,
        signature: Vec<u8>,
        slot: i64,
    }

    Pause in pauses {
        event_id: i64,
        program: &'static str,
        flags: i16,
        guardian: Option<Key>,
        time: i64,
        signature: Vec<u8>,
        slot: i64,
    }
}

impl Single for Rewards {
    fn first() -> Self {
        Self { one: true, ..Self::default() }
    }
}

impl Single for Governance {
    fn first() -> Self {
        Self { one: true, ..Self::default() }
    }
}
