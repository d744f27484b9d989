use crate::constants::DRAW_FEE;
use crate::errors::JobsError;
use crate::events::{AuditDrawn, AuditMissed};
use crate::slot_hashes;
use crate::state::{Config, Drawn, Job, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct DrawAudit<'info> {
    /// Anyone; gets the fee.
    #[account(mut)]
    pub caller: Signer<'info>,
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub job: Box<Account<'info, Job>>,
    /// CHECK: the sysvar, by its address; too long to be decoded.
    #[account(address = slot_hashes::ADDRESS @ JobsError::WrongSlotHashes)]
    pub slot_hashes: UncheckedAccount<'info>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
}

pub fn handle(ctx: Context<DrawAudit>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let (job, caller) = (a.job.key(), a.caller.key());
    let drawn = a.job.draw(&job, &a.slot_hashes.try_borrow_data()?, a.config.answer_s, &clock)?;
    let stamp = a.shard.stamp(&job, &clock)?;
    match drawn {
        Drawn::Missed { missed_slot, draw_slot } => {
            let cells = a.job.audit_cells;
            emit_cpi!(AuditMissed { stamp, job, missed_slot, draw_slot, cells });
        }
        Drawn::Decided { slot, slot_hash, seed, certain, audited, deadline } => {
            let fee = DRAW_FEE;
            // The user put it by when posting: the job is drawn once.
            a.job.sub_lamports(fee)?;
            a.caller.add_lamports(fee)?;
            let cells = if audited { a.job.audit_cells } else { 0 };
            emit_cpi!(AuditDrawn { stamp, job, caller, fee, slot, slot_hash, seed, certain, audited, cells, deadline });
        }
    }
    Ok(())
}
