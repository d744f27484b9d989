//! Random histories of many pools and positions: the books hold after every step, and no way of acting earns more.
use crate::exact::{config, number};
use economy::index::ONE;
use economy::stake::*;
use proptest::prelude::*;

const POOLS: usize = 3;
/// Holder 0 of every pool is its owner.
const HOLDERS: usize = 4;
const CAP_BPS: u16 = 3_000;

/// Everything that exists. Pool 2 is a user's.
#[derive(Clone, Debug, PartialEq)]
struct World {
    rewards: Rewards,
    pools: Vec<Pool>,
    positions: Vec<Vec<Position>>,
    epoch: u64,
    stake_vault: u64,
    reward_vault: u64,
    /// Shared rebates of the user's pool that are not minted yet.
    rebates: u64,
    /// Paid to each holder: withdrawn, rewards, rebates.
    paid: Vec<[u64; 3]>,
    commission: u64,
}

#[derive(Clone, Copy, Debug)]
enum Act {
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
    fn new() -> Self {
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
    fn act(&mut self, pool: usize, holder: usize, act: Act) -> Result<(), StakeError> {
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
    fn check(&self) {
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
    fn end(mut self) -> Vec<[u64; 3]> {
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

/// Amounts that leave room for the sum of all.
fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => 1u64..1_000,
        3 => number().prop_map(|n| n >> 8),
        1 => (0u32..40).prop_map(|bit| 1 << bit),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => amount().prop_map(Act::Stake),
        2 => Just(Act::Refresh),
        3 => amount().prop_map(Act::Unstake),
        2 => Just(Act::Withdraw),
        2 => Just(Act::Claim),
        1 => Just(Act::ClaimCommission),
        1 => (0u16..=5_000).prop_map(Act::Commission),
        3 => amount().prop_map(Act::Collect),
        1 => Just(Act::Fold),
        2 => amount().prop_map(Act::Rebate),
        3 => amount().prop_map(Act::Reserve),
        2 => amount().prop_map(Act::Release),
        1 => (amount(), amount()).prop_map(|(a, b)| Act::Forfeit(a.max(b), a.min(b))),
        2 => (prop_oneof![Just(0), amount()], prop_oneof![Just(0), Just(u64::MAX), amount()])
            .prop_map(|(reserved, beyond)| Act::Slash(reserved, beyond)),
        4 => (1u64..3).prop_map(Act::Pass),
        1 => (0i64..3).prop_map(Act::Lock),
    ]
}

type Step = (usize, usize, Act);

fn history(length: usize) -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec((0..POOLS, 0..HOLDERS, act()), 1..length)
}

/// Acts that any history can have between two worlds that differ in one holder alone: nothing of them depends on it.
fn outside() -> impl Strategy<Value = Vec<Step>> {
    let act = act().prop_filter("only what pools and others do", |a| !matches!(a, Act::Lock(_)));
    proptest::collection::vec((0..POOLS, 0..HOLDERS - 2, act), 1..40)
}

fn play(world: &mut World, steps: &[Step]) {
    for &(pool, holder, act) in steps {
        let _ = world.act(pool, holder, act);
    }
}

/// A world in which everybody's stake is active.
fn staked(amounts: &[[u64; HOLDERS]; POOLS]) -> World {
    let mut world = World::new();
    for (at, amounts) in amounts.iter().enumerate() {
        for (holder, &amount) in amounts.iter().enumerate() {
            let _ = world.act(at, holder, Act::Stake(amount));
        }
    }
    world.epoch += 2;
    for at in 0..POOLS {
        for holder in 0..HOLDERS {
            world.act(at, holder, Act::Refresh).unwrap();
        }
    }
    world
}

fn amounts() -> impl Strategy<Value = [[u64; HOLDERS]; POOLS]> {
    let one = || proptest::array::uniform4(amount());
    [one(), one(), one()]
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn the_books_hold_after_every_step_of_every_history(steps in history(120)) {
        let mut world = World::new();
        for (pool, holder, act) in steps {
            if world.act(pool, holder, act).is_ok() {
                world.check();
            }
        }
        world.end();
    }

    #[test]
    fn the_books_hold_among_small_amounts(
        steps in proptest::collection::vec((0..POOLS, 0..HOLDERS, act(), 1u64..6), 1..150),
    ) {
        let mut world = World::new();
        for (pool, holder, act, n) in steps {
            let small = match act {
                Act::Stake(_) => Act::Stake(n),
                Act::Unstake(_) => Act::Unstake(n),
                Act::Collect(_) => Act::Collect(n),
                Act::Rebate(_) => Act::Rebate(n),
                Act::Reserve(_) => Act::Reserve(n),
                Act::Release(_) => Act::Release(n),
                Act::Forfeit(..) => Act::Forfeit(n, n / 2),
                Act::Slash(reserved, _) => Act::Slash(reserved.min(n), n),
                other => other,
            };
            if world.act(pool, holder, small).is_ok() {
                world.check();
            }
        }
        world.end();
    }

    #[test]
    fn splitting_a_stake_never_gets_more(amounts in amounts(), pool in 0..POOLS, steps in outside()) {
        // Holders 2 and 3 in one world are holder 2 alone in the other.
        let mut whole = amounts;
        whole[pool][2] += whole[pool][3];
        whole[pool][3] = 0;
        let (mut apart, mut whole) = (staked(&amounts), staked(&whole));
        prop_assert_eq!(apart.pools[pool], whole.pools[pool]);
        play(&mut apart, &steps);
        play(&mut whole, &steps);
        let [apart, whole] = [apart.end(), whole.end()].map(|paid| {
            let at = pool * HOLDERS;
            [0, 1, 2].map(|coin| u128::from(paid[at + 2][coin]) + u128::from(paid[at + 3][coin]))
        });
        for coin in 0..3 {
            prop_assert!(apart[coin] <= whole[coin], "coin {coin}: {apart:?} against {whole:?}");
        }
    }

    #[test]
    fn who_comes_late_takes_nothing_from_those_who_were_there(
        mut amounts in amounts(), pool in 0..POOLS, late in amount(), collected in amount(), rebate in amount(),
    ) {
        amounts[pool][3] = 0;
        let mut without = staked(&amounts);
        let mut with = without.clone();
        let late = late.max(1);
        with.act(pool, 3, Act::Stake(late)).unwrap();
        for world in [&mut without, &mut with] {
            world.act(0, 0, Act::Collect(collected)).unwrap();
            world.act(2, 0, Act::Rebate(rebate)).unwrap();
            world.epoch += 2;
        }
        // It becomes active before anybody folds or claims, and leaves at once.
        with.act(pool, 3, Act::Refresh).unwrap();
        prop_assert_eq!(with.act(pool, 3, Act::Claim), Err(StakeError::Nothing));
        with.act(pool, 3, Act::Unstake(late)).unwrap();
        for at in 0..POOLS {
            for holder in 0..HOLDERS {
                let claimed = [&mut without, &mut with].map(|w| w.act(at, holder, Act::Claim).is_ok());
                prop_assert_eq!(claimed[0], claimed[1]);
            }
        }
        prop_assert_eq!(without.paid, with.paid);
    }

    #[test]
    fn the_order_of_claims_and_folds_does_not_matter(
        amounts in amounts(), steps in outside(),
        order in Just((0..POOLS * HOLDERS).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut world = staked(&amounts);
        play(&mut world, &steps);
        // What is warm now would join in between.
        for at in 0..POOLS * HOLDERS {
            world.act(at / HOLDERS, at % HOLDERS, Act::Refresh).unwrap();
        }
        world.act(0, 0, Act::Collect(1_000_003)).unwrap();
        let mut other = world.clone();
        let claim = |i: usize| (i / HOLDERS, i % HOLDERS, Act::Claim);
        play(&mut world, &(0..POOLS * HOLDERS).map(claim).collect::<Vec<_>>());
        play(&mut other, &order.into_iter().map(claim).collect::<Vec<_>>());
        prop_assert_eq!(world, other);
    }

    #[test]
    fn claiming_more_often_never_gets_more(amounts in amounts(), pool in 0..POOLS, steps in outside()) {
        let mut seldom = staked(&amounts);
        let mut often = seldom.clone();
        for step in &steps {
            play(&mut seldom, &[*step]);
            // The pool folds in both worlds at once: what is compared is one holder's claims.
            play(&mut seldom, &[(pool, 3, Act::Fold)]);
            play(&mut often, &[*step, (pool, 3, Act::Fold), (pool, 3, Act::Claim)]);
        }
        let [seldom, often] = [seldom.end(), often.end()].map(|paid| paid[pool * HOLDERS + 3]);
        for coin in 0..3 {
            prop_assert!(often[coin] <= seldom[coin], "coin {coin}: {often:?} against {seldom:?}");
        }
    }
}
