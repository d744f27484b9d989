use crate::errors::JobsError;
use crate::events::ResultCommitted;
use crate::state::{Config, Job, Shard};
use anchor_lang::prelude::*;

/// A result to commit to.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct CommitArgs {
    /// Root over the outputs of all layers, see `judge::cell::commit`.
    pub commitment: [u8; 32],
    /// sha256 of the result file.
    pub result_blob: [u8; 32],
}

#[event_cpi]
#[derive(Accounts)]
pub struct CommitResult<'info> {
    pub device_key: Signer<'info>,
    pub config: Account<'info, Config>,
    #[account(mut, dup, constraint = job.device == device_key.key() @ JobsError::WrongOwner)]
    pub job: Box<Account<'info, Job>>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Account<'info, Shard>,
}

pub fn handle(ctx: Context<CommitResult>, args: CommitArgs) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.job.commit(args.commitment, args.result_blob, a.config.challenge_window_s, &clock)?;
    let (job, device, window_end) = (a.job.key(), a.job.device, a.job.window_end);
    let draw_slot = a.job.audit.draw_slot().unwrap_or_default();
    let stamp = a.shard.stamp(&job, &clock)?;
    emit_cpi!(ResultCommitted {
        stamp,
        job,
        device,
        commitment: args.commitment,
        result_blob: args.result_blob,
        window_end,
        draw_slot
    });
    Ok(())
}
