use crate::errors::JobsError;
use crate::events::*;
use crate::slot_hashes;
use crate::state::{Advanced, Config, Round, Shard};
use anchor_lang::prelude::*;
use credits::Purpose;

#[event_cpi]
#[derive(Accounts)]
pub struct AdvanceRound<'info> {
    #[account(mut, dup)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub round: Box<Account<'info, Round>>,
    /// CHECK: only the sysvar itself is read.
    #[account(address = slot_hashes::ADDRESS @ JobsError::WrongSlotHashes)]
    pub slot_hashes: UncheckedAccount<'info>,
    /// What there is to share.
    pub emission: Box<Account<'info, credits::state::Emission>>,
    /// Shard of the round's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<AdvanceRound>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let advanced = a.round.advance(&a.slot_hashes.try_borrow_data()?, &clock)?;
    let number = a.round.number;
    let stamp = a.shard.stamp(&a.round.key(), &clock)?;
    match advanced {
        Advanced::Closed { draw_slot } => {
            let committed = a.round.committed;
            emit_cpi!(WindowClosed { stamp, number, committed, draw_slot });
        }
        Advanced::Drawn { slot, slot_hash, answers_until } => {
            let proofs_until = a.round.proofs_until(answers_until);
            emit_cpi!(CellsDrawn { stamp, number, slot, slot_hash, answers_until, proofs_until });
        }
        Advanced::Ended => {
            let (passed, weight) = (a.round.passed, a.round.weight);
            let budget = if weight > 0 { budget(a) } else { 0 };
            a.round.budget = budget;
            a.config.round_live = false;
            a.config.settled_round = number;
            let promised = a.config.idle_promised.checked_add(budget).ok_or(JobsError::AmountOverflow)?;
            a.config.idle_promised = promised;
            emit_cpi!(RoundEnded { stamp, number, passed, weight, budget, promised });
        }
        Advanced::Voided => {
            a.config.round_live = false;
            let committed = a.round.committed;
            emit_cpi!(RoundVoided { stamp, number, committed });
        }
    }
    Ok(())
}

/// What the idle budget has beyond what is promised.
fn budget(a: &AdvanceRound) -> u64 {
    let idle = &a.emission.budgets[Purpose::Idle as usize];
    let mintable_ever = idle.total_limit.saturating_sub(idle.minted);
    economy::idle::budget(idle.available, mintable_ever, a.config.idle_promised, idle.epoch_limit)
}
