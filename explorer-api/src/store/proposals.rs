use crate::list::{Listed, only};
use crate::phase;
use explorer_client::{
    Action, Amount, Decision, Finality, Key, Proposal, ProposalsQuery, Tally, Time, Vote, VotesQuery, base58,
};
use serde_json::Value;
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder};

#[derive(Debug, FromRow)]
pub struct ProposalRow {
    address: Vec<u8>,
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
            deposit_state: deposit_state.into(),
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

const COLUMNS: &str = "address, number::text, proposer, action_kind, action::text, words, deposit::text, rules_version,
                voting_end, eta, expires, quorum::text, threshold_bps, yes::text, no::text, abstain::text,
                (yes + no + abstain)::text AS turnout, votes, status, vetoed_by, created_time, created_signature,
                executed_time, executed_signature, deposit_returned::text, slot,
                (SELECT g.rules_version FROM governance g) AS version_now,
                coalesce((SELECT c.slot_time FROM checkpoint c), extract(epoch FROM now())::bigint) AS now";

impl Listed for ProposalsQuery {
    type Record = ProposalRow;
    const COLUMNS: &'static [&'static str] = &[COLUMNS];
    const FROM: &'static str = "proposals";
    const ID: &'static str = "event_id";
    const EVENT: Option<&'static str> = Some("event_id");
    const CSV: &'static [&'static str] = &[
        "number",
        "address",
        "proposer",
        "title",
        "action.kind",
        "status",
        "tally.yes.amount",
        "tally.no.amount",
        "tally.abstain.amount",
        "tally.quorum.amount",
        "tally.votes",
        "deposit.amount",
        "deposit_state",
        "created_at",
        "voting_end",
        "executable_at",
        "expires_at",
        "executed_at",
        "created_signature",
        "executed_signature",
        "slot",
        "finality",
    ];

    fn filter(&self, sql: &mut QueryBuilder<Postgres>) {
        only(sql, "status =", self.decision.map(Decision::word));
        only(sql, "proposer =", self.proposer.map(Key::bytes));
    }

    fn show(record: ProposalRow, finalized_slot: Option<i64>) -> Proposal {
        record.show(finalized_slot)
    }
}

pub async fn find(pool: &PgPool, number: i64) -> Result<Option<ProposalRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM proposals WHERE number = ").push_bind(number);
    query.build_query_as().fetch_optional(pool).await
}

#[derive(Debug, FromRow)]
pub struct VoteRow {
    proposal: String,
    position: Vec<u8>,
    voter: Vec<u8>,
    choice: String,
    weight: String,
    time: i64,
    signature: Vec<u8>,
    slot: i64,
}

impl VoteRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Vote {
        Vote {
            proposal: self.proposal,
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

impl Listed for VotesQuery {
    type Record = VoteRow;
    const COLUMNS: &'static [&'static str] =
        &["(SELECT number::text FROM proposals WHERE address = proposal) AS proposal, position,
         voter, choice, weight::text, time, signature, slot"];
    const FROM: &'static str = "votes";
    const ID: &'static str = "event_id";
    const EVENT: Option<&'static str> = Some("event_id");
    const CSV: &'static [&'static str] = &[
        "proposal",
        "voter",
        "position",
        "choice",
        "weight.amount",
        "weight.unit",
        "at",
        "signature",
        "slot",
        "finality",
    ];

    fn filter(&self, sql: &mut QueryBuilder<Postgres>) {
        if let Some(number) = self.proposal {
            sql.push(" AND proposal = (SELECT address FROM proposals WHERE number = ");
            sql.push_bind(number.to_string()).push("::numeric)");
        }
        only(sql, "voter =", self.voter.map(Key::bytes));
    }

    fn show(record: VoteRow, finalized_slot: Option<i64>) -> Vote {
        record.show(finalized_slot)
    }
}
