use crate::constants::{PAUSE_ROUND, ROUND_SEED};
use crate::errors::JobsError;
use crate::events::RoundOpened;
use crate::slot_hashes;
use crate::state::{count, Config, Phase, Round, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
#[instruction(number: u64)]
pub struct OpenRound<'info> {
    /// Anyone; pays the rent and gets it back.
    #[account(mut)]
    pub opener: Signer<'info>,
    #[account(mut, dup)]
    pub config: Box<Account<'info, Config>>,
    #[account(
        init, payer = opener, space = 8 + Round::INIT_SPACE, seeds = [ROUND_SEED, &number.to_le_bytes()], bump
    )]
    pub round: Box<Account<'info, Round>>,
    /// CHECK: only the sysvar itself is read.
    #[account(address = slot_hashes::ADDRESS @ JobsError::WrongSlotHashes)]
    pub slot_hashes: UncheckedAccount<'info>,
    /// Shard of the round's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<OpenRound>, number: u64) -> Result<()> {
    let clock = Clock::get()?;
    let now = clock.unix_timestamp;
    let a = &mut *ctx.accounts;
    a.config.require_running(PAUSE_ROUND)?;
    require!(number == count(a.config.round)?, JobsError::WrongRound);
    require!(!a.config.round_live && now >= a.config.next_round_at, JobsError::RoundNotDue);
    let (hash_slot, slot_hash) =
        slot_hashes::newest(&a.slot_hashes.try_borrow_data()?).ok_or(JobsError::WrongSlotHashes)?;
    let rules = a.config.rounds;
    let window_end = now.saturating_add(rules.window_s.into());
    let next_round_at = now.saturating_add(rules.every_s.into());
    let opener = a.opener.key();
    a.round.set_inner(Round {
        number,
        opener,
        phase: Phase::Open,
        slot_hash,
        opened_at: now,
        window_end,
        rules,
        committed: 0,
        passed: 0,
        weight: 0,
        unshared: 0,
        budget: 0,
        shared: 0,
        bump: ctx.bumps.round,
    });
    a.config.round = number;
    a.config.round_live = true;
    a.config.next_round_at = next_round_at;
    let stamp = a.shard.stamp(&a.round.key(), &clock)?;
    emit_cpi!(RoundOpened { stamp, number, opener, slot_hash, hash_slot, window_end, next_round_at, rules });
    Ok(())
}
