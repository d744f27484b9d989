//! What an address, a signature, a number or the beginning of a name stands for.
use super::events::Event;
use crate::values::{Finality, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// An address, a transaction's signature, a model's root, a number of a proposal or an epoch; or the first four
    /// letters or more of an address, six of a root, three of a name.
    #[param(min_length = 1, max_length = 128)]
    pub q: String,
}

/// What was found; exact matches first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Search {
    pub data: Vec<Hit>,
    /// There is more: write more letters.
    pub truncated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HitKind {
    Job,
    Device,
    Operator,
    /// Whoever has posted jobs or bought credits.
    User,
    /// A holder of stake.
    Staker,
    Pool,
    /// One holder's part of a pool.
    Position,
    Voter,
    Proposer,
    /// Whoever has registered models.
    Publisher,
    /// Whoever brought evidence: of a wrong cell, of an audited one, or what was demanded.
    Prover,
    /// Whoever demanded a job's data.
    Demander,
    Model,
    Proposal,
    Epoch,
    Transaction,
}

impl HitKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Device => "device",
            Self::Operator => "operator",
            Self::User => "user",
            Self::Staker => "staker",
            Self::Pool => "pool",
            Self::Position => "position",
            Self::Voter => "voter",
            Self::Proposer => "proposer",
            Self::Publisher => "publisher",
            Self::Prover => "prover",
            Self::Demander => "demander",
            Self::Model => "model",
            Self::Proposal => "proposal",
            Self::Epoch => "epoch",
            Self::Transaction => "transaction",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hit {
    pub kind: HitKind,
    /// Its address, root, number or signature.
    pub id: String,
    /// A name that somebody chose; several may have the same.
    pub name: Option<String>,
    /// Where this server tells more: of whoever brought evidence or demanded data, the newest time.
    pub path: String,
    /// Slot of the last change.
    pub slot: i64,
    pub finality: Finality,
}

/// A transaction with the events of the network's programs in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Transaction {
    pub signature: String,
    #[schema(value_type = String)]
    pub time: Time,
    pub events: Vec<Event>,
    pub slot: i64,
    pub finality: Finality,
}
