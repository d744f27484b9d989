//! What happened. Every event carries its place in its shard's gap-free sequence.
use crate::state::{Failure, Item, Parameter, RoundRules};
use anchor_lang::prelude::*;
pub use credits::events::Stamp;

#[event]
pub struct ShardOpened {
    pub stamp: Stamp,
}

#[event]
pub struct OperatorRegistered {
    pub stamp: Stamp,
    pub operator: Pubkey,
}

#[event]
pub struct DeviceRegistered {
    pub stamp: Stamp,
    pub device: Pubkey,
    pub operator: Pubkey,
    pub name: String,
    pub class: u8,
    /// Stake that the operator's devices need together afterwards, IO base units.
    pub required_stake: u64,
    /// It takes part in challenge rounds after this one.
    pub since_round: u64,
}

#[event]
pub struct DeviceRetired {
    pub stamp: Stamp,
    pub device: Pubkey,
    pub operator: Pubkey,
    /// Afterwards.
    pub required_stake: u64,
}

#[event]
pub struct ModelRegistered {
    pub stamp: Stamp,
    /// sha256 of the layer table with its weight roots; the account's address is derived from it.
    pub root: [u8; 32],
    pub publisher: Pubkey,
    pub name: String,
    /// sha256 of the model file.
    pub blob: [u8; 32],
    pub layers: u8,
    pub input_width: u32,
    pub output_width: u32,
    /// Multiply-accumulates for one row.
    pub macs_per_row: u64,
}

#[event]
pub struct UserOpened {
    pub stamp: Stamp,
    pub user: Pubkey,
}

#[event]
pub struct JobPosted {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub user: Pubkey,
    pub seq: u64,
    pub model_root: [u8; 32],
    pub rows: u32,
    pub input_root: [u8; 32],
    /// sha256 of the input bytes.
    pub input_blob: [u8; 32],
    /// sha256 of the model file.
    pub model_blob: [u8; 32],
    /// IOSD base units.
    pub price: u64,
    /// Unix time, seconds.
    pub claim_deadline: i64,
    pub execute_s: u32,
}

#[event]
pub struct JobClaimed {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub device: Pubkey,
    pub operator: Pubkey,
    pub commit_deadline: i64,
    /// Stake reserved for it, IO base units.
    pub reserved: u64,
    /// The chance that its result is audited, basis points, and in how many cells.
    pub audit_bps: u16,
    pub audit_cells: u8,
}

#[event]
pub struct ResultCommitted {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub device: Pubkey,
    pub commitment: [u8; 32],
    /// sha256 of the result file.
    pub result_blob: [u8; 32],
    pub window_end: i64,
    /// The first slot hash at or after this slot draws its audit.
    pub draw_slot: u64,
}

/// The audit's draw.
#[event]
pub struct AuditDrawn {
    pub stamp: Stamp,
    pub job: Pubkey,
    /// Who asked for it and got the fee for that, lamports.
    pub caller: Pubkey,
    pub fee: u64,
    /// The slot whose hash decided.
    pub slot: u64,
    pub slot_hash: [u8; 32],
    /// What the cells follow from, see `judge::audit`.
    pub seed: [u8; 32],
    /// An earlier draw was missed, which made this audit certain.
    pub certain: bool,
    pub audited: bool,
    /// Cells to answer; zero if it is not audited.
    pub cells: u8,
    /// Until when, unix seconds, inclusive; zero if it is not audited.
    pub deadline: i64,
}

/// The slot hash that had to draw an audit cannot be known any more: the job is audited with certainty.
#[event]
pub struct AuditMissed {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub missed_slot: u64,
    /// Draws the audit's cells instead.
    pub draw_slot: u64,
    /// How many it will have.
    pub cells: u8,
}

/// One audited cell was shown to be right.
#[event]
pub struct CellOpened {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub prover: Pubkey,
    /// Among the audit's cells.
    pub index: u8,
    pub layer: u32,
    pub row: u32,
    pub column: u32,
    /// Cells still to answer; at zero the audit is passed.
    pub left: u8,
}

/// An audit was not answered in time.
#[event]
pub struct AuditExpired {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub device: Pubkey,
    pub operator: Pubkey,
    /// Who noticed.
    pub caller: Pubkey,
    /// Cells that were not answered.
    pub left: u8,
    pub refund: u64,
    /// Stake that was reserved for the job and is slashed, IO base units.
    pub slashed: u64,
}

/// How a paid job's result is known.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// The user checked and accepted it.
    Accepted,
    /// Nobody challenged it within the window, and it was not drawn for an audit.
    Unchallenged,
    /// All cells of its audit were judged on chain and are right, and nobody challenged it within the window.
    Audited,
}

#[event]
pub struct JobPaid {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub device: Pubkey,
    pub operator: Pubkey,
    pub price: u64,
    pub verification: Verification,
    /// Jobs that the device has been paid for, this one included.
    pub device_jobs_paid: u64,
}

#[event]
pub struct JobCancelled {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub refund: u64,
}

#[event]
pub struct JobExpired {
    pub stamp: Stamp,
    pub job: Pubkey,
    /// The device that had claimed it and did not commit in time.
    pub device: Option<Pubkey>,
    pub refund: u64,
    /// Stake of its operator that the user got for it, IO base units.
    pub forfeited: u64,
}

#[event]
pub struct FaultProven {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub device: Pubkey,
    pub operator: Pubkey,
    pub prover: Pubkey,
    pub layer: u32,
    pub row: u32,
    pub column: u32,
    /// What the model gives.
    pub expected: i32,
    /// What the worker committed to.
    pub committed: i32,
    pub refund: u64,
    /// Stake that was reserved for the job and is slashed, IO base units.
    pub slashed: u64,
}

#[event]
pub struct DemandMade {
    pub stamp: Stamp,
    pub job: Pubkey,
    /// How many demands the job had before; with the job it gives the account's address.
    pub n: u16,
    pub demander: Pubkey,
    pub item: Item,
    /// Lamports.
    pub bond: u64,
    /// Unix time, seconds.
    pub deadline: i64,
}

#[event]
pub struct DemandAnswered {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub n: u16,
    pub demander: Pubkey,
    /// Who answered and got the bond.
    pub prover: Pubkey,
    /// Lamports.
    pub bond: u64,
    /// The job's, afterwards.
    pub window_end: i64,
    /// What was asked for: bytes of segments, or hashes of 32 bytes. At most [`judge::demand::MAX_DATA`].
    pub data: Vec<u8>,
}

#[event]
pub struct DemandExpired {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub n: u16,
    pub demander: Pubkey,
    /// What the demander got back beside the rent, lamports.
    pub bond: u64,
    pub device: Pubkey,
    pub operator: Pubkey,
    pub caller: Pubkey,
    pub refund: u64,
    /// Stake that was reserved for the job and is slashed, IO base units.
    pub slashed: u64,
}

/// The job ended otherwise while the demand was open.
#[event]
pub struct DemandClosed {
    pub stamp: Stamp,
    pub job: Pubkey,
    pub n: u16,
    pub demander: Pubkey,
    /// What the demander got back beside the rent, lamports.
    pub bond: u64,
}

#[event]
pub struct OfferSet {
    pub stamp: Stamp,
    pub device: Pubkey,
    /// IOSD base units for 10^12 multiply-accumulates; zero is no offer.
    pub price: u64,
}

#[event]
pub struct ClassSet {
    pub stamp: Stamp,
    pub device: Pubkey,
    pub operator: Pubkey,
    pub class: u8,
    /// Stake that the device needs, IO base units.
    pub device_stake: u64,
    /// Stake that all of the operator's devices need together afterwards.
    pub required_stake: u64,
}

#[event]
pub struct RoundOpened {
    pub stamp: Stamp,
    pub number: u64,
    pub opener: Pubkey,
    /// What every device's challenge follows from, with its key, and its slot.
    pub slot_hash: [u8; 32],
    pub hash_slot: u64,
    /// Until when answers can be committed to, unix seconds, inclusive.
    pub window_end: i64,
    pub next_round_at: i64,
    /// The rules that hold for all of the round.
    pub rules: RoundRules,
}

#[event]
pub struct WindowClosed {
    pub stamp: Stamp,
    pub number: u64,
    /// Devices that have committed to an answer.
    pub committed: u32,
    /// The first slot hash at or after this slot draws the cells.
    pub draw_slot: u64,
}

#[event]
pub struct CellsDrawn {
    pub stamp: Stamp,
    pub number: u64,
    /// Whose hash decides, and the hash.
    pub slot: u64,
    pub slot_hash: [u8; 32],
    /// Until when cells can be answered, unix seconds, inclusive.
    pub answers_until: i64,
    /// Until when wrong cells can be proven.
    pub proofs_until: i64,
}

/// A round that took place is over: who did not pass it is not hired.
#[event]
pub struct RoundEnded {
    pub stamp: Stamp,
    pub number: u64,
    pub passed: u32,
    /// Sum of the weights that share the budget, multiply-accumulates per second.
    pub weight: u128,
    /// IO base units.
    pub budget: u64,
    /// Promised to all rounds and not claimed, afterwards.
    pub promised: u64,
}

/// A round that counts for nothing: nobody answered it, or its draw was missed.
#[event]
pub struct RoundVoided {
    pub stamp: Stamp,
    pub number: u64,
    pub committed: u32,
}

#[event]
pub struct ChallengeCommitted {
    pub stamp: Stamp,
    pub number: u64,
    pub device: Pubkey,
    pub class: u8,
    pub rows: u32,
    pub root: [u8; 32],
    /// What the answer must follow from.
    pub seed: [u8; 32],
    /// Seconds since the round was opened.
    pub seconds: u32,
    /// Multiply-accumulates per second.
    pub throughput: u64,
}

#[event]
pub struct CellAnswered {
    pub stamp: Stamp,
    pub number: u64,
    pub device: Pubkey,
    pub index: u8,
    /// Bit `i` is the drawn cell `i`.
    pub answered: u16,
}

#[event]
pub struct ChallengePassed {
    pub stamp: Stamp,
    pub number: u64,
    pub device: Pubkey,
    /// Multiply-accumulates per second.
    pub throughput: u64,
    /// Its part in the round's idle pay: the throughput, or zero if it has no standing offer below its class's ceiling or its jobs
    /// expired or were faulted since the last challenge that it passed.
    pub weight: u64,
}

#[event]
pub struct WrongCellProven {
    pub stamp: Stamp,
    pub number: u64,
    pub device: Pubkey,
    pub prover: Pubkey,
    pub row: u32,
    pub column: u32,
    pub expected: u8,
    pub committed: u8,
}

#[event]
pub struct ChallengeFailed {
    pub stamp: Stamp,
    pub number: u64,
    pub device: Pubkey,
    pub operator: Pubkey,
    pub reason: Failure,
    /// Its class afterwards.
    pub class: u8,
    /// Stake that the device needs afterwards, IO base units.
    pub device_stake: u64,
    /// Stake that all of the operator's devices need together afterwards.
    pub required_stake: u64,
    /// Stake taken for a wrong cell, IO base units.
    pub slashed: u64,
}

#[event]
pub struct IdlePayShared {
    pub stamp: Stamp,
    pub number: u64,
    pub device: Pubkey,
    pub operator: Pubkey,
    /// IO base units.
    pub amount: u64,
    /// What the operator is owed afterwards.
    pub owed: u64,
}

#[event]
pub struct IdlePaid {
    pub stamp: Stamp,
    pub operator: Pubkey,
    /// IO base units.
    pub amount: u64,
    /// What the operator is still owed.
    pub owed: u64,
    /// Promised to all and not claimed, afterwards.
    pub promised: u64,
}

#[event]
pub struct RoundClosed {
    pub stamp: Stamp,
    pub number: u64,
    /// What rounding left of the budget, IO base units: it is shared again.
    pub left: u64,
    /// Promised to all and not claimed, afterwards.
    pub promised: u64,
}

#[event]
pub struct ParameterSet {
    pub stamp: Stamp,
    pub parameter: Parameter,
    pub old: u64,
    pub new: u64,
}

#[event]
pub struct Paused {
    pub stamp: Stamp,
    /// See `constants::PAUSE_*`; zero is nothing.
    pub flags: u8,
}

#[event]
pub struct AuthorityOffered {
    pub stamp: Stamp,
    pub to: Pubkey,
}

#[event]
pub struct AuthorityAccepted {
    pub stamp: Stamp,
    pub authority: Pubkey,
}
