//! What an audit finds.
use crate::decode::Program;
use ::credits::constants as c;
use ::governance::constants as g;
use ::jobs::constants as j;
use ::staking::constants as s;
use anchor_lang::prelude::Pubkey;
use std::fmt;

/// Differences kept; more are only counted.
const MOST: usize = 10_000;

/// What a difference is about: an account, by what tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Config(Program),
    Shard(Program, u8),
    Emission,
    Epoch(u64),
    Escrow(Pubkey),
    Earnings(Pubkey),
    Loyalty(Pubkey),
    /// A user's IOSD, in whichever accounts.
    Wallet(Pubkey),
    Rewards,
    Pool(Pubkey),
    /// Pool and holder.
    Position(Pubkey, Pubkey),
    Operator(Pubkey),
    Device(Pubkey),
    Round(u64),
    User(Pubkey),
    Job(Pubkey),
    /// Job and number.
    Demand(Pubkey, u16),
    Proposal(Pubkey),
    /// Proposal and position.
    Vote(Pubkey, Pubkey),
    IoMint,
    IosdMint,
    StakeVault,
    RewardVault,
    DepositVault,
    /// An account that no event tells of.
    Unknown(Pubkey),
}

fn pda(program: Program, seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &Pubkey::from(program.id())).0
}

impl Subject {
    /// Where the account is. A wallet is named by its owner.
    pub fn address(&self) -> Pubkey {
        use Program::{Credits, Governance, Jobs, Staking};
        match self {
            Self::Config(program) => pda(*program, &[c::CONFIG_SEED]),
            Self::Shard(program, index) => pda(*program, &[c::SHARD_SEED, &[*index]]),
            Self::Emission => pda(Credits, &[c::EMISSION_SEED]),
            Self::Epoch(index) => pda(Credits, &[c::EPOCH_SEED, &index.to_le_bytes()]),
            Self::Escrow(job) => pda(Credits, &[c::ESCROW_SEED, job.as_ref()]),
            Self::Earnings(owner) => pda(Credits, &[c::EARNINGS_SEED, owner.as_ref()]),
            Self::Loyalty(user) => pda(Credits, &[c::LOYALTY_SEED, user.as_ref()]),
            Self::Rewards => pda(Staking, &[s::REWARDS_SEED]),
            Self::Position(pool, holder) => pda(Staking, &[s::POSITION_SEED, pool.as_ref(), holder.as_ref()]),
            Self::Operator(owner) => pda(Jobs, &[j::OPERATOR_SEED, owner.as_ref()]),
            Self::Device(device) => pda(Jobs, &[j::DEVICE_SEED, device.as_ref()]),
            Self::Demand(job, n) => pda(Jobs, &[j::DEMAND_SEED, job.as_ref(), &n.to_le_bytes()]),
            Self::Round(number) => pda(Jobs, &[j::ROUND_SEED, &number.to_le_bytes()]),
            Self::User(user) => pda(Jobs, &[j::USER_SEED, user.as_ref()]),
            Self::Vote(proposal, position) => pda(Governance, &[g::VOTE_SEED, proposal.as_ref(), position.as_ref()]),
            Self::IoMint => pda(Credits, &[c::IO_MINT_SEED]),
            Self::IosdMint => pda(Credits, &[c::IOSD_MINT_SEED]),
            Self::StakeVault => pda(Staking, &[s::STAKE_VAULT_SEED]),
            Self::RewardVault => pda(Staking, &[s::REWARD_VAULT_SEED]),
            Self::DepositVault => pda(Governance, &[g::DEPOSIT_VAULT_SEED]),
            Self::Pool(key) | Self::Job(key) | Self::Proposal(key) | Self::Wallet(key) | Self::Unknown(key) => *key,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Config(_) => "config",
            Self::Shard(..) => "shard",
            Self::Emission => "emission",
            Self::Epoch(_) => "epoch",
            Self::Escrow(_) => "escrow",
            Self::Earnings(_) => "earnings",
            Self::Loyalty(_) => "loyalty",
            Self::Wallet(_) => "credits of",
            Self::Rewards => "rewards",
            Self::Pool(_) => "pool",
            Self::Position(..) => "position",
            Self::Operator(_) => "operator",
            Self::Device(_) => "device",
            Self::Round(_) => "round",
            Self::User(_) => "user",
            Self::Job(_) => "job",
            Self::Demand(..) => "demand",
            Self::Proposal(_) => "proposal",
            Self::Vote(..) => "vote",
            Self::IoMint => "mint of IO",
            Self::IosdMint => "mint of IOSD",
            Self::StakeVault => "stake vault",
            Self::RewardVault => "reward vault",
            Self::DepositVault => "deposit vault",
            Self::Unknown(_) => "account",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.word(), self.address())
    }
}

/// What the books are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witness {
    /// An event's own resulting amounts.
    Event { slot: u64, signature: String, kind: &'static str },
    /// The account as it was at a slot.
    Account { slot: u64 },
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event { slot, signature, kind } => write!(f, "event {kind} of {signature}, slot {slot}"),
            Self::Account { slot } => write!(f, "the account at slot {slot}"),
        }
    }
}

/// One field in which the books and a witness differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub subject: Subject,
    pub field: &'static str,
    /// By the rules, from the events' deltas.
    pub books: String,
    pub said: String,
    pub witness: Witness,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, field, books, said, witness } = self;
        write!(f, "{subject}, {field}: the books have {books}, {witness} has {said}")
    }
}

/// Collects differences.
#[derive(Debug)]
pub struct Findings {
    pub differences: Vec<Difference>,
    /// Found beyond those that are kept.
    pub more: usize,
    /// What holders did to coins without any program of ours: burned them, or sent them to a vault.
    pub outside: Vec<Difference>,
    /// Comparisons made.
    pub checks: u64,
    pub witness: Witness,
}

impl Findings {
    pub fn new() -> Self {
        let witness = Witness::Account { slot: 0 };
        Self { differences: Vec::new(), more: 0, outside: Vec::new(), checks: 0, witness }
    }

    fn difference(
        &self,
        subject: Subject,
        field: &'static str,
        books: impl fmt::Display,
        said: impl fmt::Display,
    ) -> Difference {
        let (books, said, witness) = (books.to_string(), said.to_string(), self.witness.clone());
        Difference { subject, field, books, said, witness }
    }

    pub fn found(&mut self, subject: Subject, field: &'static str, books: impl fmt::Display, said: impl fmt::Display) {
        if self.differences.len() < MOST {
            let difference = self.difference(subject, field, books, said);
            self.differences.push(difference);
        } else {
            self.more += 1;
        }
    }

    /// They must be equal.
    pub fn check<T: PartialEq + fmt::Display>(&mut self, subject: Subject, field: &'static str, books: T, said: T) {
        self.checks += 1;
        if books != said {
            self.found(subject, field, books, said);
        }
    }

    /// More than in the books is a difference; less is what holders may bring about by themselves.
    pub fn check_most(&mut self, subject: Subject, field: &'static str, books: i128, said: u64) {
        self.checks += 1;
        match books.cmp(&i128::from(said)) {
            std::cmp::Ordering::Less => self.found(subject, field, books, said),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => self.outside.push(self.difference(subject, field, books, said)),
        }
    }

    /// Less than in the books is a difference; anybody may add to it.
    pub fn check_least(&mut self, subject: Subject, field: &'static str, books: i128, said: u64) {
        self.checks += 1;
        match books.cmp(&i128::from(said)) {
            std::cmp::Ordering::Greater => self.found(subject, field, books, said),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Less => self.outside.push(self.difference(subject, field, books, said)),
        }
    }

    /// A step that the rules refuse, or an event about something that no event made.
    pub fn refused(&mut self, subject: Subject, reason: impl fmt::Display) {
        self.checks += 1;
        self.found(subject, "step", reason, "done");
    }
}

/// Compares fields of the same name, or of two names, one by one.
macro_rules! compare {
    ($findings:expr, $subject:expr, { $($field:ident: $books:expr, $said:expr;)* }) => {{
        let subject = $subject;
        $($findings.check(subject, stringify!($field), $books, $said);)*
    }};
}
pub(crate) use compare;
