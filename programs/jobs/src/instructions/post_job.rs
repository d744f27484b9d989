use crate::constants::*;
use crate::errors::JobsError;
use crate::events::JobPosted;
use crate::state::{count, Audit, Config, Demands, Job, Model, Shard, Status, User};
use anchor_lang::prelude::*;
use anchor_lang::system_program;
use anchor_spl::token_2022::Token2022;
use credits::program::Credits;

/// A job to post.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct PostArgs {
    /// The user's next sequence number.
    pub seq: u64,
    pub rows: u32,
    /// Root of the input as layer 0 of this job, see `judge::cell::input_root`.
    pub input_root: [u8; 32],
    /// sha256 of the input bytes.
    pub input_blob: [u8; 32],
    /// sha256 of the model file to use: the user's own word, since anybody may have registered the model.
    pub model_blob: [u8; 32],
    /// IOSD base units.
    pub price: u64,
    /// Seconds until the job may no longer be claimed.
    pub claim_s: u32,
    /// Seconds that a device has from claim to commitment.
    pub execute_s: u32,
}

#[event_cpi]
#[derive(Accounts)]
#[instruction(args: PostArgs)]
pub struct PostJob<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(mut, dup, has_one = owner @ JobsError::WrongOwner)]
    pub user: Box<Account<'info, User>>,
    pub config: Box<Account<'info, Config>>,
    pub model: Box<Account<'info, Model>>,
    #[account(
        init, payer = owner, space = 8 + Job::INIT_SPACE,
        seeds = [JOB_SEED, owner.key().as_ref(), &args.seq.to_le_bytes()], bump
    )]
    pub job: Box<Account<'info, Job>>,
    /// Shard of the job's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    /// CHECK: only its own address can sign, and the credits program accepts no other signer.
    pub jobs_authority: UncheckedAccount<'info>,
    pub credits_program: Program<'info, Credits>,
    /// CHECK: checked by the credits program.
    pub credits_config: UncheckedAccount<'info>,
    /// CHECK: created by the credits program.
    #[account(mut)]
    pub escrow: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    pub loyalty: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub credits_shard: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub iosd_mint: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    #[account(mut)]
    pub user_iosd: UncheckedAccount<'info>,
    /// CHECK: checked by the credits program.
    pub credits_event_authority: UncheckedAccount<'info>,
    pub iosd_token_program: Program<'info, Token2022>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<PostJob>, args: PostArgs) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.config.require_running(PAUSE_POST)?;
    require!(args.seq == a.user.next_seq, JobsError::WrongSequence);
    require!((1..=a.model.max_rows).contains(&args.rows), JobsError::BadRows);
    require!(args.price > 0, JobsError::ZeroPrice);
    let in_time = (1..=MAX_CLAIM_S).contains(&args.claim_s) && (1..=MAX_EXECUTE_S).contains(&args.execute_s);
    require!(in_time, JobsError::BadTimeLimit);

    a.user.next_seq = count(a.user.next_seq)?;
    let clock = Clock::get()?;
    let (job, user, model_root) = (a.job.key(), a.owner.key(), a.model.root);
    let claim_deadline = clock.unix_timestamp.saturating_add(i64::from(args.claim_s));
    a.job.set_inner(Job {
        status: Status::Posted,
        user,
        seq: args.seq,
        model_root,
        rows: args.rows,
        input_root: args.input_root,
        input_blob: args.input_blob,
        model_blob: args.model_blob,
        price: args.price,
        claim_deadline,
        execute_s: args.execute_s,
        device: Pubkey::default(),
        operator: Pubkey::default(),
        reserved: 0,
        commit_deadline: 0,
        commitment: [0; 32],
        result_blob: [0; 32],
        window_end: 0,
        audit_bps: 0,
        audit_cells: 0,
        audit: Audit::None,
        demands: Demands::default(),
        bump: ctx.bumps.job,
    });
    // For whoever draws its audit.
    let fee = system_program::Transfer { from: a.owner.to_account_info(), to: a.job.to_account_info() };
    system_program::transfer(CpiContext::new(a.system_program.key(), fee), DRAW_FEE)?;
    lock(a, args.price)?;

    let stamp = a.shard.stamp(&job, &clock)?;
    emit_cpi!(JobPosted {
        stamp,
        job,
        user,
        seq: args.seq,
        model_root,
        rows: args.rows,
        input_root: args.input_root,
        input_blob: args.input_blob,
        model_blob: args.model_blob,
        price: args.price,
        claim_deadline,
        execute_s: args.execute_s,
    });
    Ok(())
}

fn lock(a: &PostJob, price: u64) -> Result<()> {
    let accounts = credits::cpi::accounts::LockEscrow {
        user: a.owner.to_account_info(),
        jobs_authority: a.jobs_authority.to_account_info(),
        job: a.job.to_account_info(),
        config: a.credits_config.to_account_info(),
        escrow: a.escrow.to_account_info(),
        loyalty: a.loyalty.to_account_info(),
        shard: a.credits_shard.to_account_info(),
        iosd_mint: a.iosd_mint.to_account_info(),
        user_iosd: a.user_iosd.to_account_info(),
        iosd_token_program: a.iosd_token_program.to_account_info(),
        system_program: a.system_program.to_account_info(),
        event_authority: a.credits_event_authority.to_account_info(),
        program: a.credits_program.to_account_info(),
    };
    let seeds: &[&[u8]] = &[AUTHORITY_SEED, &[a.config.authority_bump]];
    credits::cpi::lock_escrow(CpiContext::new_with_signer(a.credits_program.key(), accounts, &[seeds]), price)
}
