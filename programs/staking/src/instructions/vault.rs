//! Coins leave the vaults here.
use crate::constants::AUTHORITY_SEED;
use crate::state::Config;
use anchor_lang::prelude::*;
use anchor_spl::token::{self, Burn, Token, Transfer};

/// Pays `amount` from a vault. Nothing to pay is no error.
pub fn pay<'info>(
    config: &Config,
    token_program: &Program<'info, Token>,
    authority: AccountInfo<'info>,
    vault: AccountInfo<'info>,
    to: AccountInfo<'info>,
    amount: u64,
) -> Result<()> {
    if amount == 0 {
        return Ok(());
    }
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[config.authority_bump]];
    let accounts = Transfer { from: vault, to, authority };
    token::transfer(CpiContext::new_with_signer(token_program.key(), accounts, &[seeds]), amount)
}

/// Burns `amount` from a vault. Nothing to burn is no error.
pub fn burn<'info>(
    config: &Config,
    token_program: &Program<'info, Token>,
    authority: AccountInfo<'info>,
    vault: AccountInfo<'info>,
    mint: AccountInfo<'info>,
    amount: u64,
) -> Result<()> {
    if amount == 0 {
        return Ok(());
    }
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[config.authority_bump]];
    let accounts = Burn { mint, from: vault, authority };
    token::burn(CpiContext::new_with_signer(token_program.key(), accounts, &[seeds]), amount)
}
