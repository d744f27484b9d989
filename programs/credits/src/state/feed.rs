use crate::errors::CreditsError;
use crate::state::Config;
use anchor_lang::prelude::*;
use economy::price::{median, next_average, MAX_SUBMITTERS};
use economy::{Price, Submission};

/// One submitter's latest word.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, InitSpace)]
pub struct Quote {
    pub submitter: Pubkey,
    /// 10^-8 dollars per whole IO; zero until the submitter has spoken.
    pub price: u64,
    /// Unix time, seconds.
    pub time: i64,
}

/// The coin's price by median of permitted submitters. Seeds: `["feed"]`.
#[account]
#[derive(InitSpace)]
pub struct Feed {
    #[max_len(8)]
    pub quotes: Vec<Quote>,
    /// Exponential average of the median, 10^-8 dollars per IO.
    pub average: u64,
    /// When the average was last moved, unix time in seconds; never goes back.
    pub average_time: i64,
    pub bump: u8,
}

const _: () = assert!(MAX_SUBMITTERS == 8, "the feed account has room for exactly this many");

impl Feed {
    /// Records a word and moves the average if there is a good median. Returns the median, zero if there is none.
    pub fn submit(&mut self, submitter: &Pubkey, price: u64, now: i64, config: &Config) -> Result<u64> {
        require!(price > 0, CreditsError::ZeroPrice);
        let quote = self.quotes.iter_mut().find(|q| q.submitter == *submitter);
        let quote = quote.ok_or(CreditsError::NotASubmitter)?;
        quote.price = price;
        quote.time = now;
        let Ok((spot, _)) = self.median(now, config) else { return Ok(0) };
        let elapsed = now.saturating_sub(self.average_time).max(0) as u64;
        self.average = next_average(self.average, spot, elapsed);
        self.average_time = self.average_time.max(now);
        Ok(spot)
    }

    /// Replaces a submitter by another, or adds (`old` is the default key) or removes (`new` is) one.
    pub fn replace(&mut self, old: Pubkey, new: Pubkey) -> Result<()> {
        let none = Pubkey::default();
        if old != none {
            let at = self.quotes.iter().position(|q| q.submitter == old).ok_or(CreditsError::NotASubmitter)?;
            self.quotes.remove(at);
        }
        if new != none {
            let taken = self.quotes.iter().any(|q| q.submitter == new);
            require!(!taken, CreditsError::ParameterOutOfBounds);
            self.quotes.push(Quote { submitter: new, price: 0, time: 0 });
        }
        require!((1..=MAX_SUBMITTERS).contains(&self.quotes.len()), CreditsError::ParameterOutOfBounds);
        Ok(())
    }

    /// The price now, if enough submitters have spoken and agree.
    pub fn read_price(&self, now: i64, config: &Config) -> core::result::Result<Price, economy::PriceError> {
        let (spot, confidence) = self.median(now, config)?;
        Ok(Price { spot, average: self.average, confidence })
    }

    fn median(&self, now: i64, config: &Config) -> core::result::Result<(u64, u64), economy::PriceError> {
        let mut submissions = [Submission { price: 0, time: 0 }; MAX_SUBMITTERS];
        let count = self.quotes.len().min(MAX_SUBMITTERS);
        for (slot, quote) in submissions.iter_mut().zip(&self.quotes) {
            *slot = Submission { price: quote.price, time: quote.time };
        }
        median(&submissions[..count], now, config.price_limits())
    }
}
