//! Suppliers, one by one: what their devices cost, when they join and leave, what they ask for and what they sell.
use crate::books::{Books, Broken, Purpose};
use crate::random::Random;
use crate::settings::{HOURS_PER_YEAR, IO, Settings};
use crate::stakers::{Moment, Stake, Staking};
use economy::emission::Closed;
use economy::redemption::share;
use economy::stake::StakeError;
use economy::{BPS, mul_div_floor};

/// All devices that would ever join, however many suppliers share them.
pub const FLEET: f64 = 150_000.0;
/// Yearly return that a supplier wants on staked IO.
const CAPITAL_COST: f64 = 0.15;
/// Of what a supplier keeps, sold each day.
const DRIP: f64 = 1.0 / 60.0;
/// A fall of the coin to this part of its usual price makes the nervous sell everything.
const PANIC: f64 = 0.7;
/// A day of waiting for redemption is worth this part of an income.
const IMPATIENCE: f64 = 0.005;

/// Hardware by class: throughput (an H100 is 1), power in kW with cooling, hosting and capital in dollars an hour, share of the
/// fleet.
struct Class {
    units: f64,
    kw: f64,
    hosting: f64,
    capital: f64,
    share: f64,
}

const CLASSES: [Class; 4] = [
    Class { units: 0.25, kw: 0.55, hosting: 0.04, capital: 0.17, share: 0.50 },
    Class { units: 0.45, kw: 0.45, hosting: 0.12, capital: 0.45, share: 0.20 },
    Class { units: 0.60, kw: 0.50, hosting: 0.18, capital: 0.65, share: 0.15 },
    Class { units: 1.00, kw: 0.90, hosting: 0.28, capital: 1.10, share: 0.15 },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Out,
    /// Its stake is warming until this epoch.
    Joining(u64),
    Active,
    Leaving,
}

#[derive(Clone, Debug)]
struct Supplier {
    state: State,
    /// Throughput of all its devices in H100s.
    units: f64,
    /// Dollars an hour: at full load, always, and what the hardware must earn back.
    running: f64,
    hosting: f64,
    capital: f64,
    /// IO that its devices must stake.
    must_stake: u64,
    stake: Option<Box<Stake>>,
    staked: u64,
    /// Asks for its earnings every so many epochs.
    period: u64,
    sell_bps: u64,
    nervous: bool,
    margin: f64,
    weight: u64,
    /// IOSD: earned, and asked for.
    owed: u64,
    requested: u64,
    /// Epochs settled: the index of the last one plus one.
    settled: u64,
    io: u64,
    /// Dollars received this month, and since when it is active.
    received: f64,
    since: u64,
}

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
                        if let Some(stake) = &mut s.stake {
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

impl Supplier {
    fn draw(settings: &Settings, random: &mut Random, day: u64) -> Self {
        let mut draw = random.unit();
        let class = CLASSES.iter().position(|c| {
            draw -= c.share;
            draw < 0.0
        });
        let index = class.unwrap_or(0);
        let class = &CLASSES[index];
        // Sizes vary; all together they are the fleet.
        let size = FLEET / f64::from(settings.suppliers.max(1)) * (0.8 * random.normal() - 0.32).exp();
        let spread = (0.35 * random.normal()).exp();
        let power = 0.10 * (0.4 * random.normal()).exp();
        let must_stake = (settings.parameters.class_stake[index] as f64 * size * IO as f64) as u64;
        Supplier {
            state: State::Out,
            units: class.units * size,
            running: class.kw * power * size,
            hosting: class.hosting * spread * size,
            capital: class.capital * spread * size,
            must_stake,
            stake: None,
            staked: 0,
            period: day * (1 + random.next() % 14),
            sell_bps: random.between(4_000.0, 10_000.0) as u64,
            nervous: random.chance(0.4),
            margin: 0.0,
            weight: 0,
            owed: 0,
            requested: 0,
            settled: 0,
            io: 0,
            received: 0.0,
            since: 0,
        }
    }

    fn throughput(&self) -> u64 {
        (self.units * 1e4) as u64
    }

    fn unit_cost(&self) -> f64 {
        (self.running * 0.7 + self.hosting + self.capital) / self.units
    }

    /// Dollars an hour after all costs that end when it leaves.
    fn profit(&self, c: &Conditions) -> f64 {
        let worth = 1.0 / (1.0 + IMPATIENCE * c.days_to_clear);
        let work = c.gpu_hour * c.utilisation * (1.0 - c.fee) * worth;
        let stake = self.must_stake as f64 / IO as f64 * c.coin * (c.yearly_yield - CAPITAL_COST) / HOURS_PER_YEAR;
        self.units * (work + c.idle) + stake - self.running * c.utilisation - self.hosting
    }

    /// Stakes what its devices need, from what it has and then from the market. Returns what it bought.
    fn join(&mut self, staking: &mut Staking, at: &Moment, float: &mut u64) -> Result<u64, StakeError> {
        let own = self.must_stake.min(self.io);
        let bought = self.must_stake - own;
        self.margin = 0.0;
        if bought > *float / 100 {
            return Ok(0);
        }
        self.io -= own;
        *float -= bought;
        let mut stake = Box::new(staking.open(1_000));
        if self.must_stake > 0 {
            staking.add(&mut stake, self.must_stake, at)?;
        }
        self.staked = self.must_stake;
        self.stake = Some(stake);
        self.state = State::Joining(economy::stake::warm_epoch(at.epoch));
        Ok(bought)
    }

    fn claim(&mut self, staking: &mut Staking, at: &Moment) -> Result<(), StakeError> {
        if let Some(stake) = &mut self.stake {
            self.io += staking.claim(stake, at)?;
        }
        Ok(())
    }
}
