use crate::outcome::{self, Facts};
use crate::store::audits::{Audit, AuditRow};
use crate::values::{Amount, Finality, Hash, Key, Time, base58, hex};
use serde::Serialize;
use sqlx::{FromRow, PgPool, QueryBuilder};
use utoipa::ToSchema;

/// Amounts as text: no number type here holds them all.
const COLUMNS: &str =
    "address, event_id, user_key, user_seq::text, model_root, rows, input_root, input_blob, price::text,
    status, verification, device, operator, commitment, result_blob, execute_s, claim_deadline, commit_deadline,
    window_end, supplier_share::text, fee_retired::text, fee_incentives::text,
    (fee_retired + fee_incentives)::text AS fee, refund::text, fault_prover, fault_layer, fault_row, fault_column,
    fault_expected, fault_committed, posted_time, claimed_time, committed_time, ended_time, posted_signature,
    claimed_signature, committed_signature, ended_signature, reserved::text, forfeited::text, slashed::text, unanswered,
    audit_bps, audit_cells, audit, draw_slot, draws_missed, drawn_slot::text, drawn_hash, audit_seed, audit_deadline,
    audit_answered, drawn_time, drawn_signature, slot";

#[derive(Debug, FromRow)]
pub struct JobRow {
    pub address: Vec<u8>,
    pub event_id: i64,
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

/// A job of the verifiable lane.
#[derive(Debug, Serialize, ToSchema)]
pub struct Job {
    pub address: String,
    pub user: String,
    /// The user's number for it.
    pub user_seq: String,
    pub model_root: String,
    /// Rows in the batch.
    pub rows: i64,
    pub price: Amount,
    /// `posted`, `claimed`, `committed`, `paid`, `cancelled`, `expired`, `refunded` (a fault was proven, or a demand for its data was
    /// not answered), or `unanswered` (an audit was not answered).
    pub status: String,
    /// Of a paid job: `accepted`, `unchallenged` or `audited`.
    pub verification: Option<String>,
    /// How far the result is known, in words.
    pub outcome: &'static str,
    pub device: Option<String>,
    pub operator: Option<String>,
    pub input_root: String,
    /// sha256 of the input bytes.
    pub input_blob: String,
    pub commitment: Option<String>,
    /// sha256 of the result file.
    pub result_blob: Option<String>,
    /// Seconds from claim to commitment.
    pub execute_s: i64,
    #[schema(value_type = String)]
    pub claim_deadline: Time,
    #[schema(value_type = Option<String>)]
    pub commit_deadline: Option<Time>,
    /// After this anyone may settle.
    #[schema(value_type = Option<String>)]
    pub window_end: Option<Time>,
    pub money: Money,
    pub stake: StakeBehind,
    pub fault: Option<Fault>,
    /// From the claim on.
    pub audit: Option<Audit>,
    /// Number of the demand whose silence ended it.
    pub unanswered: Option<i32>,
    #[schema(value_type = String)]
    pub posted_at: Time,
    #[schema(value_type = Option<String>)]
    pub claimed_at: Option<Time>,
    #[schema(value_type = Option<String>)]
    pub committed_at: Option<Time>,
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Time>,
    pub posted_signature: String,
    pub claimed_signature: Option<String>,
    pub committed_signature: Option<String>,
    pub ended_signature: Option<String>,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}

/// Where the price went; empty while it is in escrow.
#[derive(Debug, Serialize, ToSchema)]
pub struct Money {
    pub supplier: Option<Amount>,
    /// The two parts below.
    pub fee: Option<Amount>,
    /// Burned for good.
    pub fee_retired: Option<Amount>,
    /// Put into the incentive pool.
    pub fee_incentives: Option<Amount>,
    pub refund: Option<Amount>,
}

/// Its operator's stake behind the claim; empty until it is claimed.
#[derive(Debug, Serialize, ToSchema)]
pub struct StakeBehind {
    pub reserved: Option<Amount>,
    /// Given to the user because the claim expired; the rest was freed.
    pub forfeited: Option<Amount>,
    /// Lost to a proven fault or to silence.
    pub slashed: Option<Amount>,
}

/// The cell that was proven wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct Fault {
    pub prover: String,
    pub layer: i64,
    pub row: i64,
    pub column: i64,
    /// What the model gives.
    pub expected: i32,
    /// What the device committed to.
    pub committed: i32,
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
            outcome,
            device: key(self.device),
            operator: key(self.operator),
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
            audit: self.audit.show(),
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

/// Which jobs to list; all of them by default.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    pub status: Option<&'static str>,
    pub user: Option<Key>,
    pub device: Option<Key>,
    pub operator: Option<Key>,
    pub model: Option<Hash>,
}

/// Newest first, below `before_id`.
pub async fn list(pool: &PgPool, filter: &JobFilter, before_id: i64, limit: u32) -> Result<Vec<JobRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM jobs WHERE event_id < ").push_bind(before_id);
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status);
    }
    let bytes = [
        (" AND user_key = ", filter.user.map(|key| key.0)),
        (" AND device = ", filter.device.map(|key| key.0)),
        (" AND operator = ", filter.operator.map(|key| key.0)),
        (" AND model_root = ", filter.model.map(|hash| hash.0)),
    ];
    for (condition, value) in bytes {
        if let Some(value) = value {
            query.push(condition).push_bind(value.to_vec());
        }
    }
    query.push(" ORDER BY event_id DESC LIMIT ").push_bind(i64::from(limit));
    query.build_query_as().fetch_all(pool).await
}

pub async fn find(pool: &PgPool, address: Key) -> Result<Option<JobRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM jobs WHERE address = ").push_bind(address.0.to_vec());
    query.build_query_as().fetch_optional(pool).await
}
