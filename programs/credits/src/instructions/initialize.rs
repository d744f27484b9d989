use crate::constants::*;
use crate::errors::CreditsError;
use crate::state::{Budget, Config, Emission, Feed, PriceSource, Quote};
use anchor_lang::prelude::*;
use anchor_lang::solana_program::bpf_loader_upgradeable;
use anchor_lang::system_program;
use anchor_spl::token::{self, Mint, MintTo, Token, TokenAccount};
use anchor_spl::token_2022::{self, InitializeMint2, Token2022};
use anchor_spl::token_2022_extensions::{non_transferable_mint_initialize, NonTransferableMintInitialize};
use economy::price::MAX_SUBMITTERS;
use economy::{IOSD_DECIMALS, IO_CAP};

/// Bytes of a Token-2022 mint with the `NonTransferable` extension and nothing else: 165 (padded base) + 1 (account
/// type) + 4 (extension header).
const IOSD_MINT_SPACE: u64 = 170;

/// Launch parameters; bounds in [`Config::invariant`].
#[derive(AnchorSerialize, AnchorDeserialize, Clone)]
pub struct InitializeArgs {
    /// The jobs program's signing PDA: moves escrow, and mints idle rewards.
    pub jobs_authority: Pubkey,
    /// The staking program's signing PDA: mints stakers' rewards, and shares rebates.
    pub staking_authority: Pubkey,
    /// The governance program's signing PDA: mints treasury payments. The initializer is the authority until it hands over.
    pub treasury_authority: Pubkey,
    /// Permitted price submitters, 1 to 8, no two alike.
    pub submitters: Vec<Pubkey>,
    /// IO minted to the initializer's account, base units.
    pub genesis_supply: u64,
    pub epoch_s: u32,
    pub fee_bps: u16,
    pub incentive_bps: u16,
    pub redemption_cap: u64,
    pub max_price_age_s: u32,
    pub max_spread_bps: u16,
    pub idle_bps: u16,
    pub stakers_bps: u16,
    pub loyalty_bps: u16,
    /// Most that each purpose (idle, stakers, treasury) may ever mint, and in an epoch, IO base units.
    pub mint_limits: [MintLimit; 3],
}

/// Limits of one budget, IO base units.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default)]
pub struct MintLimit {
    pub total: u64,
    pub epoch: u64,
}

#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(init, payer = authority, space = 8 + Config::INIT_SPACE, seeds = [CONFIG_SEED], bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(init, payer = authority, space = 8 + Feed::INIT_SPACE, seeds = [FEED_SEED], bump)]
    pub feed: Box<Account<'info, Feed>>,
    #[account(init, payer = authority, space = 8 + Emission::INIT_SPACE, seeds = [EMISSION_SEED], bump)]
    pub emission: Box<Account<'info, Emission>>,
    #[account(
        init, payer = authority, seeds = [IO_MINT_SEED], bump,
        mint::decimals = economy::IO_DECIMALS, mint::authority = config, mint::token_program = token_program
    )]
    pub io_mint: Box<Account<'info, Mint>>,
    /// CHECK: created here as a Token-2022 mint; Anchor has no constraint for the `NonTransferable` extension.
    #[account(mut, seeds = [IOSD_MINT_SEED], bump)]
    pub iosd_mint: UncheckedAccount<'info>,
    /// Receives the genesis supply.
    #[account(
        init_if_needed, payer = authority,
        associated_token::mint = io_mint, associated_token::authority = authority,
        associated_token::token_program = token_program
    )]
    pub treasury: Box<Account<'info, TokenAccount>>,
    /// This program's data account: names the upgrade authority, so that nobody can initialize first.
    #[account(
        seeds = [crate::ID.as_ref()], bump, seeds::program = bpf_loader_upgradeable::ID,
        constraint = program_data.upgrade_authority_address == Some(authority.key()) @ CreditsError::NotUpgradeAuthority
    )]
    pub program_data: Box<Account<'info, ProgramData>>,
    pub token_program: Program<'info, Token>,
    pub iosd_token_program: Program<'info, Token2022>,
    pub associated_token_program: Program<'info, anchor_spl::associated_token::AssociatedToken>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<Initialize>, args: InitializeArgs) -> Result<()> {
    let distinct = args.submitters.iter().enumerate().all(|(i, s)| !args.submitters[..i].contains(s));
    let count = args.submitters.len();
    require!(distinct && (1..=MAX_SUBMITTERS).contains(&count), CreditsError::ParameterOutOfBounds);
    require!(args.genesis_supply <= IO_CAP, CreditsError::SupplyCap);

    let now = Clock::get()?.unix_timestamp;
    let a = &mut *ctx.accounts;
    a.config.set_inner(Config {
        authority: a.authority.key(),
        pending_authority: Pubkey::default(),
        jobs_authority: args.jobs_authority,
        staking_authority: args.staking_authority,
        io_mint: a.io_mint.key(),
        iosd_mint: a.iosd_mint.key(),
        price_source: PriceSource::Feed,
        genesis_time: now,
        epoch_s: args.epoch_s,
        fee_bps: args.fee_bps,
        incentive_bps: args.incentive_bps,
        redemption_cap: args.redemption_cap,
        max_price_age_s: args.max_price_age_s,
        max_spread_bps: args.max_spread_bps,
        idle_bps: args.idle_bps,
        stakers_bps: args.stakers_bps,
        loyalty_bps: args.loyalty_bps,
        paused: 0,
        bump: ctx.bumps.config,
    });
    a.config.invariant()?;
    a.feed.set_inner(Feed {
        quotes: args.submitters.iter().map(|&submitter| Quote { submitter, price: 0, time: 0 }).collect(),
        average: 0,
        average_time: 0,
        bump: ctx.bumps.feed,
    });
    let minters = [args.jobs_authority, args.staking_authority, args.treasury_authority];
    let budget = |i: usize| Budget {
        authority: minters[i],
        total_limit: args.mint_limits[i].total,
        epoch_limit: args.mint_limits[i].epoch,
        ..Budget::default()
    };
    a.emission.set_inner(Emission {
        next_epoch: 0,
        genesis: args.genesis_supply,
        smoothed_burn: 0,
        reserve: 0,
        allocated: 0,
        redeemed: 0,
        burned: 0,
        funded: 0,
        scheduled: 0,
        budgets: [budget(0), budget(1), budget(2)],
        bump: ctx.bumps.emission,
    });
    create_iosd_mint(a, ctx.bumps.iosd_mint)?;

    if args.genesis_supply > 0 {
        let seeds: &[&[u8]] = &[CONFIG_SEED, &[a.config.bump]];
        let accounts = MintTo {
            mint: a.io_mint.to_account_info(),
            to: a.treasury.to_account_info(),
            authority: a.config.to_account_info(),
        };
        token::mint_to(CpiContext::new_with_signer(a.token_program.key(), accounts, &[seeds]), args.genesis_supply)?;
    }
    Ok(())
}

fn create_iosd_mint(a: &Initialize, bump: u8) -> Result<()> {
    let seeds: &[&[u8]] = &[IOSD_MINT_SEED, &[bump]];
    let signer: &[&[&[u8]]] = &[seeds];
    let (system, mint) = (a.system_program.key(), a.iosd_mint.to_account_info());
    // Not `create_account`: that fails once anybody has sent lamports to the address.
    let missing = Rent::get()?.minimum_balance(IOSD_MINT_SPACE as usize).saturating_sub(mint.lamports());
    if missing > 0 {
        let accounts = system_program::Transfer { from: a.authority.to_account_info(), to: mint.clone() };
        system_program::transfer(CpiContext::new(system, accounts), missing)?;
    }
    let accounts = system_program::Allocate { account_to_allocate: mint.clone() };
    system_program::allocate(CpiContext::new_with_signer(system, accounts, signer), IOSD_MINT_SPACE)?;
    let accounts = system_program::Assign { account_to_assign: mint };
    system_program::assign(CpiContext::new_with_signer(system, accounts, signer), &a.iosd_token_program.key())?;
    non_transferable_mint_initialize(CpiContext::new(
        a.iosd_token_program.key(),
        NonTransferableMintInitialize {
            token_program_id: a.iosd_token_program.to_account_info(),
            mint: a.iosd_mint.to_account_info(),
        },
    ))?;
    token_2022::initialize_mint2(
        CpiContext::new(a.iosd_token_program.key(), InitializeMint2 { mint: a.iosd_mint.to_account_info() }),
        IOSD_DECIMALS,
        &a.config.key(),
        None,
    )
}
