//! What stakers vote on.
use super::page::Page;
use crate::values::{Amount, Finality, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use utoipa::ToSchema;

/// What stakers vote on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
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
    pub deposit_state: Cow<'static, str>,
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
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Action {
    /// `credits`, `staking`, `jobs`, `rules`, `guardian`, `pay` or `signal`.
    pub kind: String,
    /// The action's own fields; 64-bit numbers as text.
    #[schema(value_type = Object)]
    pub fields: Value,
}

/// Stake that voted.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
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

/// One position's vote.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Vote {
    /// Its number.
    pub proposal: String,
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

/// A proposal with its votes, newest first.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct ProposalDetail {
    #[serde(flatten)]
    pub proposal: Proposal,
    pub votes: Page<Vote>,
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Voting,
    /// The vote is over and nobody has counted it yet.
    Ended,
    Timelocked,
    Executable,
    Executed,
    Rejected,
    Vetoed,
    /// It passed and was not executed in time.
    Expired,
    /// It passed and the voting rules have changed since.
    Voided,
    /// In a state that is not known here.
    Unknown,
}

impl Phase {
    pub fn word(self) -> &'static str {
        match self {
            Self::Voting => "voting",
            Self::Ended => "ended",
            Self::Timelocked => "timelocked",
            Self::Executable => "executable",
            Self::Executed => "executed",
            Self::Rejected => "rejected",
            Self::Vetoed => "vetoed",
            Self::Expired => "expired",
            Self::Voided => "voided",
            Self::Unknown => "unknown",
        }
    }

    /// For people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Voting => "Stakers are voting",
            Self::Ended => "The vote is over and not counted yet",
            Self::Timelocked => "Passed, cannot be executed yet",
            Self::Executable => "Passed, anyone may execute it now",
            Self::Executed => "Passed and executed",
            Self::Rejected => "Rejected",
            Self::Vetoed => "Stopped by the guardian",
            Self::Expired => "Passed, and not executed in time",
            Self::Voided => "Passed, but the voting rules have changed since",
            Self::Unknown => "Unknown",
        }
    }
}
