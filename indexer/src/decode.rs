//! Event instructions to typed events. Strict: the program's own event authority, a known discriminator, and exactly
//! the bytes of that event; whatever else carries the event tag is a fault.
use anchor_lang::event::EVENT_IX_TAG_LE;
use anchor_lang::prelude::Pubkey;
use anchor_lang::{AnchorDeserialize, Discriminator};
use credits::events::{self as credits_events, Stamp};
use jobs::events::{self as jobs_events, Verification};
use serde_json::{Value, json};

/// Raised whenever the same bytes would be read differently; kept beside every row.
pub const DECODER_VERSION: i16 = 1;

/// The programs whose events are indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Program {
    Credits,
    Jobs,
}

impl Program {
    pub const ALL: [Self; 2] = [Self::Credits, Self::Jobs];

    pub fn of(id: &[u8; 32]) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.id() == *id)
    }

    pub fn id(self) -> [u8; 32] {
        match self {
            Self::Credits => credits::ID.to_bytes(),
            Self::Jobs => jobs::ID.to_bytes(),
        }
    }

    /// The account that signs the program's calls to itself.
    pub fn event_authority(self) -> [u8; 32] {
        match self {
            Self::Credits => credits::EVENT_AUTHORITY_AND_BUMP.0.to_bytes(),
            Self::Jobs => jobs::EVENT_AUTHORITY_AND_BUMP.0.to_bytes(),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Credits => "credits",
            Self::Jobs => "jobs",
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
        }
    }

    /// The event's own name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Credits(event) => event.kind(),
            Self::Jobs(event) => event.kind(),
        }
    }

    pub fn stamp(&self) -> Stamp {
        match self {
            Self::Credits(event) => event.stamp(),
            Self::Jobs(event) => event.stamp(),
        }
    }

    /// The fields beside the stamp: keys in base58, hashes in hex, 64-bit numbers as strings.
    pub fn body(&self) -> Value {
        match self {
            Self::Credits(event) => event.body(),
            Self::Jobs(event) => event.body(),
        }
    }

    /// The job whose history this belongs to.
    pub fn job(&self) -> Option<[u8; 32]> {
        use {CreditsEvent as C, JobsEvent as J};
        let job = match self {
            Self::Credits(C::EscrowLocked(e)) => e.job,
            Self::Credits(C::EscrowRefunded(e)) => e.job,
            Self::Credits(C::EscrowSettled(e)) => e.job,
            Self::Jobs(J::JobPosted(e)) => e.job,
            Self::Jobs(J::JobClaimed(e)) => e.job,
            Self::Jobs(J::ResultCommitted(e)) => e.job,
            Self::Jobs(J::JobPaid(e)) => e.job,
            Self::Jobs(J::JobCancelled(e)) => e.job,
            Self::Jobs(J::JobExpired(e)) => e.job,
            Self::Jobs(J::FaultProven(e)) => e.job,
            Self::Credits(_) | Self::Jobs(_) => return None,
        };
        Some(job.to_bytes())
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

/// Every event of a program with its fields; leaving a field out does not compile.
macro_rules! events {
    ($(#[$doc:meta])* $name:ident in $module:ident { $($kind:ident { $($field:ident),* })* }) => {
        $(#[$doc])*
        pub enum $name {
            $($kind($module::$kind),)*
        }

        impl $name {
            fn decode(discriminator: &[u8; 8], body: &[u8]) -> Result<Self, DecodeFault> {
                $(if discriminator.as_slice() == <$module::$kind as Discriminator>::DISCRIMINATOR {
                    return read(stringify!($kind), body).map(Self::$kind);
                })*
                Err(DecodeFault::UnknownKind(*discriminator))
            }

            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($kind),)*
                }
            }

            pub fn stamp(&self) -> Stamp {
                match self {
                    $(Self::$kind(event) => event.stamp,)*
                }
            }

            fn body(&self) -> Value {
                match self {
                    $(Self::$kind($module::$kind { stamp: _, $($field),* }) => {
                        json!({ $(stringify!($field): $field.in_body()),* })
                    })*
                }
            }
        }
    };
}

events! {
    /// The credits program's events.
    CreditsEvent in credits_events {
        ShardOpened {}
        PriceSubmitted { submitter, price, spot, average }
        CreditsBought { user, io_burned, iosd_minted, price, epoch, epoch_io_burned, iosd_balance }
        EscrowLocked { job, user, amount, iosd_balance }
        EscrowRefunded { job, user, amount, iosd_balance }
        EscrowSettled { job, user, supplier, price, supplier_share, retired, incentives, earnings_owed }
        EarningsOpened { owner }
        EarningsRedeemed { owner, iosd, io_minted, price, epoch, epoch_io_redeemed, earnings_owed }
    }
}

events! {
    /// The jobs program's events.
    JobsEvent in jobs_events {
        ShardOpened {}
        OperatorRegistered { operator }
        DeviceRegistered { device, operator, name }
        ModelRegistered { root, publisher, name, blob, layers, input_width, output_width, macs_per_row }
        UserOpened { user }
        JobPosted { job, user, seq, model_root, rows, input_root, input_blob, model_blob, price, claim_deadline, execute_s }
        JobClaimed { job, device, operator, commit_deadline }
        ResultCommitted { job, device, commitment, result_blob, window_end }
        JobPaid { job, device, operator, price, verification, device_jobs_paid }
        JobCancelled { job, refund }
        JobExpired { job, device, refund }
        FaultProven { job, device, operator, prover, layer, row, column, expected, committed, refund }
    }
}

/// How a field reads in JSON.
trait InBody {
    fn in_body(&self) -> Value;
}

impl InBody for Pubkey {
    fn in_body(&self) -> Value {
        self.to_string().into()
    }
}

impl InBody for Option<Pubkey> {
    fn in_body(&self) -> Value {
        self.as_ref().map_or(Value::Null, InBody::in_body)
    }
}

impl InBody for [u8; 32] {
    fn in_body(&self) -> Value {
        self.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
    }
}

impl InBody for String {
    fn in_body(&self) -> Value {
        storable_text(self).into()
    }
}

/// The database holds no zero character, neither as text nor as JSON; a name on chain may. Left alone, one such name
/// would stop the indexer for ever.
pub fn storable_text(name: &str) -> String {
    name.replace('\0', "\u{fffd}")
}

/// JSON numbers lose digits past 2^53.
impl InBody for u64 {
    fn in_body(&self) -> Value {
        self.to_string().into()
    }
}

impl InBody for Verification {
    fn in_body(&self) -> Value {
        verification_word(*self).into()
    }
}

/// The word for it in tables and bodies.
pub fn verification_word(verification: Verification) -> &'static str {
    match verification {
        Verification::Accepted => "accepted",
        Verification::Unchallenged => "unchallenged",
    }
}

macro_rules! numbers_in_body {
    ($($number:ty),*) => {
        $(impl InBody for $number {
            fn in_body(&self) -> Value {
                (*self).into()
            }
        })*
    };
}
numbers_in_body!(u8, u32, i32, i64);
