//! Compute units of a transaction.
use crate::Pubkey;
use solana_instruction::Instruction;

/// The compute-budget program.
pub const PROGRAM: Pubkey = anchor_lang::pubkey!("ComputeBudget111111111111111111111111111111");
/// What a transaction with one instruction of ours may use without asking.
pub const DEFAULT_UNITS: u32 = 200_000;
/// Most that any transaction may use.
pub const MAX_UNITS: u32 = 1_400_000;
/// Tag of the instruction that sets a transaction's limit.
const SET_LIMIT: u8 = 2;

/// Lets the transaction use `units`, at most [`MAX_UNITS`].
pub fn limit(units: u32) -> Instruction {
    let mut data = vec![SET_LIMIT];
    data.extend(units.min(MAX_UNITS).to_le_bytes());
    Instruction { program_id: PROGRAM, accounts: Vec::new(), data }
}

/// The limit that an instruction sets, if it is one of [`limit`].
pub fn units_of(instruction: &Instruction) -> Option<u32> {
    let units = instruction.data.strip_prefix(&[SET_LIMIT])?;
    (instruction.program_id == PROGRAM).then(|| units.try_into().ok().map(u32::from_le_bytes))?
}
