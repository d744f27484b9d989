//! Event instructions to typed events. Strict: the program's own event authority, a known discriminator, and exactly
//! the bytes of that event; whatever else carries the event tag is a fault.
mod body;
mod events;
pub mod words;

pub use body::{item, storable_text, verification_word};
pub use events::{CreditsEvent, GovernanceEvent, JobsEvent, StakingEvent};

use anchor_lang::AnchorDeserialize;
use anchor_lang::event::EVENT_IX_TAG_LE;
use credits::events::Stamp;
use serde_json::Value;

/// Raised whenever the same bytes would be read differently; kept beside every row.
pub const DECODER_VERSION: i16 = 3;

/// The programs whose events are indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    Credits,
    Jobs,
    Staking,
    Governance,
}

impl Program {
    pub const ALL: [Self; 4] = [Self::Credits, Self::Jobs, Self::Staking, Self::Governance];

    pub fn of(id: &[u8; 32]) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.id() == *id)
    }

    pub fn id(self) -> [u8; 32] {
        match self {
            Self::Credits => credits::ID.to_bytes(),
            Self::Jobs => jobs::ID.to_bytes(),
            Self::Staking => staking::ID.to_bytes(),
            Self::Governance => governance::ID.to_bytes(),
        }
    }

    /// The account that signs the program's calls to itself.
    pub fn event_authority(self) -> [u8; 32] {
        match self {
            Self::Credits => credits::EVENT_AUTHORITY_AND_BUMP.0.to_bytes(),
            Self::Jobs => jobs::EVENT_AUTHORITY_AND_BUMP.0.to_bytes(),
            Self::Staking => staking::EVENT_AUTHORITY_AND_BUMP.0.to_bytes(),
            Self::Governance => governance::EVENT_AUTHORITY_AND_BUMP.0.to_bytes(),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Credits => "credits",
            Self::Jobs => "jobs",
            Self::Staking => "staking",
            Self::Governance => "governance",
        }
    }
}

/// Why an instruction with the event tag is not an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeFault {
    #[error("accounts are not exactly the program's event authority")]
    Authority,
    #[error("{0} bytes have no room for a discriminator")]
    TooShort(usize),
    #[error("unknown discriminator {0:02x?}")]
    UnknownKind([u8; 8]),
    #[error("{kind}: {reason}")]
    Body { kind: &'static str, reason: String },
    #[error("{kind}: sequence number {seq} is out of range")]
    Sequence { kind: &'static str, seq: u64 },
}

/// An event of one of the programs.
pub enum Event {
    Credits(CreditsEvent),
    Jobs(JobsEvent),
    Staking(StakingEvent),
    Governance(GovernanceEvent),
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}::{} {}", self.program().name(), self.kind(), self.body())
    }
}

impl Event {
    pub fn program(&self) -> Program {
        match self {
            Self::Credits(_) => Program::Credits,
            Self::Jobs(_) => Program::Jobs,
            Self::Staking(_) => Program::Staking,
            Self::Governance(_) => Program::Governance,
        }
    }

    /// The event's own name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Credits(event) => event.kind(),
            Self::Jobs(event) => event.kind(),
            Self::Staking(event) => event.kind(),
            Self::Governance(event) => event.kind(),
        }
    }

    pub fn stamp(&self) -> Stamp {
        match self {
            Self::Credits(event) => event.stamp(),
            Self::Jobs(event) => event.stamp(),
            Self::Staking(event) => event.stamp(),
            Self::Governance(event) => event.stamp(),
        }
    }

    /// The fields beside the stamp: keys in base58, hashes in hex, 64-bit numbers as strings.
    pub fn body(&self) -> Value {
        match self {
            Self::Credits(event) => event.body(),
            Self::Jobs(event) => event.body(),
            Self::Staking(event) => event.body(),
            Self::Governance(event) => event.body(),
        }
    }

    /// The job whose history this belongs to: that of every event with a field `job`.
    pub fn job(&self) -> Option<[u8; 32]> {
        match self {
            Self::Credits(event) => event.job(),
            Self::Jobs(event) => event.job(),
            Self::Staking(event) => event.job(),
            Self::Governance(event) => event.job(),
        }
    }
}

/// Reads an instruction that `program` was called with. `None`: it does not claim to be an event.
pub fn decode(program: Program, accounts: &[[u8; 32]], data: &[u8]) -> Option<Result<Event, DecodeFault>> {
    let rest = data.strip_prefix(EVENT_IX_TAG_LE)?;
    Some(decode_tagged(program, accounts, rest))
}

fn decode_tagged(program: Program, accounts: &[[u8; 32]], rest: &[u8]) -> Result<Event, DecodeFault> {
    if accounts != [program.event_authority()] {
        return Err(DecodeFault::Authority);
    }
    let (discriminator, body) = rest.split_first_chunk::<8>().ok_or(DecodeFault::TooShort(rest.len()))?;
    let event = match program {
        Program::Credits => Event::Credits(CreditsEvent::decode(discriminator, body)?),
        Program::Jobs => Event::Jobs(JobsEvent::decode(discriminator, body)?),
        Program::Staking => Event::Staking(StakingEvent::decode(discriminator, body)?),
        Program::Governance => Event::Governance(GovernanceEvent::decode(discriminator, body)?),
    };
    let seq = event.stamp().seq;
    if i64::try_from(seq).is_err() || seq == 0 {
        return Err(DecodeFault::Sequence { kind: event.kind(), seq });
    }
    Ok(event)
}

fn read<T: AnchorDeserialize>(kind: &'static str, body: &[u8]) -> Result<T, DecodeFault> {
    // `try_from_slice` refuses bytes that are left over.
    T::try_from_slice(body).map_err(|error| DecodeFault::Body { kind, reason: error.to_string() })
}
