//! Stands in for another program in tests: it calls whatever it is told to, signing as its own PDA `["authority"]`. What it
//! is let to do shows what a program's check of its callers is worth.
#![allow(unexpected_cfgs)]
use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::solana_program::program::invoke_signed;

declare_id!("4yMfh5bf1vzYSKL7PzPV1xdZN35RS8AeWXFSDgYg2c28");

pub const AUTHORITY_SEED: &[u8] = b"authority";

#[program]
pub mod caller {
    use super::*;

    /// Calls `target` with `data` and the remaining accounts; this program's PDA signs wherever it is among them.
    pub fn relay<'info>(ctx: Context<'info, Relay<'info>>, data: Vec<u8>) -> Result<()> {
        let (authority, bump) = Pubkey::find_program_address(&[AUTHORITY_SEED], &crate::ID);
        let accounts = ctx.remaining_accounts.iter().map(|a| AccountMeta {
            pubkey: a.key(),
            is_signer: a.is_signer || a.key() == authority,
            is_writable: a.is_writable,
        });
        let instruction = Instruction { program_id: ctx.accounts.target.key(), accounts: accounts.collect(), data };
        Ok(invoke_signed(&instruction, ctx.remaining_accounts, &[&[AUTHORITY_SEED, &[bump]]])?)
    }
}

#[derive(Accounts)]
pub struct Relay<'info> {
    /// CHECK: the program to call; the test says which.
    pub target: UncheckedAccount<'info>,
}
