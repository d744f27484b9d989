//! Wrong accounts.
use anchor_lang::prelude::Pubkey;
use solana_instruction::Instruction;

/// `instruction` with every mention of `old` replaced by `new`.
///
/// # Panics
/// If it does not mention `old`: a forgery that forges nothing proves nothing.
pub fn replace(mut instruction: Instruction, old: Pubkey, new: Pubkey) -> Instruction {
    let mut found = false;
    for meta in instruction.accounts.iter_mut().filter(|m| m.pubkey == old) {
        meta.pubkey = new;
        found = true;
    }
    assert!(found, "the instruction does not mention {old}");
    instruction
}
