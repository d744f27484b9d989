//! Users: they keep some days of credits, spend them, and redeem their loyalty once a month.
use crate::books::{Books, Broken};
use crate::random::Random;
use crate::settings::{IOSD, Parameters};
use economy::{Price, loyalty, mul_div_floor};

const USERS: usize = 1_000;
/// Users that are replaced by new ones each month.
const CHURN: f64 = 0.02;
/// Most of the float that can be bought for burning in a day.
const MOST_OF_FLOAT: f64 = 0.02;

#[derive(Clone, Debug)]
struct User {
    /// Share of all demand.
    weight: f64,
    /// Days of spending that a purchase is meant for.
    stock_days: f64,
    since_day: f64,
    credits: u64,
    points: u64,
    incentives: u64,
    rebated: u64,
    spent_now: u64,
}

#[derive(Clone, Debug)]
pub struct Users {
    users: Vec<User>,
    random: Random,
    loyalty_bps: u16,
}

/// What users did in an epoch.
pub struct Spending {
    /// Base units of IOSD.
    pub spent: u64,
    /// Base units of IO, taken from the float.
    pub burned: u64,
    /// Dollars that could not be spent, because no credits were to be had.
    pub unserved: f64,
}

impl Users {
    pub fn new(parameters: &Parameters, mut random: Random) -> Self {
        let mut users: Vec<User> = (0..USERS)
            .map(|_| User {
                // Few large ones and many small ones: Pareto with exponent 1.2.
                weight: (1.0 - random.unit()).powf(-1.0 / 1.2).min(200.0),
                stock_days: random.between(1.0, 20.0),
                since_day: 0.0,
                credits: 0,
                points: 0,
                incentives: 0,
                rebated: 0,
                spent_now: 0,
            })
            .collect();
        let all: f64 = users.iter().map(|u| u.weight).sum();
        users.iter_mut().for_each(|u| u.weight /= all);
        Users { users, random, loyalty_bps: parameters.loyalty_bps }
    }

    /// Everybody buys what they need and spends their share of `dollars`, which is what the network can serve.
    pub fn spend(
        &mut self,
        books: &mut Books,
        price: Option<&Price>,
        days: f64,
        dollars: f64,
        float: u64,
    ) -> Result<Spending, Broken> {
        let mut left = (float as f64 * (MOST_OF_FLOAT * days).min(0.5)) as u64;
        let (mut spent, mut burned, mut unserved) = (0, 0, 0.0);
        for user in &mut self.users {
            let wanted = user.weight * dollars;
            let need = (wanted * IOSD as f64) as u64;
            if user.credits < need
                && let Some(price) = price
            {
                let stock = (wanted / days * user.stock_days.max(days) * IOSD as f64) as u64;
                let affordable = economy::price::iosd_for_io(left, price.buying().unwrap_or(0)).unwrap_or(u64::MAX);
                let amount = stock.max(need).saturating_sub(user.credits).min(affordable);
                if amount > 0 {
                    let io = books.buy(amount, price)?;
                    left = left.checked_sub(io).ok_or_else(|| books.broken("a purchase costs more than it may"))?;
                    user.credits += amount;
                    burned += io;
                }
            }
            user.spent_now = need.min(user.credits);
            user.credits -= user.spent_now;
            spent += user.spent_now;
            unserved += (need - user.spent_now) as f64 / IOSD as f64;
        }
        Ok(Spending { spent, burned, unserved })
    }

    /// Points for what was spent; `incentives` is the incentives' part of all of its fees.
    pub fn reward(
        &mut self,
        books: &mut Books,
        day: f64,
        days: f64,
        spent: u64,
        incentives: u64,
    ) -> Result<(), Broken> {
        for user in &mut self.users {
            if user.spent_now > 0 {
                let tenure_s = ((day - user.since_day) * 86_400.0) as u64;
                user.points += books.fits(loyalty::points(user.spent_now, tenure_s))?;
                user.incentives += books.fits(mul_div_floor(user.spent_now, incentives, spent))?;
            }
            let month = days / 30.0;
            if self.random.chance(month) && user.points > 0 && self.loyalty_bps > 0 {
                let rebate = loyalty::rebate(user.points, self.loyalty_bps, user.incentives, user.rebated);
                let rebate = books.fits(rebate)?;
                let taken = books.fits(loyalty::cost(rebate, self.loyalty_bps))?;
                user.points = user.points.checked_sub(taken).ok_or_else(|| books.broken("points are overdrawn"))?;
                user.rebated += rebate;
                user.credits += rebate;
                books.rebated += rebate;
                if user.rebated > user.incentives {
                    return Err(books.broken("a user's rebates pass the incentives that the user paid"));
                }
            }
            if self.random.chance(CHURN * month) {
                // The newcomer takes over what is left of the credits, and nothing of the standing.
                (user.since_day, user.points, user.incentives, user.rebated) = (day, 0, 0, 0);
            }
        }
        Ok(())
    }

    /// IOSD base units that users hold.
    pub fn credits(&self) -> u64 {
        self.users.iter().map(|u| u.credits).sum()
    }
}
