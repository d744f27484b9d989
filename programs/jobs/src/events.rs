//! What happened. Every event carries its place in its shard's gap-free sequence.
use crate::state::{Item, Parameter};
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
}

/// How a paid job's result is known.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// The user checked and accepted it.
    Accepted,
    /// Nobody challenged it within the window.
    Unchallenged,
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
