use crate::errors::CreditsError;
use crate::state::{Config, Feed, PriceSource};
use anchor_lang::prelude::*;
use economy::{Price, PriceError};

/// The one place where a price is read.
///
/// The account's identity is checked first and always: a wrong one is refused by name, whatever it holds.
///
/// # Errors
/// [`CreditsError::WrongPriceAccount`]; else stale, wide or zero: nothing may be minted.
pub fn read_price(config: &Config, account: &AccountInfo, now: i64) -> Result<Price> {
    try_price(config, account, now)?.map_err(|e| CreditsError::from(e).into())
}

/// The same, for what goes on without a price: the outer error is another account than the configured one, the inner one no
/// price that is good enough in it.
///
/// # Errors
/// [`CreditsError::WrongPriceAccount`].
pub fn try_price(config: &Config, account: &AccountInfo, now: i64) -> Result<core::result::Result<Price, PriceError>> {
    match config.price_source {
        PriceSource::Feed => {
            require!(*account.owner == crate::ID, CreditsError::WrongPriceAccount);
            let data = account.try_borrow_data()?;
            let feed = Feed::try_deserialize(&mut &data[..]).map_err(|_| CreditsError::WrongPriceAccount)?;
            Ok(feed.read_price(now, config))
        }
        PriceSource::Pyth { receiver, account: pinned, feed_id } => {
            require!(account.key() == pinned, CreditsError::WrongPriceAccount);
            // The right place; whoever wrote the account may have closed it, and what needs no price must go on.
            if *account.owner != receiver {
                return Ok(Err(PriceError::NotAnUpdate));
            }
            Ok(economy::pyth::decode(&account.try_borrow_data()?, &feed_id, now, config.price_limits()))
        }
    }
}
