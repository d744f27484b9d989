use anchor_lang::prelude::*;

/// Parameters. Seeds: `["config"]`.
#[account]
#[derive(InitSpace)]
pub struct Config {
    /// Who initialized; may change parameters once governance exists.
    pub authority: Pubkey,
    /// How long a committed result can be disputed before anyone may settle it, seconds.
    pub challenge_window_s: u32,
    pub bump: u8,
    /// Bump of `["authority"]`, the PDA that signs to the credits program.
    pub authority_bump: u8,
}
