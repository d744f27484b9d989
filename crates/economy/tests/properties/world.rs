//! A whole economy of stake in memory, with what must hold of it at every moment.
use economy::index::ONE;
use economy::stake::*;

pub const POOLS: usize = 3;
/// Holder 0 of every pool is its owner.
pub const HOLDERS: usize = 4;
const CAP_BPS: u16 = 3_000;

/// Everything that exists. Pool 2 is a user's.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    pub rewards: Rewards,
    pub pools: Vec<Pool>,
    pub positions: Vec<Vec<Position>>,
    pub epoch: u64,
    pub stake_vault: u64,
    pub reward_vault: u64,
    /// Shared rebates of the user's pool that are not minted yet.
    pub rebates: u64,
    /// Paid to each holder: withdrawn, rewards, rebates.
    pub paid: Vec<[u64; 3]>,
    pub commission: u64,
}

#[derive(Clone, Copy, Debug)]
pub enum Act {
    Stake(u64),
    Refresh,
    Unstake(u64),
    Withdraw,
    Claim,
    ClaimCommission,
    Commission(u16),
    Collect(u64),
    Fold,
    Rebate(u64),
    Reserve(u64),
    Release(u64),
    Forfeit(u64, u64),
    Slash(u64, u64),
    Pass(u64),
    Lock(i64),
}

impl World {
    pub fn new() -> Self {
        let rewards = Rewards::default();
        let pools: Vec<Pool> = (0..POOLS).map(|i| Pool::open(i < 2, 700, &rewards)).collect();
        let positions = pools.iter().map(|pool| vec![Position::open(pool); HOLDERS]).collect();
        World {
            rewards,
            pools,
            positions,
            epoch: 0,
            stake_vault: 0,
            reward_vault: 0,
            rebates: 0,
            paid: vec![[0; 3]; POOLS * HOLDERS],
            commission: 0,
        }
    }

    /// Does it, or leaves everything as it was.
    pub fn act(&mut self, pool: usize, holder: usize, act: Act) -> Result<(), StakeError> {
        let mut next = self.clone();
        next.step(pool, holder, act)?;
        *self = next;
        Ok(())
    }

    fn step(&mut self, at: usize, holder: usize, act: Act) -> Result<(), StakeError> {
        let operator = self.pools[at].operator;
        let (rewards, pool, epoch) = (&mut self.rewards, &mut self.pools[at], self.epoch);
        let now = epoch as i64;
        let paid = &mut self.paid[at * HOLDERS + holder];
        // What jobs do reaches the operator's own position whatever is asked.
        let jobs = matches!(act, Act::Reserve(_) | Act::Release(_) | Act::Forfeit(..) | Act::Slash(..));
        if jobs && !operator {
            return Err(StakeError::Nothing);
        }
        let position = &mut self.positions[at][if jobs { 0 } else { holder }];
        match act {
            Act::Stake(amount) => {
                stake(rewards, pool, position, amount, epoch)?;
                self.stake_vault = self.stake_vault.checked_add(amount).ok_or(StakeError::Overflow)?;
            }
            Act::Refresh => drop(refresh(rewards, pool, position, epoch)?),
            Act::Unstake(amount) => drop(unstake(rewards, pool, position, amount, now, epoch, epoch + 3)?),
            Act::Withdraw => {
                let (_, amount) = withdraw(rewards, pool, position, epoch)?;
                self.stake_vault -= amount;
                paid[0] += amount;
            }
            Act::Claim => {
                let (_, amount) = claim(rewards, pool, position, epoch)?;
                *if operator { &mut self.reward_vault } else { &mut self.rebates } -= amount;
                paid[if operator { 1 } else { 2 }] += amount;
            }
            Act::ClaimCommission => {
                pool.fold(rewards)?;
                let amount = pool.take_commission(rewards)?;
                self.reward_vault -= amount;
                self.commission += amount;
            }
            Act::Commission(bps) => {
                pool.fold(rewards)?;
                pool.commission_bps = bps;
            }
            Act::Collect(amount) => {
                rewards.distribute(amount)?;
                self.reward_vault += amount;
            }
            Act::Fold => drop(pool.fold(rewards)?),
            Act::Rebate(amount) if !operator => {
                self.rebates = self.rebates.checked_add(amount).ok_or(StakeError::Overflow)?;
                pool.distribute(amount)?;
            }
            Act::Rebate(_) => return Err(StakeError::Nothing),
            Act::Reserve(amount) => reserve(pool, position, amount)?,
            Act::Release(amount) => release(pool, position, amount)?,
            Act::Forfeit(reserved, amount) => {
                forfeit(rewards, pool, position, reserved, amount)?;
                self.stake_vault -= amount;
            }
            Act::Slash(reserved, beyond) => {
                let order = Slash { reserved, beyond, epoch, cap_bps: CAP_BPS, prover_bps: 2_000 };
                let done = slash(rewards, pool, position, order)?;
                assert!(done.reserved == reserved && done.beyond <= beyond);
                self.stake_vault -= done.to_prover + done.burned;
            }
            Act::Pass(epochs) => self.epoch += epochs,
            Act::Lock(until) => position.lock(now + until, now)?,
        }
        Ok(())
    }

    /// What must hold at every moment.
    pub fn check(&self) {
        let wide = |n: u64| u128::from(n);
        let buckets = |p: &Pool| [p.active, p.reserved, p.warming, p.cooling].map(wide);
        let staked: u128 = self.pools.iter().flat_map(buckets).sum();
        assert_eq!(wide(self.stake_vault), staked, "the stake vault holds the sum of all buckets");
        let weight = |p: &&Pool| wide(p.active) + wide(p.reserved);
        let operators = self.pools.iter().filter(|p| p.operator);
        assert_eq!(wide(self.rewards.weight), operators.map(|p| weight(&p)).sum());
        assert_eq!(wide(self.rewards.staked), self.pools.iter().map(|p| weight(&p)).sum());
        assert_eq!(self.reward_vault, self.rewards.collected - self.rewards.claimed);

        let mut owed = wide(self.rewards.index.undistributed);
        for (pool, positions) in self.pools.iter().zip(&self.positions) {
            let mut sums = [0u128; 4];
            let mut pool_owed = wide(pool.index.undistributed) + wide(pool.commission_owed);
            let mut folded = *pool;
            folded.fold(&self.rewards).unwrap();
            let promised = wide(folded.index.undistributed) + wide(folded.commission_owed);
            let mut later = promised;
            for position in positions {
                let (mut seen, mut seen_later) = (*position, *position);
                seen.settle(pool).unwrap();
                seen_later.settle(&folded).unwrap();
                let parts = [seen.active, seen.reserved, seen.warming, seen.cooling];
                sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += wide(part));
                pool_owed += wide(seen.owed);
                later += wide(seen_later.owed);
            }
            for (sum, bucket) in sums.into_iter().zip(buckets(pool)) {
                assert!(sum <= bucket, "positions {sum} pass their pool's bucket {bucket}");
            }
            assert_eq!(sums[1], wide(pool.reserved), "reservations are exact");
            assert!(pool.factor <= ONE);
            assert!(wide(pool.slashed) <= wide(pool.slash_base) * wide(CAP_BPS.into()) / 10_000);
            if pool.operator {
                owed += later;
            } else {
                assert!(pool_owed <= wide(self.rebates), "rebates {pool_owed} pass {}", self.rebates);
            }
        }
        assert!(owed <= wide(self.reward_vault), "rewards {owed} pass the vault's {}", self.reward_vault);
    }

    /// Everybody claims and takes out all they can, long after the last act. Returns what each got.
    pub fn end(mut self) -> Vec<[u64; 3]> {
        self.epoch += 100;
        for at in 0..POOLS {
            for holder in 0..HOLDERS {
                let _ = self.act(at, holder, Act::Refresh);
                let p = &self.positions[at][holder];
                let free = p.active + p.warming;
                let _ = self.act(at, holder, Act::Unstake(free));
            }
        }
        self.epoch += 100;
        for at in 0..POOLS {
            for holder in 0..HOLDERS {
                let _ = self.act(at, holder, Act::Withdraw);
                let _ = self.act(at, holder, Act::Claim);
                self.check();
            }
        }
        self.paid
    }
}
