//! Typed Solana client: addresses, instruction builders, wallets, sending with retries.
//!
//! The builders come from the programs' own crates, over one RPC stack (`solana-rpc-client`); `anchor-client` would bring
//! a second, older one.

pub mod address;
mod answer;
pub mod chain;
pub mod compute;
pub mod credits_ix;
pub mod error;
pub mod evidence;
pub mod governance_ix;
pub mod history;
pub mod jobs_ix;
pub mod models_ix;
pub mod parameter;
pub mod preview;
pub mod read;
pub mod rounds_ix;
mod shown;
pub mod staking_ix;
pub mod wallet;

pub use anchor_lang::prelude::Pubkey;
pub use chain::{Approval, Chain, Clock, Confirmed};
pub use credits_ix::transfer_sol;
pub use error::{ClientError, ProgramFailure};
pub use parameter::Parameter;
pub use solana_instruction::Instruction;
pub use solana_keypair::Keypair;
pub use solana_signature::Signature;
pub use solana_signer::Signer;
pub use wallet::{SolanaConfig, read_keypair, write_keypair};
