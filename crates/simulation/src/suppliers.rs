//! All suppliers, one by one: their work, what they ask for, what they sell, and when they join and leave.
use crate::books::{Books, Broken, Purpose};
use crate::random::Random;
use crate::settings::{IO, Settings};
use crate::stakers::{Moment, Staking};
use crate::supplier::{State, Supplier};
use economy::emission::Closed;
use economy::redemption::share;
use economy::stake::StakeError;
use economy::{BPS, mul_div_floor};

/// Of what a supplier keeps, sold each day.
const DRIP: f64 = 1.0 / 60.0;
/// A fall of the coin to this part of its usual price makes the nervous sell everything.
const PANIC: f64 = 0.7;
/// What suppliers see before they decide.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Dollars for an H100-hour.
    pub gpu_hour: f64,
    pub utilisation: f64,
    pub fee: f64,
    pub coin: f64,
    pub usual_coin: f64,
    /// Dollars for an idle H100-hour.
    pub idle: f64,
    pub days_to_clear: f64,
    pub yearly_yield: f64,
}

/// What they did in an epoch, IO base units.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trade {
    pub sold: u64,
    pub bought: u64,
    pub redeemed: u64,
}

/// Sums over all suppliers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    pub active: u64,
    pub units: f64,
    pub owed: u64,
    pub requested: u64,
    pub io: u64,
    pub staked: u64,
}

#[derive(Clone, Debug)]
pub struct Suppliers {
    all: Vec<Supplier>,
    random: Random,
}

impl Suppliers {
    /// Potential suppliers, of whom the cheapest that `needed` H100s take are there from the first day.
    pub fn new(settings: &Settings, mut random: Random, needed: f64) -> Self {
        let day = (86_400 / u64::from(settings.epoch_s())).max(1);
        let mut all: Vec<Supplier> =
            (0..settings.suppliers.max(1)).map(|_| Supplier::draw(settings, &mut random, day)).collect();
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|&a, &b| all[a].unit_cost().total_cmp(&all[b].unit_cost()));
        let mut units = 0.0;
        for i in order {
            if units < needed {
                // Those of the first day begin joining in epoch zero.
                all[i].margin = f64::INFINITY;
                units += all[i].units;
            }
        }
        Suppliers { all, random }
    }

    /// Draws what part of the work each gets: more throughput and some luck. Returns the sum of the parts.
    pub fn draw_work(&mut self) -> u64 {
        let mut sum = 0;
        for s in &mut self.all {
            if s.state == State::Active {
                s.weight = (s.units * 1e4 * (0.6 + 0.8 * self.random.unit())) as u64;
                sum += s.weight;
            }
        }
        sum
    }

    /// Splits `spent` over the work and settles it, then everybody whose time has come asks for their earnings. Returns what is
    /// requested in all.
    pub fn earn(&mut self, books: &mut Books, spent: u64, work: u64) -> Result<u64, Broken> {
        let (mut before, mut requested, mut paid) = (0, 0, 0);
        for (i, s) in self.all.iter_mut().enumerate() {
            if s.state == State::Active && spent > 0 {
                before += s.weight;
                let until = books.fits(mul_div_floor(spent, before, work))?;
                s.owed += books.settle(until - paid)?.supplier;
                paid = until;
            }
            if s.owed > 0 && (books.index + i as u64).is_multiple_of(s.period) {
                s.requested += std::mem::take(&mut s.owed);
            }
            requested += s.requested;
        }
        if paid != spent {
            return Err(books.broken("what users spent was not all settled"));
        }
        Ok(requested)
    }

    /// Settles all requests of the closed epoch and pays the idle budget out, then everybody sells what they sell.
    pub fn receive(
        &mut self,
        books: &mut Books,
        closed: &Closed,
        requested: u64,
        sight: &Conditions,
        days: f64,
    ) -> Result<Trade, Broken> {
        let active: u64 = self.all.iter().filter(|s| s.state == State::Active).map(Supplier::throughput).sum();
        let idle = if active > 0 { books.available(Purpose::Idle) } else { 0 };
        books.mint(Purpose::Idle, idle)?;
        let panic = sight.coin < sight.usual_coin * PANIC;
        let drip = (DRIP * days * BPS as f64) as u64;
        let (mut trade, mut charged, mut before, mut given) = (Trade::default(), 0, 0, 0);
        for s in &mut self.all {
            let mut got = 0;
            if s.requested > 0 {
                if s.settled > books.index {
                    return Err(books.broken("a request is settled twice"));
                }
                s.settled = books.index + 1;
                let (charge, io) = books.fits(share(s.requested, requested, closed.paid, closed.allocated))?;
                s.requested -= charge;
                charged += charge;
                got += io;
                trade.redeemed += io;
            }
            if s.state == State::Active && idle > 0 {
                before += s.throughput();
                let until = books.fits(mul_div_floor(idle, before, active))?;
                got += until - given;
                given = until;
            }
            if got == 0 && s.io == 0 {
                continue;
            }
            s.received += got as f64 / IO as f64 * sight.coin;
            s.io += got;
            let sell = if panic && s.nervous {
                s.io
            } else {
                books.fits(mul_div_floor(got, s.sell_bps, BPS))? + books.fits(mul_div_floor(s.io - got, drip, BPS))?
            };
            s.io -= sell;
            trade.sold += sell;
        }
        if charged > closed.paid + self.all.len() as u64 {
            return Err(books.broken("more is charged than rounding explains"));
        }
        books.redeem(trade.redeemed, charged)?;
        Ok(trade)
    }

    /// Everybody looks once a week whether it pays, and claims rewards once a month. `float` gives and takes IO.
    pub fn decide(
        &mut self,
        staking: &mut Staking,
        at: &Moment,
        sight: &Conditions,
        float: &mut u64,
    ) -> Result<u64, StakeError> {
        let mut bought = 0;
        for (i, s) in self.all.iter_mut().enumerate() {
            if let State::Joining(warm) = s.state
                && at.epoch >= warm
            {
                if let Some(stake) = &mut s.stake {
                    staking.refresh(stake, at)?;
                }
                (s.state, s.since) = (State::Active, at.epoch);
            }
            let first = s.margin == f64::INFINITY;
            if at.monthly(i) {
                s.claim(staking, at)?;
            }
            if !at.weekly(i) && !first {
                continue;
            }
            match s.state {
                State::Out => {
                    let profit = s.profit(sight) - s.capital;
                    let willing = first || self.random.chance((profit / s.capital).clamp(0.0, 0.3));
                    if willing {
                        bought += s.join(staking, at, float)?;
                    }
                }
                State::Active => {
                    s.margin = (s.margin + s.profit(sight)) / 2.0;
                    if s.margin < 0.0 && self.random.chance(0.25) {
                        s.claim(staking, at)?;
                        if let Some(stake) = s.stake.as_mut().filter(|_| s.staked > 0) {
                            staking.take_out(stake, s.staked, at)?;
                        }
                        s.state = State::Leaving;
                    }
                }
                State::Leaving => {
                    let back = match &mut s.stake {
                        Some(stake) => staking.withdraw(stake, at)?,
                        None => 0,
                    };
                    if back == s.staked {
                        s.claim(staking, at)?;
                        s.io += back;
                        (s.staked, s.stake, s.state) = (0, None, State::Out);
                    }
                }
                State::Joining(_) => {}
            }
        }
        Ok(bought)
    }

    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for s in &self.all {
            if s.state == State::Active {
                sums.active += 1;
                sums.units += s.units;
            }
            sums.owed += s.owed;
            sums.requested += s.requested;
            sums.io += s.io;
            sums.staked += s.staked;
        }
        sums
    }

    /// Dollars that were received in the month that ends, per H100, by those who were there for all of it: the first decile, the
    /// median and the last decile. Starts the next month.
    pub fn end_month(&mut self, began: u64) -> [f64; 3] {
        let there = self.all.iter().filter(|s| s.state == State::Active && s.since <= began);
        let mut incomes: Vec<f64> = there.map(|s| s.received / s.units).collect();
        self.all.iter_mut().for_each(|s| s.received = 0.0);
        incomes.sort_by(f64::total_cmp);
        let at = |q: f64| incomes.get((q * incomes.len() as f64) as usize).copied().unwrap_or(0.0);
        [at(0.1), at(0.5), at(0.9)]
    }
}
