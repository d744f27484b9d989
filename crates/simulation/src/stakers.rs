//! Stake, its rewards, and those who delegate for the yield. All of it by `economy::stake`.
use crate::books::{Books, Broken, Purpose};
use crate::random::Random;
use crate::settings::IO;
use economy::stake::{self, Pool, Position, Rewards, StakeError};
use economy::{BPS, mul_div_floor};

const STAKERS: usize = 200;
const POOLS: usize = 40;
/// IO that would be staked if the yield satisfied everybody.
const WEALTH: u64 = 300_000_000 * IO;
/// Yearly yields that stakers ask for lie between these.
const ASKED: (f64, f64) = (0.03, 0.40);
/// Part of a staker's IO that moves in a week once the yield says so.
const MOVES: f64 = 0.15;
/// Of claimed rewards; the rest is staked again.
const SOLD_BPS: u64 = 5_000;
/// Longest dispute path, seconds: three days.
const DISPUTE_S: u32 = 3 * 86_400;
/// Most of the float that one staker takes at once.
const MOST_OF_FLOAT: u64 = 100;

/// An epoch and its time.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub epoch: u64,
    pub epoch_s: u32,
    /// Epochs in a week and in a month.
    pub week: u64,
    pub month: u64,
}

impl Moment {
    pub fn new(epoch: u64, epoch_s: u32) -> Self {
        let days = |n: u64| (n * 86_400 / u64::from(epoch_s)).max(1);
        Moment { epoch, epoch_s, week: days(7), month: days(30) }
    }

    /// Once a week, each agent at a time of its own.
    pub fn weekly(&self, agent: usize) -> bool {
        (self.epoch + agent as u64).is_multiple_of(self.week)
    }

    pub fn monthly(&self, agent: usize) -> bool {
        (self.epoch + agent as u64).is_multiple_of(self.month)
    }

    fn now(&self) -> i64 {
        (self.epoch * u64::from(self.epoch_s)) as i64
    }
}

/// One holder's stake in one pool.
#[derive(Clone, Debug)]
pub struct Stake {
    pub pool: Pool,
    pub position: Position,
}

/// All stake: the vault and the rewards.
#[derive(Clone, Debug, Default)]
pub struct Staking {
    pub rewards: Rewards,
    /// IO in the stake vault.
    pub vault: u64,
    /// Rewards of the last month or so, as a yearly share of what was staked.
    pub yearly_yield: f64,
}

impl Staking {
    /// Takes the stakers' budget and gives it to all operator pools.
    pub fn collect(&mut self, books: &mut Books, days: f64) -> Result<(), Broken> {
        let budget = books.available(Purpose::Stakers);
        if self.rewards.weight == 0 {
            return Ok(());
        }
        books.mint(Purpose::Stakers, budget)?;
        let fine = self.rewards.distribute(budget);
        fine.map_err(|_| books.broken("rewards do not fit"))?;
        let now = (budget as f64 / self.rewards.weight as f64 * 365.25 / days).min(1.0);
        self.yearly_yield += (now - self.yearly_yield) * (1.0 - (-days / 30.0).exp());
        Ok(())
    }

    /// IO of rewards that is minted and not claimed.
    pub fn unclaimed(&self) -> u64 {
        self.rewards.collected - self.rewards.claimed
    }

    pub fn open(&self, commission_bps: u16) -> Stake {
        let pool = Pool::open(true, commission_bps, &self.rewards);
        Stake { position: Position::open(&pool), pool }
    }

    pub fn add(&mut self, s: &mut Stake, amount: u64, at: &Moment) -> Result<(), StakeError> {
        stake::stake(&mut self.rewards, &mut s.pool, &mut s.position, amount, at.epoch)?;
        self.vault += amount;
        Ok(())
    }

    pub fn refresh(&mut self, s: &mut Stake, at: &Moment) -> Result<(), StakeError> {
        stake::refresh(&mut self.rewards, &mut s.pool, &mut s.position, at.epoch).map(|_| ())
    }

    /// Starts the cooling of `amount`.
    pub fn take_out(&mut self, s: &mut Stake, amount: u64, at: &Moment) -> Result<(), StakeError> {
        let ready = stake::cool_epoch(at.now(), DISPUTE_S, 0, at.epoch_s);
        stake::unstake(&mut self.rewards, &mut s.pool, &mut s.position, amount, at.now(), at.epoch, ready).map(|_| ())
    }

    /// Rewards and commission of an operator's own pool: IO.
    pub fn claim(&mut self, s: &mut Stake, at: &Moment) -> Result<u64, StakeError> {
        let reward = none(stake::claim(&mut self.rewards, &mut s.pool, &mut s.position, at.epoch).map(|(_, io)| io))?;
        Ok(reward + none(s.pool.take_commission(&mut self.rewards))?)
    }

    /// Stake that has cooled: IO.
    pub fn withdraw(&mut self, s: &mut Stake, at: &Moment) -> Result<u64, StakeError> {
        let done = stake::withdraw(&mut self.rewards, &mut s.pool, &mut s.position, at.epoch);
        let io = match done.map(|(_, io)| io) {
            Err(StakeError::StillCooling) => 0,
            other => none(other)?,
        };
        self.vault = self.vault.checked_sub(io).ok_or(StakeError::Books)?;
        Ok(io)
    }
}

/// Nothing to take is no mistake here.
fn none(result: Result<u64, StakeError>) -> Result<u64, StakeError> {
    if result == Err(StakeError::Nothing) { Ok(0) } else { result }
}

#[derive(Clone, Debug)]
struct Staker {
    pool: usize,
    asked: f64,
    wealth: u64,
    position: Position,
}

/// Those who delegate to operator pools.
#[derive(Clone, Debug)]
pub struct Stakers {
    stakers: Vec<Staker>,
    pools: Vec<Pool>,
}

impl Stakers {
    pub fn new(staking: &Staking, mut random: Random) -> Self {
        let pools: Vec<Pool> = (0..POOLS).map(|_| staking.open(random.between(500.0, 1_500.0) as u16).pool).collect();
        let stakers = (0..STAKERS)
            .map(|i| {
                let asked = ASKED.0 + (ASKED.1 - ASKED.0) * (i as f64 + 0.5) / STAKERS as f64;
                let pool = random.next() as usize % POOLS;
                Staker { pool, asked, wealth: WEALTH / STAKERS as u64, position: Position::open(&pools[pool]) }
            })
            .collect();
        Stakers { stakers, pools }
    }

    /// Everybody claims monthly and weighs the yield weekly. `float` gives and takes; returns the IO that was sold.
    pub fn act(&mut self, staking: &mut Staking, at: &Moment, float: &mut u64) -> Result<u64, StakeError> {
        let mut sold = 0;
        let yearly = staking.yearly_yield;
        for (i, staker) in self.stakers.iter_mut().enumerate() {
            if !at.weekly(i) && !at.monthly(i) {
                continue;
            }
            let pool = self.pools[staker.pool];
            let mut s = Stake { pool, position: staker.position };
            let mut added = 0;
            if at.monthly(i) {
                // The commission is the pool's operator's, who sells all of it.
                let (reward, commission) = {
                    let claimed = stake::claim(&mut staking.rewards, &mut s.pool, &mut s.position, at.epoch);
                    let reward = none(claimed.map(|(_, io)| io))?;
                    (reward, none(s.pool.take_commission(&mut staking.rewards))?)
                };
                let sell = mul_div_floor(reward, SOLD_BPS, BPS)?;
                *float += sell + commission;
                sold += sell + commission;
                added = reward - sell;
                staker.wealth += added;
            }
            if at.weekly(i) {
                *float += staking.withdraw(&mut s, at)?;
                let in_pool = s.position.active + s.position.warming;
                if yearly > staker.asked * 1.1 {
                    let wanted = (staker.wealth.saturating_sub(in_pool + added) as f64 * MOVES) as u64;
                    let moved = wanted.min(*float / MOST_OF_FLOAT);
                    *float -= moved;
                    added += moved;
                } else if yearly < staker.asked * 0.9 && s.position.cooling == 0 {
                    let amount = (in_pool as f64 * MOVES * 4.0) as u64;
                    if amount > 0 {
                        staking.take_out(&mut s, amount.min(in_pool), at)?;
                    }
                }
            }
            if added > 0 {
                // Rewards that are staked again came from the reward vault, the rest from the float.
                staking.add(&mut s, added, at)?;
            }
            self.pools[staker.pool] = s.pool;
            staker.position = s.position;
        }
        Ok(sold)
    }

    /// IO of delegators in all buckets of their pools.
    pub fn staked(&self) -> u64 {
        self.pools.iter().map(|p| p.active + p.reserved + p.warming + p.cooling).sum()
    }
}
