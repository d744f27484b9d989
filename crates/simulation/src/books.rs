//! All money of the network, by the rules of `economy`. Amounts are base units.
use crate::settings::Settings;
use economy::emission::{Closed, Closing, INITIAL_SUPPLY, Split, close};
use economy::{IO_CAP, Overflow, Price, Settlement, settle};

/// Why a run ended: the books of an epoch do not balance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("epoch {epoch}: {what}")]
pub struct Broken {
    pub epoch: u64,
    pub what: &'static str,
}

/// What the schedule pays for, in the order of [`Books::budgets`].
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    Idle,
    Stakers,
    Treasury,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    pub available: u64,
    pub minted: u64,
}

/// What everybody holds, counted afresh from the agents at the end of an epoch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    /// IO on the market.
    pub float: u64,
    /// IO that suppliers keep.
    pub supplier_io: u64,
    /// IO staked in any bucket of any pool.
    pub staked: u64,
    /// Rewards that nobody has claimed yet.
    pub rewards: u64,
    /// IOSD of users.
    pub credits: u64,
    /// IOSD of suppliers: not asked for, and asked for.
    pub owed: u64,
    pub requested: u64,
}

#[derive(Clone, Debug)]
pub struct Books {
    epoch_s: u32,
    split: Split,
    redemption_cap: u64,
    fee_bps: u16,
    incentive_bps: u16,
    /// First epoch that is not closed.
    pub index: u64,
    /// IO.
    pub supply: u64,
    pub burned: u64,
    pub epoch_burned: u64,
    pub smoothed_burn: u64,
    pub funded: u64,
    pub reserve: u64,
    pub allocated: u64,
    pub redeemed: u64,
    pub scheduled: u64,
    pub budgets: [Budget; 3],
    /// IOSD.
    pub bought: u64,
    pub rebated: u64,
    pub spent: u64,
    pub earned: u64,
    pub retired: u64,
    pub incentives: u64,
    pub charged: u64,
    /// The whole of an epoch's schedule could not be budgeted under the cap.
    pub clipped: bool,
}

impl Books {
    pub fn new(settings: &Settings) -> Self {
        Books {
            epoch_s: settings.epoch_s(),
            split: settings.split(),
            redemption_cap: settings.redemption_cap(),
            fee_bps: settings.parameters.fee_bps,
            incentive_bps: settings.parameters.incentive_bps,
            index: 0,
            supply: INITIAL_SUPPLY,
            burned: 0,
            epoch_burned: 0,
            smoothed_burn: 0,
            funded: 0,
            reserve: 0,
            allocated: 0,
            redeemed: 0,
            scheduled: 0,
            budgets: [Budget::default(); 3],
            bought: 0,
            rebated: 0,
            spent: 0,
            earned: 0,
            retired: 0,
            incentives: 0,
            charged: 0,
            clipped: false,
        }
    }

    /// An error of this epoch.
    pub fn broken(&self, what: &'static str) -> Broken {
        Broken { epoch: self.index, what }
    }

    pub fn fits<T>(&self, result: Result<T, Overflow>) -> Result<T, Broken> {
        result.map_err(|_| self.broken("an amount does not fit 64 bits"))
    }

    /// Burns what `iosd` of credits cost: the IO.
    pub fn buy(&mut self, iosd: u64, price: &Price) -> Result<u64, Broken> {
        let buying = price.buying().map_err(|_| self.broken("credits are sold at a price of zero"))?;
        let io = self.fits(economy::price::io_for_iosd(iosd, buying))?;
        self.supply = self.supply.checked_sub(io).ok_or_else(|| self.broken("more is burned than exists"))?;
        self.burned += io;
        self.epoch_burned += io;
        self.bought += iosd;
        Ok(io)
    }

    /// Settles a job's price.
    pub fn settle(&mut self, price: u64) -> Result<Settlement, Broken> {
        let settled = self.fits(settle(price, self.fee_bps, self.incentive_bps))?;
        self.spent += price;
        self.earned += settled.supplier;
        self.retired += settled.retired;
        self.incentives += settled.incentives;
        Ok(settled)
    }

    /// Closes the open epoch, in which `requested` is asked for.
    pub fn close(&mut self, requested: u64, paying_price: Option<u64>) -> Result<Closed, Broken> {
        let closing = Closing {
            index: self.index,
            epoch_s: self.epoch_s,
            burned: self.epoch_burned,
            requested,
            paying_price,
            smoothed_burn: self.smoothed_burn,
            reserve: self.reserve,
            supply: self.supply,
            outstanding: self.outstanding(),
            redemption_cap: self.redemption_cap,
            split: self.split,
        };
        let closed = self.fits(close(&closing))?;
        if closed.allocated > self.redemption_cap || closed.allocated > self.reserve + closed.smoothed_burn {
            return Err(self.broken("an epoch pays more than its cap or its reserve"));
        }
        self.epoch_burned = 0;
        self.smoothed_burn = closed.smoothed_burn;
        self.funded += closed.smoothed_burn;
        self.reserve = closed.reserve;
        self.allocated += closed.allocated;
        let whole = self.fits(economy::emission::scheduled(self.index, self.epoch_s))?;
        self.clipped = closed.budgets.total() < whole;
        self.scheduled += closed.budgets.total();
        let parts = [closed.budgets.idle, closed.budgets.stakers, closed.budgets.treasury];
        for (budget, part) in self.budgets.iter_mut().zip(parts) {
            budget.available += part;
        }
        Ok(closed)
    }

    /// All requests of the epoch are settled: `io` is minted for `charged`, the dust of rounding returns to the reserve.
    pub fn redeem(&mut self, io: u64, charged: u64) -> Result<(), Broken> {
        let dust = self.allocated.checked_sub(io).ok_or_else(|| self.broken("more is minted than was promised"))?;
        self.allocated = 0;
        self.reserve += dust;
        self.redeemed += io;
        self.charged += charged;
        self.supply += io;
        Ok(())
    }

    /// Mints `amount` of a budget.
    pub fn mint(&mut self, purpose: Purpose, amount: u64) -> Result<(), Broken> {
        let error = self.broken("more is minted than its budget");
        let budget = &mut self.budgets[purpose as usize];
        budget.available = budget.available.checked_sub(amount).ok_or(error)?;
        budget.minted += amount;
        self.supply += amount;
        Ok(())
    }

    pub fn available(&self, purpose: Purpose) -> u64 {
        self.budgets[purpose as usize].available
    }

    /// Minted on schedule so far.
    pub fn minted_on_schedule(&self) -> u64 {
        self.budgets.iter().map(|b| b.minted).sum()
    }

    fn outstanding(&self) -> u64 {
        self.allocated + self.budgets.iter().map(|b| b.available).sum::<u64>()
    }

    /// Ends the epoch, if every identity holds.
    pub fn end_epoch(&mut self, held: &Held) -> Result<(), Broken> {
        let minted = self.redeemed + self.minted_on_schedule();
        // What was burned and has yet to join the reserve: six times the last smoothed burn.
        let coming = 6 * self.smoothed_burn;
        let in_hands = held.float + held.supplier_io + held.staked + held.rewards;
        let rules = [
            (INITIAL_SUPPLY + minted - self.burned == self.supply, "supply is not genesis + minted - burned"),
            (in_hands == self.supply, "what people hold is not the supply"),
            (self.supply + self.reserve + self.outstanding() + coming <= IO_CAP, "the hard cap is passed"),
            (self.reserve + self.allocated + self.redeemed == self.funded, "the reserve lost or made coins"),
            (self.funded + coming <= self.burned, "the reserve got more than was burned"),
            (
                self.outstanding() + minted == self.scheduled + self.redeemed + self.allocated,
                "a budget lost or made coins",
            ),
            (self.bought + self.rebated == self.spent + held.credits, "credits were lost or made"),
            (self.spent == self.earned + self.retired + self.incentives, "a price was not split whole"),
            (self.earned == self.charged + held.owed + held.requested, "earnings were lost or paid twice"),
            (self.rebated <= self.incentives, "rebates pass the incentives"),
        ];
        if let Some((_, what)) = rules.iter().find(|(holds, _)| !holds) {
            return Err(self.broken(what));
        }
        self.index += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{IO, IOSD};

    const PRICE: Price = Price { spot: 100_000_000, average: 100_000_000, confidence: 0 };

    /// One epoch with a bit of everything, and what people hold after it.
    fn epoch() -> (Books, Held) {
        let mut books = Books::new(&Settings::default());
        let burned = books.buy(10_000 * IOSD, &PRICE).unwrap();
        let earned = books.settle(4_000 * IOSD).unwrap().supplier;
        let closed = books.close(earned, Some(PRICE.paying())).unwrap();
        let io = closed.allocated - 5;
        books.redeem(io, closed.paid).unwrap();
        books.mint(Purpose::Idle, 100).unwrap();
        books.rebated += 7;
        let held = Held {
            float: INITIAL_SUPPLY - burned,
            supplier_io: io + 100,
            credits: 6_000 * IOSD + 7,
            requested: earned - closed.paid,
            ..Held::default()
        };
        (books, held)
    }

    #[test]
    fn an_epoch_that_balances_ends() {
        let (mut books, held) = epoch();
        assert_eq!(books.end_epoch(&held), Ok(()));
        assert_eq!(books.index, 1);
        assert_eq!(books.reserve, 5 + (10_000 * IO / 7 - books.redeemed - 5));
    }

    #[test]
    fn a_unit_too_many_anywhere_is_found() {
        let spoil: [fn(&mut Books, &mut Held); 18] = [
            |b, _| b.supply += 1,
            |b, _| b.burned += 1,
            |b, _| b.reserve += 1,
            |b, _| b.allocated += 1,
            |b, _| b.redeemed += 1,
            |b, _| b.funded += 1,
            |b, _| b.scheduled += 1,
            |b, _| b.budgets[0].available += 1,
            |b, _| b.budgets[1].minted += 1,
            |b, _| b.bought += 1,
            |b, _| b.rebated += 1,
            |b, _| b.spent += 1,
            |b, _| b.charged += 1,
            |b, _| b.smoothed_burn = b.burned,
            |_, h| h.float += 1,
            |_, h| h.rewards += 1,
            |_, h| h.credits += 1,
            |_, h| h.requested += 1,
        ];
        for (i, spoil) in spoil.iter().enumerate() {
            let (mut books, mut held) = epoch();
            spoil(&mut books, &mut held);
            assert!(books.end_epoch(&held).is_err(), "{i}");
        }
    }

    #[test]
    fn more_than_was_promised_or_budgeted_is_never_minted() {
        let (mut books, _) = epoch();
        assert!(books.redeem(1, 1).is_err());
        assert!(books.mint(Purpose::Treasury, books.available(Purpose::Treasury) + 1).is_err());
    }
}
