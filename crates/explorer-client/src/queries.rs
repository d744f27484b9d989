//! What can be asked of each list. A name that is not one of these is refused, not ignored.
use crate::types::*;
use crate::values::{Hash, Key, Time};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub const DEFAULT_LIMIT: u32 = 50;
pub const MAX_LIMIT: u32 = 100;

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Json,
    /// All rows, up to 50,000, with a line of names.
    Csv,
}

/// Which part of a list, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub cursor: Option<String>,
    pub limit: Option<u32>,
    pub format: Option<Format>,
}

/// A list with its filters.
pub trait ListQuery: Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    const PATH: &'static str;
    type Row: Serialize + DeserializeOwned + Send + 'static;

    /// Takes out what says which part; what is left are the filters and the order.
    fn take_part(&mut self) -> Part;
    fn set_cursor(&mut self, cursor: Option<String>);
}

macro_rules! list_query {
    ($(#[$about:meta])* $name:ident of $row:ty, $path:literal {
        $($(#[$field_about:meta])* $field:ident: $kind:ty,)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            $($(#[$field_about])* pub $field: Option<$kind>,)*
            /// `page.next` or `page.prev` of another page of the same list with the same filters.
            pub cursor: Option<String>,
            /// Rows on a page, 50 unless given.
            #[param(minimum = 1, maximum = 100)]
            pub limit: Option<u32>,
            /// `csv` instead of JSON, as with `Accept: text/csv`: every row up to 50,000, without pages.
            #[param(inline)]
            pub format: Option<Format>,
        }

        impl ListQuery for $name {
            const PATH: &'static str = $path;
            type Row = $row;

            fn take_part(&mut self) -> Part {
                Part { cursor: self.cursor.take(), limit: self.limit.take(), format: self.format.take() }
            }

            fn set_cursor(&mut self, cursor: Option<String>) {
                self.cursor = cursor;
            }
        }
    };
}

/// The order of jobs. Values that are the same are in the order of their posting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum JobsSort {
    /// The newest first.
    #[default]
    #[serde(rename = "-posted")]
    Newest,
    #[serde(rename = "posted")]
    Oldest,
    /// The dearest first.
    #[serde(rename = "-price")]
    Dearest,
    #[serde(rename = "price")]
    Cheapest,
}

list_query! {
    /// Which jobs: all filters must match.
    JobsQuery of Job, "/v1/jobs" {
        #[param(inline)]
        status: JobStatus,
        /// Class of the device at its claim.
        #[param(minimum = 0, maximum = 255)]
        class: u8,
        #[param(value_type = Option<String>)]
        user: Key,
        #[param(value_type = Option<String>)]
        device: Key,
        #[param(value_type = Option<String>)]
        operator: Key,
        /// Root of the model, in hex.
        #[param(value_type = Option<String>)]
        model: Hash,
        /// IOSD base units.
        min_price: u64,
        /// IOSD base units.
        max_price: u64,
        /// Posted then or later: RFC 3339 or unix seconds.
        #[param(value_type = Option<String>)]
        posted_from: Time,
        /// Posted before then.
        #[param(value_type = Option<String>)]
        posted_to: Time,
        /// `-posted` unless given.
        #[param(inline)]
        sort: JobsSort,
    }
}

/// What a device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeviceState {
    /// In service and without a job.
    Idle,
    /// Hired.
    Working,
    Retired,
}

/// The order of devices. All but `-registered` go by values that change: a row may move while pages are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum DevicesSort {
    #[default]
    #[serde(rename = "-registered")]
    Newest,
    #[serde(rename = "-earned")]
    Earned,
    /// The fastest first, as measured.
    #[serde(rename = "-measured")]
    Fastest,
    /// The lowest asking price first; those without one come before.
    #[serde(rename = "offer")]
    Cheapest,
}

list_query! {
    /// Which devices: all filters must match.
    DevicesQuery of Device, "/v1/devices" {
        #[param(value_type = Option<String>)]
        operator: Key,
        #[param(inline)]
        state: DeviceState,
        #[param(minimum = 0, maximum = 255)]
        class: u8,
        /// Asks for no more than this for 10^12 multiply-accumulates, IOSD base units; leaves out those without an offer.
        max_offer: u64,
        /// `-registered` unless given.
        #[param(inline)]
        sort: DevicesSort,
    }
}

/// The order of operators. All but `-registered` go by values that change: a row may move while pages are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum OperatorsSort {
    #[default]
    #[serde(rename = "-registered")]
    Newest,
    #[serde(rename = "-earned")]
    Earned,
    #[serde(rename = "-jobs_paid")]
    Busiest,
}

list_query! {
    /// Which operators.
    OperatorsQuery of Operator, "/v1/operators" {
        /// `-registered` unless given.
        #[param(inline)]
        sort: OperatorsSort,
    }
}

list_query! {
    /// Epochs, newest first.
    EpochsQuery of Epoch, "/v1/epochs" {}
}

list_query! {
    /// Redemptions, newest first.
    RedemptionsQuery of Redemption, "/v1/redemptions" {
        #[param(value_type = Option<String>)]
        owner: Key,
        epoch: u64,
    }
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Nobody has counted yet.
    Voting,
    Passed,
    Rejected,
    Vetoed,
    Executed,
}

impl Decision {
    pub fn word(self) -> &'static str {
        match self {
            Self::Voting => "voting",
            Self::Passed => "passed",
            Self::Rejected => "rejected",
            Self::Vetoed => "vetoed",
            Self::Executed => "executed",
        }
    }
}

list_query! {
    /// Proposals, newest first.
    ProposalsQuery of Proposal, "/v1/proposals" {
        #[param(inline)]
        decision: Decision,
        #[param(value_type = Option<String>)]
        proposer: Key,
    }
}

list_query! {
    /// Votes, newest first.
    VotesQuery of Vote, "/v1/votes" {
        /// Number of the proposal.
        proposal: u64,
        #[param(value_type = Option<String>)]
        voter: Key,
    }
}

list_query! {
    /// What happened to stake, newest first.
    StakeChangesQuery of StakeChange, "/v1/stake-changes" {
        #[param(value_type = Option<String>)]
        holder: Key,
        /// Address of the pool.
        #[param(value_type = Option<String>)]
        pool: Key,
    }
}

/// The order of models. `-jobs` goes by a value that changes: a row may move while pages are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ModelsSort {
    #[default]
    #[serde(rename = "-registered")]
    Newest,
    /// The most used first.
    #[serde(rename = "-jobs")]
    Popular,
}

list_query! {
    /// Which models.
    ModelsQuery of Model, "/v1/models" {
        #[param(value_type = Option<String>)]
        publisher: Key,
        /// `-registered` unless given.
        #[param(inline)]
        sort: ModelsSort,
    }
}

/// Which part of a list that stands in something else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `page.next` or `page.prev` of another page.
    pub cursor: Option<String>,
    /// Rows on a page, 50 unless given.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
}
