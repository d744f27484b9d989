use crate::errors::CreditsError;
use crate::events::EscrowSettled;
use crate::state::{add, Config, Earnings, Escrow, Loyalty, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct SettleEscrow<'info> {
    /// The jobs program's PDA; its signature is the permission.
    pub jobs_authority: Signer<'info>,
    #[account(has_one = jobs_authority @ CreditsError::NotJobsProgram)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup, close = payer, has_one = payer @ CreditsError::WrongOwner)]
    pub escrow: Box<Account<'info, Escrow>>,
    /// CHECK: receives the escrow's rent; checked against the escrow.
    #[account(mut)]
    pub payer: UncheckedAccount<'info>,
    /// Ledger of the supplier whom the jobs program names.
    #[account(mut, dup)]
    pub earnings: Box<Account<'info, Earnings>>,
    /// The user's points.
    #[account(mut, dup, constraint = loyalty.user == escrow.user @ CreditsError::WrongOwner)]
    pub loyalty: Box<Account<'info, Loyalty>>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<SettleEscrow>) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    let (job, user, price) = (a.escrow.job, a.escrow.user, a.escrow.amount);
    let split = economy::settle(price, a.config.fee_bps, a.config.incentive_bps).map_err(CreditsError::from)?;
    a.earnings.owed = add(a.earnings.owed, split.supplier)?;
    a.loyalty.spend(price, split.incentives, clock.unix_timestamp)?;

    let totals = &mut a.shard.totals;
    totals.spent = add(totals.spent, price)?;
    totals.earned = add(totals.earned, split.supplier)?;
    totals.incentives = add(totals.incentives, split.incentives)?;
    totals.retired = add(totals.retired, split.retired)?;
    let stamp = a.shard.stamp(&job, &clock)?;
    let (supplier, earnings_owed) = (a.earnings.owner, a.earnings.owed);
    let event = EscrowSettled {
        stamp,
        job,
        user,
        supplier,
        price,
        supplier_share: split.supplier,
        retired: split.retired,
        incentives: split.incentives,
        earnings_owed,
        points: a.loyalty.points,
    };
    emit_cpi!(event);
    Ok(())
}
