use crate::errors::CreditsError;
use crate::state::add;
use anchor_lang::prelude::*;

/// What a user has spent and gets back for it. Seeds: `["loyalty", user]`.
#[account]
#[derive(InitSpace)]
pub struct Loyalty {
    pub user: Pubkey,
    /// First spending, unix time in seconds; zero before it.
    pub since: i64,
    /// Points not redeemed yet.
    pub points: u64,
    /// Spent so far, IOSD base units.
    pub spent: u64,
    /// The incentives' share of the fees that this user paid: rebates never pass it.
    pub incentives: u64,
    /// Rebates granted so far, to the user and to stakers.
    pub rebated: u64,
    /// Granted to those who stake towards the user and not minted yet.
    pub pooled: u64,
    /// Rebates are shared with stakers: only through the staking program.
    pub shared: bool,
    pub bump: u8,
}

impl Loyalty {
    /// Counts a settled price.
    pub fn spend(&mut self, price: u64, incentives: u64, now: i64) -> Result<()> {
        if self.since == 0 {
            self.since = now;
        }
        let tenure = now.saturating_sub(self.since).max(0) as u64;
        self.points = add(self.points, economy::loyalty::points(price, tenure).map_err(CreditsError::from)?)?;
        self.spent = add(self.spent, price)?;
        self.incentives = add(self.incentives, incentives)?;
        Ok(())
    }

    /// Turns at most `points` into a rebate: `(points taken, rebate)`. What is left of the incentives may buy fewer; the rest
    /// of the points is kept.
    pub fn redeem(&mut self, points: u64, rate_bps: u16) -> Result<(u64, u64)> {
        require!(points <= self.points, CreditsError::NothingToRedeem);
        let rebate = economy::loyalty::rebate(points, rate_bps, self.incentives, self.rebated);
        let rebate = rebate.map_err(CreditsError::from)?;
        require!(rebate > 0, CreditsError::NothingToRedeem);
        let taken = economy::loyalty::cost(rebate, rate_bps).map_err(CreditsError::from)?.min(points);
        self.points = self.points.checked_sub(taken).ok_or(CreditsError::AmountOverflow)?;
        self.rebated = add(self.rebated, rebate)?;
        Ok((taken, rebate))
    }

    pub fn invariant(&self) -> Result<()> {
        let fine = self.rebated <= self.incentives && self.pooled <= self.rebated && self.incentives <= self.spent;
        require!(fine, CreditsError::AmountOverflow);
        Ok(())
    }
}
