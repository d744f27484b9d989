//! What a watcher says about what it does.
use client::{Pubkey, Signature};
use economy::amount::{io, sol};
use serde::{Serialize, Serializer};
use std::fmt;

/// Why a job was not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The worker's result, or the outputs that it committed to, cannot be had.
    Withheld,
    /// The user's model or input cannot be had: that is not the worker's fault.
    Missing,
    /// It needs more memory than there is.
    Large,
    /// This machine could not check it, or the node did not answer.
    Failed,
}

/// What a worker owed and did not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Owed {
    /// The cells of its audit.
    Audit,
    /// Data that somebody demanded.
    Demand,
}

/// Something that a watcher did or saw. Amounts are base units of IO, and lamports.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Every cell of a result is right.
    Right {
        #[serde(serialize_with = "text")]
        job: Pubkey,
        /// Time for the check, without fetching.
        seconds: f64,
    },
    /// A cell is wrong, and the chain's own judge said so here.
    Fault {
        #[serde(serialize_with = "text")]
        job: Pubkey,
        layer: u32,
        row: u32,
        column: u32,
        expected: i32,
        committed: i32,
        evidence_bytes: usize,
        /// What proving it earns, IO.
        #[serde(serialize_with = "coins")]
        reward_io: u64,
    },
    /// The chain has judged it: the user was refunded, this watcher has its share.
    Proven {
        #[serde(serialize_with = "text")]
        job: Pubkey,
        #[serde(serialize_with = "coins")]
        earned_io: u64,
        transactions: usize,
        #[serde(serialize_with = "text")]
        signature: Signature,
    },
    /// The job ended before this watcher's proof landed. It costs the fees of what was sent.
    Lost {
        #[serde(serialize_with = "text")]
        job: Pubkey,
    },
    /// A job could not be checked.
    Unchecked {
        #[serde(serialize_with = "text")]
        job: Pubkey,
        cause: Cause,
        reason: String,
        /// It will be tried again for as long as the job waits.
        again: bool,
    },
    /// A fault was found and could not be proven for now.
    Unproven {
        #[serde(serialize_with = "text")]
        job: Pubkey,
        reason: String,
    },
    /// Data that cannot be fetched was asked for on chain.
    Demanded {
        #[serde(serialize_with = "text")]
        job: Pubkey,
        n: u16,
        item: String,
        /// SOL; an answer costs it.
        #[serde(serialize_with = "lamports")]
        bond_sol: u64,
        #[serde(serialize_with = "text")]
        signature: Signature,
    },
    /// This watcher has drawn a job's audit, or found that the draw was missed.
    Drawn {
        #[serde(serialize_with = "text")]
        job: Pubkey,
        #[serde(serialize_with = "text")]
        signature: Signature,
    },
    /// This watcher has ended a job whose worker did not answer in time.
    Silent {
        #[serde(serialize_with = "text")]
        job: Pubkey,
        owed: Owed,
        #[serde(serialize_with = "coins")]
        earned_io: u64,
        #[serde(serialize_with = "text")]
        signature: Signature,
    },
    /// A cell that a device has shown in a challenge round is wrong.
    WrongCell {
        #[serde(serialize_with = "text")]
        device: Pubkey,
        round: u64,
        row: u32,
        column: u32,
        expected: u8,
        committed: u8,
    },
    /// This watcher has proven it, and the stake behind the device was slashed.
    Punished {
        #[serde(serialize_with = "text")]
        device: Pubkey,
        round: u64,
        #[serde(serialize_with = "text")]
        signature: Signature,
    },
    /// The job of a demand ended otherwise: rent and bond are back.
    DemandClosed {
        #[serde(serialize_with = "text")]
        job: Pubkey,
        n: u16,
        #[serde(serialize_with = "lamports")]
        bond_sol: u64,
    },
    /// A proof buffer that was left over is closed; its rent is back.
    BufferClosed {
        #[serde(serialize_with = "text")]
        job: Pubkey,
    },
}

fn text<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn coins<S: Serializer>(amount: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&io(*amount))
}

fn lamports<S: Serializer>(amount: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&sol(*amount))
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Event::Right { job, seconds } => write!(f, "job {job} is right: every cell checked in {seconds:.3} s"),
            Event::Fault { job, layer, row, column, expected, committed, evidence_bytes, reward_io } => write!(
                f,
                "job {job} is wrong: layer {layer}, row {row}, column {column} is {expected}, the worker committed to \
                 {committed}; {evidence_bytes} bytes of evidence, worth {} IO",
                io(*reward_io)
            ),
            Event::Proven { job, earned_io, transactions, signature } => write!(
                f,
                "job {job}: proven in {transactions} transactions, earned {} IO, signature {signature}",
                io(*earned_io)
            ),
            Event::Lost { job } => write!(f, "job {job}: it ended before the proof landed; somebody else was first"),
            Event::Unchecked { job, cause, reason, again } => {
                let cause = match cause {
                    Cause::Withheld => "its result cannot be had",
                    Cause::Missing => "its model or input cannot be had",
                    Cause::Large => "it is too large",
                    Cause::Failed => "the check broke off",
                };
                let then = if *again { "will try again" } else { "left to others" };
                write!(f, "job {job} was not checked: {cause}: {reason}; {then}")
            }
            Event::Unproven { job, reason } => write!(f, "job {job} could not be proven wrong: {reason}"),
            Event::Demanded { job, n, item, bond_sol, .. } => {
                write!(f, "job {job} withholds its result: demand {n} asks for {item}, bond {} SOL", sol(*bond_sol))
            }
            Event::Drawn { job, signature } => write!(f, "job {job}: drew its audit, signature {signature}"),
            Event::Silent { job, owed, earned_io, signature } => {
                let owed = match owed {
                    Owed::Audit => "its audit",
                    Owed::Demand => "a demand",
                };
                let earned = io(*earned_io);
                write!(f, "job {job}: {owed} was not answered; refunded, earned {earned} IO, signature {signature}")
            }
            Event::WrongCell { device, round, row, column, expected, committed } => write!(
                f,
                "device {device} has shown a wrong cell in challenge round {round}: row {row}, column {column} is {expected}, it \
                 committed to {committed}"
            ),
            Event::Punished { device, round, signature } => {
                write!(f, "device {device} was slashed for challenge round {round}, signature {signature}")
            }
            Event::DemandClosed { job, n, bond_sol } => {
                write!(f, "job {job} has ended: the bond of demand {n}, {} SOL, is back", sol(*bond_sol))
            }
            Event::BufferClosed { job } => write!(f, "closed a proof buffer that was left over for job {job}"),
        }
    }
}

/// What a watcher has done since it started. A job counts once in each, however often it was tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Committed jobs that it has seen.
    pub seen: u64,
    /// Of these, not examined: outside the share that is watched, or worth too little.
    pub passed_over: u64,
    pub right: u64,
    pub wrong: u64,
    pub proven: u64,
    pub lost: u64,
    /// Attempts that ended without a check.
    pub unchecked: u64,
    /// Attempts to prove a fault that failed.
    pub unproven: u64,
    pub buffers_closed: u64,
    pub demanded: u64,
    /// Audits that it has drawn.
    pub drawn: u64,
    /// Jobs that it has ended because their worker did not answer.
    pub silent: u64,
    /// Devices that were slashed for wrong cells in challenge rounds.
    pub punished: u64,
    /// IO, without what these earned.
    #[serde(serialize_with = "coins")]
    pub earned_io: u64,
}

impl Counters {
    pub(crate) fn count(&mut self, event: &Event) {
        match event {
            Event::Right { .. } => self.right += 1,
            Event::Fault { .. } => self.wrong += 1,
            Event::Proven { earned_io, .. } => {
                self.proven += 1;
                self.earned_io += earned_io;
            }
            Event::Lost { .. } => self.lost += 1,
            Event::Unchecked { .. } => self.unchecked += 1,
            Event::Unproven { .. } => self.unproven += 1,
            Event::Demanded { .. } => self.demanded += 1,
            Event::Drawn { .. } => self.drawn += 1,
            Event::Silent { earned_io, .. } => {
                self.silent += 1;
                self.earned_io += earned_io;
            }
            Event::WrongCell { .. } | Event::DemandClosed { .. } => {}
            Event::Punished { .. } => self.punished += 1,
            Event::BufferClosed { .. } => self.buffers_closed += 1,
        }
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "{} committed jobs seen, {} passed over, {} right, {} wrong, {} proven, {} lost to others, {} ended for \
             silence, {} demands, {} audits drawn, {} devices slashed, {} attempts without a check, {} IO earned",
            self.seen,
            self.passed_over,
            self.right,
            self.wrong,
            self.proven,
            self.lost,
            self.silent,
            self.demanded,
            self.drawn,
            self.punished,
            self.unchecked,
            io(self.earned_io)
        )
    }
}
