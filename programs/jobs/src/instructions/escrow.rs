//! The two ways that a job's money leaves escrow, each with the accounts it needs. The credits program checks its own.
use crate::constants::AUTHORITY_SEED;
use crate::errors::JobsError;
use crate::events::{JobPaid, Verification};
use crate::instructions::stake::*;
use crate::state::{Device, EndTerms, Ending, Job, Operator, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use anchor_spl::token_2022::Token2022;
use credits::program::Credits;
use staking::SlashReason;

/// Pays the supplier and closes the job to its user.
#[derive(Accounts)]
pub struct Payout<'info> {
    pub config: Account<'info, EndTerms>,
    #[account(mut, dup, close = user)]
    pub job: Box<Account<'info, Job>>,
    /// CHECK: the job's user, who paid its rent.
    #[account(mut, address = job.user @ JobsError::WrongOwner)]
    pub user: UncheckedAccount<'info>,
    #[account(mut, dup, constraint = device.key == job.device @ JobsError::WrongOwner)]
    pub device: Box<Account<'info, Device>>,
    #[account(mut, dup, constraint = operator.owner == job.operator @ JobsError::WrongOwner)]
    pub operator: Box<Account<'info, Operator>>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: only its own address can sign, and the credits program accepts no other signer.
    pub jobs_authority: UncheckedAccount<'info>,
    pub credits_program: Program<'info, Credits>,
    /// CHECK: checked by the credits program.
    pub credits_config: UncheckedAccount<'info>,
    /// The escrow of this very job.
    #[account(
        mut, dup, constraint = escrow.job == job.key() @ JobsError::WrongOwner,
        constraint = escrow.amount == job.price @ credits::errors::CreditsError::EscrowMismatch
    )]
    pub escrow: Box<Account<'info, credits::state::Escrow>>,
    /// The ledger of this job's operator.
    #[account(mut, dup, constraint = earnings.owner == job.operator @ JobsError::WrongOwner)]
    pub earnings: Box<Account<'info, credits::state::Earnings>>,
    /// CHECK: the user's points; checked by the credits program.
    #[account(mut)]
    pub loyalty: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub credits_shard: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    pub credits_event_authority: UncheckedAccount<'info>,
    pub stake: Stake<'info>,
}

impl Payout<'_> {
    /// Frees the device and its operator's stake, pays the whole escrow, and says so.
    pub fn pay(&mut self, verification: Verification, clock: &Clock) -> Result<JobPaid> {
        let job = self.job.key();
        self.device.end(&mut self.operator, &job, Ending::Paid)?;
        self.settle_escrow()?;
        self.stake.require_of(&self.job.operator)?;
        if self.job.reserved > 0 {
            let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[self.config.authority_bump]];
            self.stake.release(self.jobs_authority.to_account_info(), seeds, self.job.reserved)?;
        }
        Ok(JobPaid {
            stamp: self.shard.stamp(&job, clock)?,
            job,
            device: self.job.device,
            operator: self.job.operator,
            price: self.job.price,
            verification,
            device_jobs_paid: self.device.jobs_paid,
        })
    }

    fn settle_escrow(&self) -> Result<()> {
        let accounts = credits::cpi::accounts::SettleEscrow {
            jobs_authority: self.jobs_authority.to_account_info(),
            config: self.credits_config.to_account_info(),
            escrow: self.escrow.to_account_info(),
            payer: self.job.to_account_info(),
            earnings: self.earnings.to_account_info(),
            loyalty: self.loyalty.to_account_info(),
            shard: self.credits_shard.to_account_info(),
            event_authority: self.credits_event_authority.to_account_info(),
            program: self.credits_program.to_account_info(),
        };
        let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[self.config.authority_bump]];
        credits::cpi::settle_escrow(CpiContext::new_with_signer(self.credits_program.key(), accounts, &[seeds]))
    }
}

/// Gives the user everything back and closes the job to its user.
#[derive(Accounts)]
pub struct Refund<'info> {
    pub config: Account<'info, EndTerms>,
    #[account(mut, dup, close = user)]
    pub job: Box<Account<'info, Job>>,
    /// CHECK: the job's user, who paid its rent.
    #[account(mut, address = job.user @ JobsError::WrongOwner)]
    pub user: UncheckedAccount<'info>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: only its own address can sign, and the credits program accepts no other signer.
    pub jobs_authority: UncheckedAccount<'info>,
    pub credits_program: Program<'info, Credits>,
    /// CHECK: checked by the credits program.
    pub credits_config: UncheckedAccount<'info>,
    /// The escrow of this very job.
    #[account(
        mut, dup, constraint = escrow.job == job.key() @ JobsError::WrongOwner,
        constraint = escrow.amount == job.price @ credits::errors::CreditsError::EscrowMismatch
    )]
    pub escrow: Box<Account<'info, credits::state::Escrow>>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub credits_shard: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub iosd_mint: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program: must be the escrow's user's.
    #[account(mut)]
    pub user_iosd: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    pub credits_event_authority: UncheckedAccount<'info>,
    pub iosd_token_program: Program<'info, Token2022>,
}

impl Refund<'_> {
    /// Mints the whole escrow back; returns the amount.
    pub fn refund(&self) -> Result<u64> {
        let accounts = credits::cpi::accounts::RefundEscrow {
            jobs_authority: self.jobs_authority.to_account_info(),
            config: self.credits_config.to_account_info(),
            escrow: self.escrow.to_account_info(),
            payer: self.job.to_account_info(),
            shard: self.credits_shard.to_account_info(),
            iosd_mint: self.iosd_mint.to_account_info(),
            user_iosd: self.user_iosd.to_account_info(),
            iosd_token_program: self.iosd_token_program.to_account_info(),
            event_authority: self.credits_event_authority.to_account_info(),
            program: self.credits_program.to_account_info(),
        };
        let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[self.config.authority_bump]];
        credits::cpi::refund_escrow(CpiContext::new_with_signer(self.credits_program.key(), accounts, &[seeds]))?;
        Ok(self.job.price)
    }
}

/// What a claim that ends badly touches: the device, its operator and its operator's stake.
#[derive(Accounts)]
pub struct Claimed<'info> {
    #[account(mut, dup)]
    pub device: Box<Account<'info, Device>>,
    #[account(mut, dup)]
    pub operator: Box<Account<'info, Operator>>,
    pub stake: Stake<'info>,
    /// CHECK: the staking program's PDA that owns its vault; checked by the staking program.
    pub staking_authority: UncheckedAccount<'info>,
    /// CHECK: checked by the staking program.
    #[account(mut)]
    pub rewards: UncheckedAccount<'info>,
    /// CHECK: checked by the staking program.
    #[account(mut)]
    pub stake_vault: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

impl<'info> Claimed<'info> {
    /// Frees the device and counts how it ended, here and with the operator.
    pub fn end(&mut self, job: &Account<Job>, ending: Ending) -> Result<()> {
        require!(self.device.key == job.device && self.operator.owner == job.operator, JobsError::WrongOwner);
        self.stake.require_of(&job.operator)?;
        self.device.end(&mut self.operator, &job.key(), ending)
    }

    /// The job's whole reservation is lost: part of it to `to`, the rest burned. Returns it.
    pub fn slash(
        &self,
        refund: &Refund<'info>,
        io_mint: &AccountInfo<'info>,
        to: &AccountInfo<'info>,
        reason: SlashReason,
    ) -> Result<u64> {
        let (stake, reserved) = (&self.stake, refund.job.reserved);
        if reserved == 0 {
            return Ok(0);
        }
        let accounts = staking::cpi::accounts::Slash {
            jobs_authority: refund.jobs_authority.to_account_info(),
            config: stake.staking_config.to_account_info(),
            rewards: self.rewards.to_account_info(),
            pool: stake.pool.to_account_info(),
            position: stake.position.to_account_info(),
            staking_authority: self.staking_authority.to_account_info(),
            stake_vault: self.stake_vault.to_account_info(),
            prover_io: to.to_account_info(),
            io_mint: io_mint.to_account_info(),
            token_program: self.token_program.to_account_info(),
            shard: stake.staking_shard.to_account_info(),
            event_authority: stake.staking_event_authority.to_account_info(),
            program: stake.staking_program.to_account_info(),
        };
        let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[refund.config.authority_bump]];
        let signer = [seeds];
        let context = CpiContext::new_with_signer(stake.staking_program.key(), accounts, &signer);
        staking::cpi::slash(context, reserved, 0, reason)?;
        Ok(reserved)
    }
}
