use crate::constants::{SHARDS, SHARD_SEED};
use crate::errors::GovernanceError;
use crate::events::ShardOpened;
use crate::state::Shard;
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
#[instruction(index: u8)]
pub struct OpenShard<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(init, payer = payer, space = 8 + Shard::INIT_SPACE, seeds = [SHARD_SEED, &[index]], bump)]
    pub shard: Account<'info, Shard>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<OpenShard>, index: u8) -> Result<()> {
    require!(index < SHARDS, GovernanceError::WrongShard);
    let shard = &mut ctx.accounts.shard;
    shard.set_inner(Shard { index, seq: 0, bump: ctx.bumps.shard });
    let stamp = shard.next(&Clock::get()?)?;
    emit_cpi!(ShardOpened { stamp });
    Ok(())
}
