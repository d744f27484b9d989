use crate::errors::JobsError;
use crate::events::OfferSet;
use crate::state::{Device, Shard};
use anchor_lang::prelude::*;

#[event_cpi]
#[derive(Accounts)]
pub struct SetOffer<'info> {
    pub owner: Signer<'info>,
    #[account(mut, dup, constraint = device.operator == owner.key() @ JobsError::WrongOwner)]
    pub device: Box<Account<'info, Device>>,
    /// Shard of the device's key.
    #[account(mut, dup)]
    pub shard: Box<Account<'info, Shard>>,
}

pub fn handle(ctx: Context<SetOffer>, price: u64) -> Result<()> {
    let a = &mut *ctx.accounts;
    a.device.offer = price;
    let device = a.device.key;
    let stamp = a.shard.stamp(&device, &Clock::get()?)?;
    emit_cpi!(OfferSet { stamp, device, price });
    Ok(())
}
