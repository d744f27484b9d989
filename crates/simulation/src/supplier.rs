//! One supplier: its devices, what they cost, and what it must stake for them.
use crate::random::Random;
use crate::settings::{HOURS_PER_YEAR, IO, Settings};
use crate::stakers::{Moment, Stake, Staking};
use crate::suppliers::Conditions;
use economy::stake::StakeError;

/// All devices that would ever join, however many suppliers share them.
pub const FLEET: f64 = 150_000.0;
/// Yearly return that a supplier wants on staked IO.
const CAPITAL_COST: f64 = 0.15;
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
pub enum State {
    Out,
    /// Its stake is warming until this epoch.
    Joining(u64),
    Active,
    Leaving,
}

#[derive(Clone, Debug)]
pub struct Supplier {
    pub state: State,
    /// Throughput of all its devices in H100s.
    pub units: f64,
    /// Dollars an hour: at full load, always, and what the hardware must earn back.
    pub running: f64,
    pub hosting: f64,
    pub capital: f64,
    /// IO that its devices must stake.
    pub must_stake: u64,
    pub stake: Option<Box<Stake>>,
    pub staked: u64,
    /// Asks for its earnings every so many epochs.
    pub period: u64,
    pub sell_bps: u64,
    pub nervous: bool,
    pub margin: f64,
    pub weight: u64,
    /// IOSD: earned, and asked for.
    pub owed: u64,
    pub requested: u64,
    /// Epochs settled: the index of the last one plus one.
    pub settled: u64,
    pub io: u64,
    /// Dollars received this month, and since when it is active.
    pub received: f64,
    pub since: u64,
}

impl Supplier {
    pub fn draw(settings: &Settings, random: &mut Random, day: u64) -> Self {
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

    pub fn throughput(&self) -> u64 {
        (self.units * 1e4) as u64
    }

    pub fn unit_cost(&self) -> f64 {
        (self.running * 0.7 + self.hosting + self.capital) / self.units
    }

    /// Dollars an hour after all costs that end when it leaves.
    pub fn profit(&self, c: &Conditions) -> f64 {
        let worth = 1.0 / (1.0 + IMPATIENCE * c.days_to_clear);
        let work = c.gpu_hour * c.utilisation * (1.0 - c.fee) * worth;
        let stake = self.must_stake as f64 / IO as f64 * c.coin * (c.yearly_yield - CAPITAL_COST) / HOURS_PER_YEAR;
        self.units * (work + c.idle) + stake - self.running * c.utilisation - self.hosting
    }

    /// Stakes what its devices need, from what it has and then from the market. Returns what it bought.
    pub fn join(&mut self, staking: &mut Staking, at: &Moment, float: &mut u64) -> Result<u64, StakeError> {
        let own = self.must_stake.min(self.io);
        let bought = self.must_stake - own;
        self.margin = 0.0;
        // No market sells half of its coins at once: it has to wait.
        if bought > *float / 2 {
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

    pub fn claim(&mut self, staking: &mut Staking, at: &Moment) -> Result<(), StakeError> {
        if let Some(stake) = &mut self.stake {
            self.io += staking.claim(stake, at)?;
        }
        Ok(())
    }
}
