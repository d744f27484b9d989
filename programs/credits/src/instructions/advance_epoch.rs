use crate::constants::*;
use crate::errors::CreditsError;
use crate::events::EpochClosed;
use crate::state::{add, try_price, Config, Emission, Epoch, Shard};
use anchor_lang::prelude::*;
use anchor_spl::token::Mint;
use economy::emission::Closing;

#[event_cpi]
#[derive(Accounts)]
#[instruction(index: u64)]
pub struct AdvanceEpoch<'info> {
    #[account(has_one = io_mint)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, dup)]
    pub emission: Box<Account<'info, Emission>>,
    /// CHECK: the epoch's account at its own address; it does not exist if nothing happened in it.
    #[account(mut, seeds = [EPOCH_SEED, &index.to_le_bytes()], bump)]
    pub epoch: UncheckedAccount<'info>,
    /// CHECK: gets the rent of an epoch that nobody needs any more; checked against it.
    #[account(mut)]
    pub epoch_payer: UncheckedAccount<'info>,
    /// CHECK: identified by `read_price`.
    pub price: UncheckedAccount<'info>,
    pub io_mint: Box<Account<'info, Mint>>,
    /// Shard of the emission account's address.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<AdvanceEpoch>, index: u64) -> Result<()> {
    let clock = Clock::get()?;
    let a = &mut *ctx.accounts;
    // A retry, or somebody else was faster: nothing is due.
    if index < a.emission.next_epoch {
        return Ok(());
    }
    require!(index == a.emission.next_epoch, CreditsError::EpochOutOfOrder);
    let current = a.config.epoch_at(clock.unix_timestamp);
    require!(index < current, CreditsError::EpochOpen);
    let mut epoch = read(&a.epoch)?;
    let (burned, requested) = epoch.as_ref().map_or((0, 0), |e| (e.io_burned, e.requested));
    let price = match try_price(&a.config, &a.price, clock.unix_timestamp)? {
        Ok(price) => Some(price.paying()),
        // Requests wait for a price until the next epoch has ended too: else whoever closes theirs could choose a moment
        // without one, and nobody would ever be paid.
        Err(e) if requested > 0 && add(index, 1)? == current => return Err(CreditsError::from(e).into()),
        Err(_) => None,
    };
    let closing = Closing {
        index,
        epoch_s: a.config.epoch_s,
        burned,
        requested,
        paying_price: price,
        smoothed_burn: a.emission.smoothed_burn,
        reserve: a.emission.reserve,
        supply: a.emission.existing(burned)?,
        outstanding: a.emission.outstanding()?,
        redemption_cap: a.config.redemption_cap,
        split: a.config.split(),
    };
    let closed = economy::emission::close(&closing).map_err(CreditsError::from)?;
    a.emission.close_epoch(&closed, burned)?;
    a.emission.invariant()?;
    if let Some(epoch) = &mut epoch {
        epoch.end(&closed, price.unwrap_or(0));
        if epoch.is_done() {
            require!(epoch.payer == a.epoch_payer.key(), CreditsError::WrongOwner);
            close(&a.epoch, &a.epoch_payer)?;
        } else {
            epoch.try_serialize(&mut &mut a.epoch.try_borrow_mut_data()?[..])?;
        }
    }

    let emission = a.emission.key();
    let stamp = a.shard.stamp(&emission, &clock)?;
    let event = EpochClosed {
        stamp,
        epoch: index,
        io_burned: burned,
        smoothed_burn: closed.smoothed_burn,
        requested,
        paid: closed.paid,
        allocated: closed.allocated,
        price: price.unwrap_or(0),
        reserve: closed.reserve,
        allocated_total: a.emission.allocated,
        idle: closed.budgets.idle,
        stakers: closed.budgets.stakers,
        treasury: closed.budgets.treasury,
        supply: a.io_mint.supply,
    };
    emit_cpi!(event);
    Ok(())
}

/// The epoch's account, if it exists. Its address was checked.
fn read(account: &AccountInfo) -> Result<Option<Epoch>> {
    if account.data_is_empty() {
        return Ok(None);
    }
    require!(*account.owner == crate::ID, CreditsError::WrongOwner);
    Epoch::try_deserialize(&mut &account.try_borrow_data()?[..]).map(Some)
}

/// Closes an account of this program to `to`, as Anchor's `close` does.
fn close(account: &AccountInfo, to: &AccountInfo) -> Result<()> {
    let lamports = add(to.lamports(), account.lamports())?;
    **to.try_borrow_mut_lamports()? = lamports;
    **account.try_borrow_mut_lamports()? = 0;
    account.assign(&anchor_lang::system_program::ID);
    account.resize(0)?;
    Ok(())
}
