//! One epoch after the other.
use crate::books::{Books, Broken, Held, Purpose};
use crate::coin::Coin;
use crate::random::Random;
use crate::scenario::Scenario;
use crate::series::{Month, Run, Summary, Week};
use crate::settings::{IO, IOSD, MONTH_DAYS, Settings};
use crate::stakers::{Moment, Stakers, Staking};
use crate::suppliers::{Conditions, Sums, Suppliers};
use crate::users::Users;
use economy::BPS;
use economy::emission::INITIAL_SUPPLY;

/// H100s that users want all the time on the first day, at the reference price.
const DEMAND: f64 = 15_000.0;
/// Dollars for an H100-hour at which that is so.
const REFERENCE: f64 = 0.85;
/// The share of all hours that the market's price steers to, and the largest that can be worked.
const TARGET: f64 = 0.70;
const MOST_USED: f64 = 0.97;
/// Daily pace of the price of a GPU-hour.
const PACE: f64 = 0.10;
/// Days that count as no backlog.
const USUAL_WAIT: f64 = 3.0;
/// More days than this are not told apart.
const LONGEST_WAIT: f64 = 999.0;

pub struct Network {
    settings: Settings,
    scenario: &'static Scenario,
    books: Books,
    coin: Coin,
    users: Users,
    suppliers: Suppliers,
    staking: Staking,
    stakers: Stakers,
    float: u64,
    gpu_hour: f64,
    utilisation: f64,
    sums: Sums,
    /// Net buying of the last epoch, share of the float.
    bought: f64,
    /// IOSD paid a day, lately.
    pace: f64,
    days_to_clear: f64,
    days_in_backlog: f64,
    weeks: Vec<Week>,
    months: Vec<Month>,
    month: Month,
    /// Books and epoch at the month's beginning.
    before: (Books, u64),
}

impl Network {
    pub fn new(settings: &Settings, scenario: &'static Scenario) -> Self {
        let stream = |n| Random::new(settings.seed, n);
        let books = Books::new(settings);
        let staking = Staking { yearly_yield: 0.3, ..Staking::default() };
        Network {
            coin: Coin::new(&settings.parameters, stream(1)),
            users: Users::new(&settings.parameters, stream(2)),
            suppliers: Suppliers::new(settings, stream(3), DEMAND / TARGET),
            stakers: Stakers::new(&staking, stream(4)),
            staking,
            before: (books.clone(), 0),
            books,
            settings: settings.clone(),
            scenario,
            float: INITIAL_SUPPLY,
            gpu_hour: REFERENCE,
            utilisation: TARGET,
            sums: Sums::default(),
            bought: 0.0,
            pace: 0.0,
            days_to_clear: 0.0,
            days_in_backlog: 0.0,
            weeks: Vec::new(),
            months: Vec::new(),
            month: Month { month: 1, ..Month::default() },
        }
    }

    pub fn run(mut self) -> Result<Run, Broken> {
        let epochs = self.settings.epochs();
        for _ in 0..epochs {
            self.epoch()?;
        }
        let summary = Summary::of(&self.weeks, &self.months, epochs, self.days_in_backlog);
        let (scenario, about) = (self.scenario.name, self.scenario.about);
        Ok(Run { scenario, about, settings: self.settings, weeks: self.weeks, months: self.months, summary })
    }

    fn epoch(&mut self) -> Result<(), Broken> {
        let days = self.settings.epoch_days();
        let day = self.books.index as f64 * days;
        let month = day / MONTH_DAYS;
        let at = Moment::new(self.books.index, self.settings.epoch_s());
        let read = self.coin.next(days, self.scenario.coin_at(month), self.bought);
        let price = self.scenario.has_price(month).then_some(&read);

        // Work: what users want and the devices can do, as far as there are credits for it.
        let elasticity = -self.settings.parameters.elasticity;
        let wanted = DEMAND * self.scenario.demand_at(month) * (self.gpu_hour / REFERENCE).powf(elasticity);
        let work = self.suppliers.draw_work();
        let served = if work > 0 { wanted.min(self.sums.units * MOST_USED) } else { 0.0 };
        let dollars = served * self.gpu_hour * days * 24.0;
        let spending = self.users.spend(&mut self.books, price, days, dollars, self.float)?;
        self.float -= spending.burned;
        let incentives = self.books.incentives;
        let requested = self.suppliers.earn(&mut self.books, spending.spent, work)?;
        let incentives = self.books.incentives - incentives;
        self.users.reward(&mut self.books, day, days, spending.spent, incentives)?;

        // The epoch closes: the reserve pays, the schedule mints.
        let closed = self.books.close(requested, price.map(economy::Price::paying))?;
        let sight = self.sight(days);
        let mut trade = self.suppliers.receive(&mut self.books, &closed, requested, &sight, days)?;
        self.float += trade.sold;
        self.staking.collect(&mut self.books, days)?;
        let treasury = self.spend_treasury(days)?;

        // Everybody moves.
        let broken = self.books.broken("stake: the rules of staking refuse a step");
        let decided = self.suppliers.decide(&mut self.staking, &at, &sight, &mut self.float);
        trade.bought += decided.map_err(|_| broken.clone())?;
        let unstaked = self.stakers.act(&mut self.staking, &at, &mut self.float).map_err(|_| broken)?;
        let bought = (spending.burned + trade.bought) as f64;
        let sold = (trade.sold + treasury + unstaked) as f64;
        self.bought = (bought - sold) / (self.float as f64).max(1.0);

        self.sums = self.suppliers.sums();
        self.end_epoch()?;
        let hours = self.sums.units * days * 24.0;
        let used = spending.spent as f64 / IOSD as f64 / self.gpu_hour / hours.max(1.0);
        self.utilisation += (used.min(1.0) - self.utilisation) * (1.0 - (-days / 7.0).exp());
        // Wishes that no device could serve raise the price as much as full devices do.
        let pressure = if self.sums.units > 0.0 { (wanted / self.sums.units).min(1.3) } else { TARGET };
        self.gpu_hour = (self.gpu_hour * (PACE * days * (pressure - TARGET)).exp()).clamp(0.05, 50.0);
        self.observe(&spending, closed.paid, closed.allocated, days);
        Ok(())
    }

    fn sight(&self, days: f64) -> Conditions {
        let idle = self.books.available(Purpose::Idle) as f64 / IO as f64 * self.coin.spot;
        Conditions {
            gpu_hour: self.gpu_hour,
            utilisation: self.utilisation,
            fee: f64::from(self.settings.parameters.fee_bps) / BPS as f64,
            coin: self.coin.spot,
            usual_coin: self.coin.usual,
            idle: idle / (self.sums.units * days * 24.0).max(1.0),
            days_to_clear: self.days_to_clear,
            yearly_yield: self.staking.yearly_yield,
        }
    }

    /// Pays a part of the treasury's budget out; half of that is sold. Returns what is sold.
    fn spend_treasury(&mut self, days: f64) -> Result<u64, Broken> {
        let part = self.settings.parameters.treasury_spending * days / MONTH_DAYS;
        let amount = (self.books.available(Purpose::Treasury) as f64 * part.min(1.0)) as u64;
        self.books.mint(Purpose::Treasury, amount)?;
        self.float += amount;
        Ok(amount / 2)
    }

    fn end_epoch(&mut self) -> Result<(), Broken> {
        let held = Held {
            float: self.float,
            supplier_io: self.sums.io,
            staked: self.sums.staked + self.stakers.staked(),
            rewards: self.staking.unclaimed(),
            credits: self.users.credits(),
            owed: self.sums.owed,
            requested: self.sums.requested,
        };
        if held.staked != self.staking.vault {
            return Err(self.books.broken("the stake vault is not what is staked"));
        }
        self.books.end_epoch(&held)
    }

    /// Writes down what is shown.
    fn observe(&mut self, spending: &crate::users::Spending, paid: u64, allocated: u64, days: f64) {
        let (io, iosd) = (|n: u64| n as f64 / IO as f64 / 1e6, |n: u64| n as f64 / IOSD as f64 / 1e6);
        self.pace += (paid as f64 / days - self.pace) * (1.0 - (-days / 7.0).exp());
        let backlog = self.sums.requested as f64;
        self.days_to_clear = if backlog < 1e6 { 0.0 } else { (backlog / self.pace.max(1.0)).min(LONGEST_WAIT) };
        if self.days_to_clear > USUAL_WAIT {
            self.days_in_backlog += days;
        }
        let m = &mut self.month;
        m.spent += iosd(spending.spent);
        m.unserved += spending.unserved / 1e6;
        m.backlog = m.backlog.max(iosd(self.sums.requested));
        m.days_to_clear = m.days_to_clear.max(self.days_to_clear);
        m.capped_epochs += u32::from(allocated == self.settings.redemption_cap());
        m.clipped_epochs += u32::from(self.books.clipped);

        let ended = |length: f64| {
            let count = |epochs: u64| (epochs as f64 * days / length + 1e-9).floor();
            count(self.books.index) > count(self.books.index - 1)
        };
        let (week, month) = (ended(7.0), ended(MONTH_DAYS));
        if week {
            let minted = self.books.minted_on_schedule();
            self.weeks.push(Week {
                day: self.books.index as f64 * days,
                supply: io(self.books.supply),
                usage_supply: io(self.books.supply - minted.min(self.books.supply)),
                float: io(self.float),
                staked: io(self.staking.vault),
                reserve: io(self.books.reserve),
                coin: self.coin.spot,
                gpu_hour: self.gpu_hour,
                utilisation: self.utilisation,
                suppliers: self.sums.active,
                staking_yield: self.staking.yearly_yield,
                backlog: iosd(self.sums.requested),
                days_to_clear: self.days_to_clear,
            });
        }
        if month {
            self.end_month(io, iosd);
        }
    }

    fn end_month(&mut self, io: impl Fn(u64) -> f64, iosd: impl Fn(u64) -> f64) {
        let (then, began) = std::mem::replace(&mut self.before, (self.books.clone(), self.books.index));
        let (now, percent) = (&self.books, 100.0 / io(then.supply));
        let m = &mut self.month;
        m.burned = io(now.burned - then.burned);
        m.redeemed = io(now.redeemed - then.redeemed);
        m.scheduled = io(now.minted_on_schedule() - then.minted_on_schedule());
        m.supply = io(now.supply);
        m.change = (io(now.supply) - io(then.supply)) * percent;
        m.usage_change = (m.redeemed - m.burned) * percent;
        m.earned = iosd(now.earned - then.earned);
        m.income = self.suppliers.end_month(began);
        self.months.push(*m);
        self.month = Month { month: m.month + 1, ..Month::default() };
    }
}
