use crate::phase::{self, Phase};
use crate::values::{Amount, Finality, Time, base58};
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgPool, QueryBuilder};
use utoipa::ToSchema;

#[derive(Debug, FromRow)]
pub struct ProposalRow {
    pub address: Vec<u8>,
    pub event_id: i64,
    number: String,
    proposer: Vec<u8>,
    action_kind: String,
    action: String,
    words: String,
    deposit: String,
    rules_version: i64,
    voting_end: i64,
    eta: i64,
    expires: i64,
    quorum: String,
    threshold_bps: i32,
    yes: String,
    no: String,
    abstain: String,
    turnout: String,
    votes: i64,
    status: String,
    vetoed_by: Option<Vec<u8>>,
    created_time: i64,
    created_signature: Vec<u8>,
    executed_time: Option<i64>,
    executed_signature: Option<Vec<u8>>,
    deposit_returned: Option<String>,
    slot: i64,
    /// The rules' version now, and the chain's time as far as it is indexed.
    version_now: i64,
    now: i64,
}

/// What stakers vote on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Proposal {
    #[schema(example = "3", pattern = "^[0-9]+$")]
    pub number: String,
    pub address: String,
    pub proposer: String,
    /// What it does, in words.
    pub title: String,
    pub action: Action,
    /// `voting`, `ended` (not counted yet), `timelocked` (it passed), `executable`, `executed`, `rejected`, `vetoed`,
    /// `expired` (it passed and was not executed in time), or `voided` (it passed and the voting rules have changed since). By
    /// the chain's time as far as it is indexed.
    pub status: Phase,
    pub tally: Tally,
    pub deposit: Amount,
    /// `held`, `returned`, or `burned` because too few took part.
    pub deposit_state: &'static str,
    #[schema(value_type = String)]
    pub created_at: Time,
    /// Votes no longer count from then on.
    #[schema(value_type = String)]
    pub voting_end: Time,
    /// May be executed from then on, if it passed.
    #[schema(value_type = String)]
    pub executable_at: Time,
    #[schema(value_type = String)]
    pub expires_at: Time,
    #[schema(value_type = Option<String>)]
    pub executed_at: Option<Time>,
    /// The guardian that stopped it.
    pub vetoed_by: Option<String>,
    pub created_signature: String,
    pub executed_signature: Option<String>,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}

/// What a proposal does, for programs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Action {
    /// `credits`, `staking`, `jobs`, `rules`, `guardian`, `pay` or `signal`.
    pub kind: String,
    /// The action's own fields; 64-bit numbers as text.
    #[schema(value_type = Object)]
    pub fields: Value,
}

/// Stake that voted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tally {
    pub yes: Amount,
    pub no: Amount,
    pub abstain: Amount,
    /// All three.
    pub turnout: Amount,
    /// What must take part.
    pub quorum: Amount,
    /// Turnout of the quorum, hundredths of a percent; can pass 10,000.
    pub quorum_progress_bps: u64,
    /// Part of yes and no that must be yes, hundredths of a percent.
    pub threshold_bps: i32,
    /// Yes of yes and no, hundredths of a percent; absent without either.
    pub approval_bps: Option<u64>,
    pub votes: i64,
}

/// `part` of `whole` in hundredths of a percent, rounded down; nothing of nothing is nothing.
fn bps(part: &str, whole: u128) -> Option<u64> {
    let part: u128 = part.parse().ok()?;
    u64::try_from((part * 10_000).checked_div(whole)?).ok()
}

impl ProposalRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Proposal {
        let facts = phase::Facts {
            status: &self.status,
            voting_end: self.voting_end,
            eta: self.eta,
            expires: self.expires,
            voided: self.rules_version != self.version_now,
        };
        let status = phase::of(facts, self.now);
        let number = |text: &str| text.parse::<u128>().unwrap_or_default();
        let decided = number(&self.yes) + number(&self.no);
        let tally = Tally {
            quorum_progress_bps: bps(&self.turnout, number(&self.quorum)).unwrap_or_default(),
            approval_bps: bps(&self.yes, decided),
            yes: Amount::io(self.yes),
            no: Amount::io(self.no),
            abstain: Amount::io(self.abstain),
            turnout: Amount::io(self.turnout),
            quorum: Amount::io(self.quorum),
            threshold_bps: self.threshold_bps,
            votes: self.votes,
        };
        let deposit_state = match self.deposit_returned.as_deref() {
            None => "held",
            Some("0") if self.deposit != "0" => "burned",
            Some(_) => "returned",
        };
        Proposal {
            number: self.number,
            address: base58(&self.address),
            proposer: base58(&self.proposer),
            title: self.words,
            action: Action {
                kind: self.action_kind,
                // Written by the indexer from typed values.
                fields: serde_json::from_str(&self.action).unwrap_or(Value::Null),
            },
            status,
            tally,
            deposit: Amount::io(self.deposit),
            deposit_state,
            created_at: Time(self.created_time),
            voting_end: Time(self.voting_end),
            executable_at: Time(self.eta),
            expires_at: Time(self.expires),
            executed_at: self.executed_time.map(Time),
            vetoed_by: self.vetoed_by.as_deref().map(base58),
            created_signature: base58(&self.created_signature),
            executed_signature: self.executed_signature.as_deref().map(base58),
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

fn select() -> QueryBuilder<sqlx::Postgres> {
    QueryBuilder::new(
        "SELECT address, event_id, number::text, proposer, action_kind, action::text, words, deposit::text, rules_version,
                voting_end, eta, expires, quorum::text, threshold_bps, yes::text, no::text, abstain::text,
                (yes + no + abstain)::text AS turnout, votes, status, vetoed_by, created_time, created_signature,
                executed_time, executed_signature, deposit_returned::text, slot,
                (SELECT g.rules_version FROM governance g) AS version_now,
                coalesce((SELECT c.slot_time FROM checkpoint c), extract(epoch FROM now())::bigint) AS now
         FROM proposals ",
    )
}

/// Newest first, below `before_id`.
pub async fn list(pool: &PgPool, before_id: i64, limit: u32) -> Result<Vec<ProposalRow>, sqlx::Error> {
    let mut query = select();
    query.push("WHERE event_id < ").push_bind(before_id);
    query.push(" ORDER BY event_id DESC LIMIT ").push_bind(i64::from(limit));
    query.build_query_as().fetch_all(pool).await
}

pub async fn find(pool: &PgPool, number: i64) -> Result<Option<ProposalRow>, sqlx::Error> {
    let mut query = select();
    query.push("WHERE number = ").push_bind(number);
    query.build_query_as().fetch_optional(pool).await
}

#[derive(Debug, FromRow)]
pub struct VoteRow {
    pub event_id: i64,
    position: Vec<u8>,
    voter: Vec<u8>,
    choice: String,
    weight: String,
    time: i64,
    signature: Vec<u8>,
    slot: i64,
}

/// One position's vote.
#[derive(Debug, Serialize, ToSchema)]
pub struct Vote {
    pub voter: String,
    pub position: String,
    /// `yes`, `no` or `abstain`.
    pub choice: String,
    pub weight: Amount,
    #[schema(value_type = String)]
    pub at: Time,
    pub signature: String,
    pub slot: i64,
    pub finality: Finality,
}

impl VoteRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Vote {
        Vote {
            voter: base58(&self.voter),
            position: base58(&self.position),
            choice: self.choice,
            weight: Amount::io(self.weight),
            at: Time(self.time),
            signature: base58(&self.signature),
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

/// Newest first, below `before_id`.
pub async fn votes(pool: &PgPool, proposal: &[u8], before_id: i64, limit: u32) -> Result<Vec<VoteRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT event_id, position, voter, choice, weight::text, time, signature, slot FROM votes
         WHERE proposal = $1 AND event_id < $2 ORDER BY event_id DESC LIMIT $3",
    )
    .bind(proposal)
    .bind(before_id)
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await
}
