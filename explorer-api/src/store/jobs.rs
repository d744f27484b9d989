use crate::list::{Listed, Order, only, only_number};
use crate::outcome::{self, Facts};
use crate::store::audits::AuditRow;
use explorer_client::{
    Amount, Fault, Finality, Hash, Job, JobStatus, JobsQuery, JobsSort, Key, Money, StakeBehind, Time, base58, hex,
};
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder};

/// Amounts as text: no number type here holds them all.
const COLUMNS: &str = "address, user_key, user_seq::text, model_root, rows, input_root, input_blob, price::text,
    status, verification, device, operator, class, commitment, result_blob, execute_s, claim_deadline, commit_deadline,
    window_end, supplier_share::text, fee_retired::text, fee_incentives::text,
    (fee_retired + fee_incentives)::text AS fee, refund::text, fault_prover, fault_layer, fault_row, fault_column,
    fault_expected, fault_committed, posted_time, claimed_time, committed_time, ended_time, posted_signature,
    claimed_signature, committed_signature, ended_signature, reserved::text, forfeited::text, slashed::text, unanswered,
    audit_bps, audit_cells, audit, draw_slot, draws_missed, drawn_slot::text, drawn_hash, audit_seed, audit_deadline,
    audit_answered, drawn_time, drawn_signature, slot";

#[derive(Debug, FromRow)]
pub struct JobRow {
    pub address: Vec<u8>,
    user_key: Vec<u8>,
    user_seq: String,
    model_root: Vec<u8>,
    rows: i64,
    input_root: Vec<u8>,
    input_blob: Vec<u8>,
    price: String,
    status: String,
    verification: Option<String>,
    device: Option<Vec<u8>>,
    operator: Option<Vec<u8>>,
    class: Option<i16>,
    commitment: Option<Vec<u8>>,
    result_blob: Option<Vec<u8>>,
    execute_s: i64,
    claim_deadline: i64,
    commit_deadline: Option<i64>,
    window_end: Option<i64>,
    supplier_share: Option<String>,
    fee_retired: Option<String>,
    fee_incentives: Option<String>,
    fee: Option<String>,
    refund: Option<String>,
    fault_prover: Option<Vec<u8>>,
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
    reserved: Option<String>,
    forfeited: Option<String>,
    slashed: Option<String>,
    #[sqlx(flatten)]
    audit: AuditRow,
    unanswered: Option<i32>,
    slot: i64,
}

impl JobRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Job {
        let key = |bytes: Option<Vec<u8>>| bytes.map(|bytes| base58(&bytes));
        let claimed = self.claimed_time.is_some();
        let facts = Facts {
            status: &self.status,
            verification: self.verification.as_deref(),
            claimed,
            silent: self.unanswered.is_some(),
            audit: self.audit.state(),
        };
        let outcome = outcome::words(facts);
        let fault = self.fault_prover.map(|prover| Fault {
            prover: base58(&prover),
            layer: self.fault_layer.unwrap_or_default(),
            row: self.fault_row.unwrap_or_default(),
            column: self.fault_column.unwrap_or_default(),
            expected: self.fault_expected.unwrap_or_default(),
            committed: self.fault_committed.unwrap_or_default(),
        });
        Job {
            address: base58(&self.address),
            user: base58(&self.user_key),
            user_seq: self.user_seq,
            model_root: hex(&self.model_root),
            rows: self.rows,
            price: Amount::iosd(self.price),
            status: self.status,
            verification: self.verification,
            outcome: outcome.into(),
            device: key(self.device),
            operator: key(self.operator),
            class: self.class,
            input_root: hex(&self.input_root),
            input_blob: hex(&self.input_blob),
            commitment: self.commitment.map(|hash| hex(&hash)),
            result_blob: self.result_blob.map(|hash| hex(&hash)),
            execute_s: self.execute_s,
            claim_deadline: Time(self.claim_deadline),
            commit_deadline: self.commit_deadline.map(Time),
            window_end: self.window_end.map(Time),
            money: Money {
                supplier: self.supplier_share.map(Amount::iosd),
                fee: self.fee.map(Amount::iosd),
                fee_retired: self.fee_retired.map(Amount::iosd),
                fee_incentives: self.fee_incentives.map(Amount::iosd),
                refund: self.refund.map(Amount::iosd),
            },
            stake: StakeBehind {
                reserved: self.reserved.map(Amount::io),
                forfeited: self.forfeited.map(Amount::io),
                slashed: self.slashed.map(Amount::io),
            },
            fault,
            audit: self.audit.show(self.ended_time.is_some()),
            unanswered: self.unanswered,
            posted_at: Time(self.posted_time),
            claimed_at: self.claimed_time.map(Time),
            committed_at: self.committed_time.map(Time),
            ended_at: self.ended_time.map(Time),
            posted_signature: base58(&self.posted_signature),
            claimed_signature: key(self.claimed_signature),
            committed_signature: key(self.committed_signature),
            ended_signature: key(self.ended_signature),
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

impl Listed for JobsQuery {
    type Record = JobRow;
    const COLUMNS: &'static [&'static str] = &[COLUMNS];
    const FROM: &'static str = "jobs";
    const ID: &'static str = "event_id";
    const EVENT: Option<&'static str> = Some("event_id");
    const CSV: &'static [&'static str] = &[
        "address",
        "status",
        "outcome",
        "user",
        "device",
        "operator",
        "class",
        "model_root",
        "rows",
        "price.amount",
        "price.unit",
        "money.supplier.amount",
        "money.fee.amount",
        "money.refund.amount",
        "stake.reserved.amount",
        "stake.slashed.amount",
        "posted_at",
        "claimed_at",
        "committed_at",
        "ended_at",
        "posted_signature",
        "ended_signature",
        "slot",
        "finality",
    ];

    /// By the chain's clock rather than by arrival: what was read again later stands where it belongs.
    fn order(&self) -> Order {
        match self.sort.unwrap_or_default() {
            JobsSort::Newest => Order::descending("jobs.posted_time"),
            JobsSort::Oldest => Order::ascending("jobs.posted_time"),
            JobsSort::Dearest => Order::descending("jobs.price"),
            JobsSort::Cheapest => Order::ascending("jobs.price"),
        }
    }

    fn filter(&self, sql: &mut QueryBuilder<Postgres>) {
        only(sql, "status =", self.status.map(JobStatus::word));
        only(sql, "class =", self.class.map(i16::from));
        only(sql, "user_key =", self.user.map(Key::bytes));
        only(sql, "device =", self.device.map(Key::bytes));
        only(sql, "operator =", self.operator.map(Key::bytes));
        only(sql, "model_root =", self.model.map(Hash::bytes));
        only_number(sql, "price >=", self.min_price);
        only_number(sql, "price <=", self.max_price);
        only(sql, "posted_time >=", self.posted_from.map(|time| time.0));
        only(sql, "posted_time <", self.posted_to.map(|time| time.0));
    }

    fn show(record: JobRow, finalized_slot: Option<i64>) -> Job {
        record.show(finalized_slot)
    }
}

pub async fn find(pool: &PgPool, address: Key) -> Result<Option<JobRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM jobs WHERE address = ").push_bind(address.0.to_vec());
    query.build_query_as().fetch_optional(pool).await
}
