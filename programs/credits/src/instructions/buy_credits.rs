use crate::constants::*;
use crate::errors::CreditsError;
use crate::events::CreditsBought;
use crate::state::{add, read_price, Config, Epoch, Shard};
use anchor_lang::prelude::*;
use anchor_spl::associated_token::AssociatedToken;
use anchor_spl::token::{self, Burn, Mint, Token, TokenAccount};
use anchor_spl::token_2022::{self, MintTo, Token2022};
use anchor_spl::token_interface::{Mint as MintInterface, TokenAccount as TokenAccountInterface};

/// How much to buy, with the buyer's limit on the other side.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub enum BuyOrder {
    /// Burn exactly `io`; refuse if it gives less than `min_iosd`.
    ExactIn { io: u64, min_iosd: u64 },
    /// Mint exactly `iosd`; refuse if it costs more than `max_io`.
    ExactOut { iosd: u64, max_io: u64 },
}

#[event_cpi]
#[derive(Accounts)]
#[instruction(order: BuyOrder)]
pub struct BuyCredits<'info> {
    #[account(mut)]
    pub user: Signer<'info>,
    #[account(has_one = io_mint, has_one = iosd_mint)]
    pub config: Box<Account<'info, Config>>,
    /// CHECK: identified by `read_price`.
    pub price: UncheckedAccount<'info>,
    #[account(
        init_if_needed, payer = user, space = 8 + Epoch::INIT_SPACE,
        seeds = [EPOCH_SEED, &config.epoch_at(Clock::get()?.unix_timestamp).to_le_bytes()], bump
    )]
    pub epoch: Box<Account<'info, Epoch>>,
    /// Shard of the user's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
    #[account(mut, dup)]
    pub io_mint: Box<Account<'info, Mint>>,
    #[account(mut, dup)]
    pub iosd_mint: Box<InterfaceAccount<'info, MintInterface>>,
    #[account(mut, dup, token::mint = io_mint, token::authority = user)]
    pub user_io: Box<Account<'info, TokenAccount>>,
    #[account(
        init_if_needed, payer = user,
        associated_token::mint = iosd_mint, associated_token::authority = user,
        associated_token::token_program = iosd_token_program
    )]
    pub user_iosd: Box<InterfaceAccount<'info, TokenAccountInterface>>,
    pub token_program: Program<'info, Token>,
    pub iosd_token_program: Program<'info, Token2022>,
    pub associated_token_program: Program<'info, AssociatedToken>,
    pub system_program: Program<'info, System>,
}

pub fn handle(ctx: Context<BuyCredits>, order: BuyOrder) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    a.config.require_running(PAUSE_BUY)?;
    let price = read_price(&a.config, &a.price, clock.unix_timestamp)?.buying().map_err(CreditsError::from)?;
    let (io, iosd) = match order {
        BuyOrder::ExactIn { io, min_iosd } => {
            let iosd = economy::price::iosd_for_io(io, price).map_err(CreditsError::from)?;
            require!(iosd >= min_iosd, CreditsError::SlippageExceeded);
            (io, iosd)
        }
        BuyOrder::ExactOut { iosd, max_io } => {
            let io = economy::price::io_for_iosd(iosd, price).map_err(CreditsError::from)?;
            require!(io <= max_io, CreditsError::SlippageExceeded);
            (io, iosd)
        }
    };
    require!(io > 0 && iosd > 0, CreditsError::ZeroAmount);
    require!(a.user_io.amount >= io, CreditsError::InsufficientIo);

    let burn = Burn {
        mint: a.io_mint.to_account_info(),
        from: a.user_io.to_account_info(),
        authority: a.user.to_account_info(),
    };
    token::burn(CpiContext::new(a.token_program.key(), burn), io)?;
    let mint = MintTo {
        mint: a.iosd_mint.to_account_info(),
        to: a.user_iosd.to_account_info(),
        authority: a.config.to_account_info(),
    };
    let seeds: &[&[u8]] = &[CONFIG_SEED, &[a.config.bump]];
    token_2022::mint_to(CpiContext::new_with_signer(a.iosd_token_program.key(), mint, &[seeds]), iosd)?;

    a.epoch.open(a.config.epoch_at(clock.unix_timestamp), a.user.key(), ctx.bumps.epoch);
    a.epoch.burn(io)?;
    let totals = &mut a.shard.totals;
    totals.io_burned = add(totals.io_burned, io)?;
    totals.bought = add(totals.bought, iosd)?;
    let user = a.user.key();
    let stamp = a.shard.stamp(&user, &clock)?;
    let (epoch, epoch_io_burned) = (a.epoch.index, a.epoch.io_burned);
    let iosd_balance = add(a.user_iosd.amount, iosd)?;
    emit_cpi!(CreditsBought {
        stamp,
        user,
        io_burned: io,
        iosd_minted: iosd,
        price,
        epoch,
        epoch_io_burned,
        iosd_balance
    });
    Ok(())
}
