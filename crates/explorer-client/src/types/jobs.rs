//! What users asked for and what became of it.
use super::events::Event;
use crate::values::{Amount, Finality, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use utoipa::ToSchema;

/// A job of the verifiable lane.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
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
    pub outcome: Cow<'static, str>,
    pub device: Option<String>,
    pub operator: Option<String>,
    /// Class of the device at its claim.
    pub class: Option<i16>,
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
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
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
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct StakeBehind {
    pub reserved: Option<Amount>,
    /// Given to the user because the claim expired; the rest was freed.
    pub forfeited: Option<Amount>,
    /// Lost to a proven fault or to silence.
    pub slashed: Option<Amount>,
}

/// The cell that was proven wrong.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
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

/// A job's audit.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Audit {
    /// The chance that it is drawn, basis points.
    pub bps: i32,
    /// Cells that it has if it is drawn. Every missed draw doubles them, up to 32.
    pub cells: i16,
    /// `pending` (to be drawn), `certain` (a draw was missed), `not_drawn`, `open`, `passed`, or `unanswered`. None: no result yet.
    pub state: Option<String>,
    /// The same, in words.
    pub words: Cow<'static, str>,
    /// The first slot hash at or after this slot draws.
    pub draw_slot: Option<i64>,
    pub draws_missed: i64,
    /// The slot whose hash decided.
    pub drawn_slot: Option<String>,
    /// That hash, in hex.
    pub slot_hash: Option<String>,
    /// What the cells follow from, in hex.
    pub seed: Option<String>,
    #[schema(value_type = Option<String>)]
    pub deadline: Option<Time>,
    /// Cells that were shown to be right.
    pub answered: i16,
    #[schema(value_type = Option<String>)]
    pub drawn_at: Option<Time>,
    pub drawn_signature: Option<String>,
}

/// An audited cell that was shown to be right.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct AuditedCell {
    /// Among the audit's cells.
    pub index: i16,
    pub layer: i64,
    pub row: i64,
    pub column: i64,
    /// Who brought the evidence.
    pub prover: String,
    #[schema(value_type = String)]
    pub opened_at: Time,
    pub signature: String,
    pub slot: i64,
    pub finality: Finality,
}

/// A demand for data that hangs under a job's commitment.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Demand {
    /// How many demands the job had before.
    pub n: i32,
    pub demander: String,
    /// `kind` is `layer_roots`; `nodes` with `layer`, `row` (null: of the tree of rows), `level`, `index`, `depth`; or
    /// `segments` with `layer`, `row`, `first`, `count`.
    #[schema(value_type = Object)]
    pub item: Value,
    /// What an answer costs the demander.
    pub bond: Amount,
    /// The last second in which it can be answered.
    #[schema(value_type = String)]
    pub deadline: Time,
    /// `open`, `answered`, `expired` (nobody answered in time: the job was refunded), or `closed` (the job ended otherwise).
    pub status: String,
    /// Who answered and got the bond.
    pub answered_by: Option<String>,
    /// The answer in hex: bytes of segments, or hashes of 32 bytes.
    pub data: Option<String>,
    #[schema(value_type = String)]
    pub made_at: Time,
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Time>,
    pub made_signature: String,
    pub ended_signature: Option<String>,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}

/// A job with everything that happened to it, oldest first.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct JobDetail {
    #[serde(flatten)]
    pub job: Job,
    /// Audited cells that were shown to be right.
    pub audited_cells: Vec<AuditedCell>,
    /// Demands for its data, in order.
    pub demands: Vec<Demand>,
    pub history: Vec<Event>,
}

/// A job's state.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    Posted,
    Claimed,
    Committed,
    Paid,
    Cancelled,
    Expired,
    Refunded,
    Unanswered,
}

impl JobStatus {
    pub const ALL: [Self; 8] = [
        Self::Posted,
        Self::Claimed,
        Self::Committed,
        Self::Paid,
        Self::Cancelled,
        Self::Expired,
        Self::Refunded,
        Self::Unanswered,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Claimed => "claimed",
            Self::Committed => "committed",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Refunded => "refunded",
            Self::Unanswered => "unanswered",
        }
    }
}
