//! The rules of stake, one by one. `stake_model.rs` has random histories.
use crate::exact::{big, config, number};
use economy::BPS;
use economy::index::ONE;
use economy::stake::*;
use num_bigint::BigUint;
use proptest::prelude::*;

/// A pool with its operator's own position and one delegator's, and nothing else anywhere.
#[derive(Clone, Debug)]
struct Small {
    rewards: Rewards,
    pool: Pool,
    own: Position,
    other: Position,
}

impl Small {
    fn new(operator: bool) -> Self {
        let rewards = Rewards::default();
        let pool = Pool::open(operator, 1_000, &rewards);
        Small { rewards, pool, own: Position::open(&pool), other: Position::open(&pool) }
    }

    /// Both positions active in epoch 2.
    fn staked(own: u64, other: u64) -> Self {
        let mut s = Small::new(true);
        stake(&mut s.rewards, &mut s.pool, &mut s.own, own, 0).unwrap();
        stake(&mut s.rewards, &mut s.pool, &mut s.other, other, 0).unwrap();
        s.refresh(2);
        s
    }

    fn refresh(&mut self, epoch: u64) {
        for position in [&mut self.own, &mut self.other] {
            refresh(&mut self.rewards, &mut self.pool, position, epoch).unwrap();
        }
    }

    fn slash(&mut self, reserved: u64, beyond: u64, epoch: u64, cap_bps: u16) -> Result<Slashed, StakeError> {
        let order = Slash { reserved, beyond, epoch, cap_bps, prover_bps: 2_500 };
        slash(&mut self.rewards, &mut self.pool, &mut self.own, order)
    }

    fn withdraw_all(&mut self, epoch: u64) -> [u64; 2] {
        let (rewards, pool) = (&mut self.rewards, &mut self.pool);
        [&mut self.own, &mut self.other].map(|position| {
            refresh(rewards, pool, position, epoch).unwrap();
            let all = position.active + position.warming;
            if all == 0 {
                return 0;
            }
            unstake(rewards, pool, position, all, 0, epoch, epoch).unwrap();
            withdraw(rewards, pool, position, epoch).unwrap().1
        })
    }
}

/// Buckets of a pool that can exist: their sum fits.
fn bucket() -> impl Strategy<Value = u64> {
    number().prop_map(|n| n >> 3)
}

fn rate() -> impl Strategy<Value = u16> {
    prop_oneof![1 => proptest::sample::select(vec![0, 1, 9_999, 10_000]), 4 => 0u16..=10_000]
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn a_slash_takes_the_exact_floor_of_every_bucket_within_the_cap(
        active in bucket(), warming in bucket(), cooling in bucket(), reserved in bucket(), beyond in number(),
        factor in number().prop_map(|n| n.clamp(1, ONE)), cap_bps in rate(), prover_bps in rate(),
    ) {
        let mut pool = Pool { active, warming, cooling, reserved, factor, ..Small::new(true).pool };
        let mut own = Position { reserved, ..Position::open(&pool) };
        let mut rewards = Rewards { weight: active + reserved, staked: active + reserved, ..Rewards::default() };
        prop_assume!(reserved > 0 || beyond > 0);
        let order = Slash { reserved, beyond, epoch: 3, cap_bps, prover_bps };
        let done = slash(&mut rewards, &mut pool, &mut own, order).unwrap();

        let whole = big(active) + warming + cooling;
        let cap = &whole * cap_bps / BPS;
        let amount = big(beyond).min(cap.clone());
        let part = |n: u64| if whole == big(0) { big(0) } else { big(n) * &amount / &whole };
        let parts = [active, warming, cooling].map(part);
        let taken: BigUint = parts.iter().sum();
        prop_assert_eq!(big(done.beyond), taken.clone());
        prop_assert!(big(pool.slashed) <= cap);
        let left = [big(active) - &parts[0], big(warming) - &parts[1], big(cooling) - &parts[2]];
        prop_assert_eq!([pool.active, pool.warming, pool.cooling].map(big), left);
        let expected = if taken == big(0) { big(factor) } else { big(factor) * (&whole - &amount) / &whole };
        prop_assert_eq!(big(pool.factor), expected);
        // Reservations go in full and no factor touches them.
        prop_assert_eq!((pool.reserved, own.reserved, done.reserved), (0, 0, reserved));
        prop_assert_eq!(big(done.to_prover), (big(reserved) + &taken) * prover_bps / BPS);
        prop_assert_eq!(big(done.to_prover) + done.burned, big(reserved) + taken);
        prop_assert_eq!((rewards.slashed, rewards.burned), (done.reserved + done.beyond, done.burned));
        prop_assert_eq!((rewards.weight, rewards.staked), (pool.active, pool.active));
    }

    #[test]
    fn slashes_of_an_epoch_together_stay_under_its_cap_however_they_are_cut(
        own in 1..u64::MAX / 8, other in 1..u64::MAX / 8, cap_bps in rate(),
        pieces in proptest::collection::vec(number(), 1..12),
    ) {
        let mut s = Small::staked(own, other);
        let cap = big(own + other) * cap_bps / BPS;
        let mut taken = big(0);
        for beyond in pieces.into_iter().filter(|n| *n > 0) {
            taken += s.slash(0, beyond, 5, cap_bps).unwrap().beyond;
            prop_assert!(taken <= cap);
            prop_assert_eq!(&taken, &big(s.pool.slashed));
            prop_assert_eq!(s.pool.slash_base, own + other);
        }
        // The next epoch has a new base and a new cap.
        let left = s.pool.active;
        let more = s.slash(0, u64::MAX, 6, cap_bps).unwrap().beyond;
        prop_assert!(big(more) <= big(left) * cap_bps / BPS);
    }

    #[test]
    fn both_holders_lose_the_same_part_and_get_no_more_than_is_left(
        own in 1..u64::MAX / 8, other in 1..u64::MAX / 8, beyond in 1u64.., cap_bps in rate(),
    ) {
        let mut s = Small::staked(own, other);
        let taken = s.slash(0, beyond, 5, cap_bps).unwrap().beyond;
        let factor = s.pool.factor;
        let paid = s.withdraw_all(9);
        prop_assert!(big(paid[0]) + paid[1] + taken <= big(own) + other);
        for (paid, staked) in [(paid[0], own), (paid[1], other)] {
            prop_assert_eq!(big(paid), big(staked) * factor / ONE);
        }
        prop_assert_eq!((s.rewards.weight, s.rewards.staked), (s.pool.active, s.pool.active));
    }

    #[test]
    fn a_fold_pays_the_commission_rounded_down_and_nothing_is_left_over(
        own in 1u64..1 << 56, reward in 0u64..1 << 56, commission_bps in rate(),
    ) {
        let mut s = Small::staked(own, own);
        s.pool.commission_bps = commission_bps;
        s.rewards.distribute(reward).unwrap();
        let fold = s.pool.fold(&s.rewards).unwrap();
        // The only pool gets everything but what the index rounds away.
        prop_assert!(reward - fold.reward <= 1);
        prop_assert_eq!(big(fold.commission), big(fold.reward) * commission_bps / BPS);
        prop_assert_eq!(s.pool.commission_owed, fold.commission);
        prop_assert_eq!(s.pool.fold(&s.rewards).unwrap(), Fold::default());
        s.refresh(2);
        let rest = fold.reward - fold.commission;
        prop_assert_eq!(s.own.owed, s.other.owed);
        prop_assert!(s.own.owed * 2 <= rest && rest - s.own.owed * 2 <= 2);
    }

    #[test]
    fn a_commission_moves_once_an_epoch_by_at_most_a_hundredth(
        old in 0u16..=12_000, new in 0u16..=12_000, changed in 0u64..5, epoch in 0u64..5, max in rate(),
    ) {
        let fine = epoch > changed && new.abs_diff(old) <= COMMISSION_STEP_BPS && (new <= max || new < old);
        prop_assert_eq!(change_commission(old, changed, new, epoch, max).is_ok(), fine);
    }

    #[test]
    fn cooling_lasts_a_full_epoch_past_every_dispute(
        now in 0i64..1 << 40, dispute_s in any::<u32>(), genesis in 0i64..1 << 40, epoch_s in 1u32..,
    ) {
        let at = cool_epoch(now, dispute_s, genesis, epoch_s);
        let begins = i128::from(genesis) + i128::from(at) * i128::from(epoch_s);
        let wait = begins - i128::from(now.max(genesis - i64::from(dispute_s))) - i128::from(dispute_s);
        prop_assert!(wait > i128::from(epoch_s) && wait <= 2 * i128::from(epoch_s));
    }
}

#[test]
fn stake_counts_once_a_full_epoch_has_passed_and_not_before() {
    let mut s = Small::new(true);
    stake(&mut s.rewards, &mut s.pool, &mut s.own, 100, 5).unwrap();
    s.refresh(6);
    assert_eq!((s.own.warming, s.own.active, s.rewards.weight), (100, 0, 0));
    s.refresh(7);
    assert_eq!((s.own.warming, s.own.active, s.rewards.weight, s.rewards.staked), (0, 100, 100, 100));
}

#[test]
fn adding_while_warming_starts_the_wait_again_but_not_what_is_already_warm() {
    let mut s = Small::new(true);
    stake(&mut s.rewards, &mut s.pool, &mut s.own, 100, 5).unwrap();
    stake(&mut s.rewards, &mut s.pool, &mut s.own, 1, 6).unwrap();
    s.refresh(7);
    assert_eq!((s.own.warming, s.own.active), (101, 0));
    // In epoch 8 it is warm; adding then does not take it back.
    let due = stake(&mut s.rewards, &mut s.pool, &mut s.own, 5, 8).unwrap();
    assert_eq!((due.activated, s.own.warming, s.own.active, s.own.warm_epoch), (101, 5, 101, 10));
}

#[test]
fn stake_leaves_from_active_and_then_from_warming_and_reserved_stays() {
    let mut s = Small::staked(100, 50);
    reserve(&mut s.pool, &mut s.own, 30).unwrap();
    stake(&mut s.rewards, &mut s.pool, &mut s.own, 10, 2).unwrap();
    let mut take = |amount| {
        let mut copy = s.clone();
        let result = unstake(&mut copy.rewards, &mut copy.pool, &mut copy.own, amount, 0, 2, 4);
        if result.is_ok() {
            s = copy;
        }
        result.map(|_| (s.own.active, s.own.warming, s.own.cooling, s.rewards.weight))
    };
    assert_eq!(take(0), Err(StakeError::Zero));
    assert_eq!(take(81), Err(StakeError::NotEnoughStake));
    assert_eq!(take(71), Ok((0, 9, 71, 80)));
    assert_eq!(take(9), Ok((0, 0, 80, 80)));
    assert_eq!(take(1), Err(StakeError::NotEnoughStake));
    assert_eq!((s.own.reserved, s.pool.cooling, s.pool.warming), (30, 80, 0));
}

#[test]
fn cooling_stake_is_paid_once_in_its_epoch_and_can_be_lost_until_then() {
    let mut s = Small::staked(100, 100);
    unstake(&mut s.rewards, &mut s.pool, &mut s.other, 100, 0, 2, 6).unwrap();
    assert_eq!(s.slash(0, 50, 5, 5_000).unwrap().beyond, 50);
    let mut at = |epoch| withdraw(&mut s.rewards, &mut s.pool, &mut s.other, epoch).map(|done| done.1);
    assert_eq!(at(5), Err(StakeError::StillCooling));
    assert_eq!(at(6), Ok(75));
    assert_eq!(at(6), Err(StakeError::Nothing));
    assert!(s.other.is_empty());
}

#[test]
fn a_vote_keeps_everything_in_until_it_ends_and_never_shortens_a_longer_one() {
    let mut s = Small::staked(100, 100);
    s.own.lock(500, 0).unwrap();
    s.own.lock(400, 0).unwrap();
    assert_eq!(s.own.lock(MAX_LOCK_S + 1, 0), Err(StakeError::LockTooLong));
    let mut at = |now| unstake(&mut s.rewards, &mut s.pool, &mut s.own, 1, now, 2, 4);
    assert_eq!(at(499), Err(StakeError::Locked));
    assert!(at(500).is_ok());
}

#[test]
fn what_counts_in_a_vote_has_lost_what_the_pool_lost() {
    let mut s = Small::staked(100, 101);
    reserve(&mut s.pool, &mut s.own, 40).unwrap();
    s.slash(0, 161 / 2, 5, 5_000).unwrap();
    let stale = s.other.weight(s.pool.factor).unwrap();
    s.refresh(5);
    assert_eq!((stale, s.other.weight(s.pool.factor)), (s.other.active, Ok(s.other.active)));
    assert!(stale < 51);
    assert_eq!(s.own.weight(s.pool.factor), Ok(s.own.active + 40));
}

#[test]
fn reserving_moves_no_weight_and_needs_active_stake() {
    let mut s = Small::staked(100, 100);
    let before = s.rewards;
    assert_eq!(reserve(&mut s.pool.clone(), &mut s.own.clone(), 101), Err(StakeError::NotEnoughStake));
    reserve(&mut s.pool, &mut s.own, 100).unwrap();
    assert_eq!(reserve(&mut s.pool.clone(), &mut s.own.clone(), 1), Err(StakeError::NotEnoughStake));
    assert_eq!(release(&mut s.pool.clone(), &mut s.own.clone(), 101), Err(StakeError::NotEnoughReserved));
    for zero in [reserve, release] {
        assert_eq!(zero(&mut s.pool, &mut s.own, 0), Err(StakeError::Zero));
    }
    release(&mut s.pool, &mut s.own, 60).unwrap();
    assert_eq!((s.own.active, s.own.reserved, s.pool.active, s.pool.reserved), (60, 40, 160, 40));
    assert_eq!(s.rewards, before);
}

#[test]
fn reserved_and_active_stake_earn_the_same() {
    let mut s = Small::staked(100, 100);
    reserve(&mut s.pool, &mut s.own, 70).unwrap();
    s.rewards.distribute(1_000_000).unwrap();
    s.refresh(3);
    assert_eq!((s.own.owed, s.other.owed), (450_000, 450_000));
}

#[test]
fn a_forfeit_pays_a_part_and_frees_the_rest() {
    let mut s = Small::staked(100, 100);
    reserve(&mut s.pool, &mut s.own, 70).unwrap();
    let mut over = s.clone();
    assert_eq!(forfeit(&mut over.rewards, &mut over.pool, &mut over.own, 40, 41), Err(StakeError::NotEnoughReserved));
    let mut over = s.clone();
    assert_eq!(forfeit(&mut over.rewards, &mut over.pool, &mut over.own, 71, 1), Err(StakeError::NotEnoughReserved));
    forfeit(&mut s.rewards, &mut s.pool, &mut s.own, 40, 15).unwrap();
    assert_eq!((s.own.active, s.own.reserved), (55, 30));
    assert_eq!((s.pool.active, s.pool.reserved, s.rewards.weight, s.rewards.staked), (155, 30, 185, 185));
}

#[test]
fn more_than_is_reserved_cannot_be_slashed_from_reservations() {
    let mut s = Small::staked(100, 100);
    reserve(&mut s.pool, &mut s.own, 10).unwrap();
    assert_eq!(s.clone().slash(11, 0, 3, 5_000), Err(StakeError::NotEnoughReserved));
    assert_eq!(s.clone().slash(0, 0, 3, 5_000), Err(StakeError::Zero));
    assert_eq!(s.clone().slash(1, 1, 3, 10_001), Err(StakeError::Overflow));
    let done = s.slash(10, 0, 3, 5_000).unwrap();
    assert_eq!((done.reserved, done.beyond, done.to_prover, done.burned), (10, 0, 2, 8));
    // Reservations alone neither lower the factor nor count towards the cap.
    assert_eq!((s.pool.factor, s.pool.slashed, s.pool.slash_base), (ONE, 0, 0));
}

#[test]
fn a_pool_that_lost_nearly_everything_takes_nothing_new_and_gives_back_what_is_left() {
    let mut s = Small::staked(1 << 50, 1 << 50);
    reserve(&mut s.pool, &mut s.own, 1 << 49).unwrap();
    let mut epoch = 3;
    while s.pool.factor >= WORN_OUT {
        s.slash(0, u64::MAX, epoch, 5_000).unwrap();
        epoch += 1;
    }
    assert_eq!(stake(&mut s.rewards, &mut s.pool, &mut s.other, 1, epoch), Err(StakeError::WornOut));
    assert_eq!(reserve(&mut s.pool, &mut s.own, 1), Err(StakeError::WornOut));
    release(&mut s.pool, &mut s.own, 1 << 49).unwrap();
    let paid = s.withdraw_all(epoch);
    assert!(paid[0] >= 1 << 49 && paid[1] > 0);
}

#[test]
fn a_pool_that_lost_everything_owes_nothing_but_its_released_reservations() {
    let mut s = Small::staked(100, 100);
    reserve(&mut s.pool, &mut s.own, 60).unwrap();
    let done = s.slash(10, u64::MAX, 3, 10_000).unwrap();
    assert_eq!((done.reserved, done.beyond, s.pool.factor), (10, 140, 0));
    release(&mut s.pool, &mut s.own, 30).unwrap();
    // Nothing beyond a reservation can be taken any more, and no factor can bring anything back.
    let done = s.slash(5, u64::MAX, 4, 10_000).unwrap();
    assert_eq!((done.reserved, done.beyond), (5, 0));
    s.rewards.distribute(1_000).unwrap();
    s.refresh(4);
    assert_eq!((s.own.active, s.own.reserved, s.other.active), (30, 15, 0));
    release(&mut s.pool, &mut s.own, 15).unwrap();
    assert_eq!(s.withdraw_all(5), [45, 0]);
    assert_eq!((s.pool.active, s.pool.cooling, s.rewards.staked), (0, 0, 0));
}

#[test]
fn a_users_pool_counts_for_quorums_and_not_in_the_schedule() {
    let mut s = Small::new(false);
    stake(&mut s.rewards, &mut s.pool, &mut s.other, 128, 0).unwrap();
    s.refresh(2);
    assert_eq!((s.rewards.weight, s.rewards.staked), (0, 128));
    s.pool.distribute(40).unwrap();
    let (_, paid) = claim(&mut s.rewards, &mut s.pool, &mut s.other, 2).unwrap();
    assert_eq!((paid, s.rewards.claimed), (40, 0));
    assert_eq!(claim(&mut s.rewards, &mut s.pool, &mut s.other, 2), Err(StakeError::Nothing));
}

#[test]
fn what_comes_to_an_empty_pool_waits_for_its_first_stake() {
    let mut s = Small::new(false);
    s.pool.distribute(40).unwrap();
    assert_eq!(s.pool.index.undistributed, 40);
    stake(&mut s.rewards, &mut s.pool, &mut s.other, 100, 0).unwrap();
    s.refresh(2);
    s.pool.distribute(2).unwrap();
    s.refresh(2);
    assert_eq!((s.other.owed, s.pool.index.undistributed), (41, 0));
}

#[test]
fn a_loss_takes_no_reward_that_was_earned_before_it() {
    let mut s = Small::staked(128, 128);
    s.pool.commission_bps = 0;
    reserve(&mut s.pool, &mut s.own, 64).unwrap();
    let mut forfeited = s.clone();
    for lose in [true, false] {
        let s = if lose { &mut s } else { &mut forfeited };
        s.rewards.distribute(1 << 20).unwrap();
        let fold = match lose {
            true => s.slash(64, 64, 5, 5_000).unwrap().fold,
            false => forfeit(&mut s.rewards, &mut s.pool, &mut s.own, 64, 64).unwrap(),
        };
        s.refresh(5);
        assert_eq!((fold, s.own.owed, s.other.owed), (1 << 20, 1 << 19, 1 << 19));
    }
}

#[test]
fn a_commission_is_taken_once() {
    let mut s = Small::staked(100, 100);
    s.rewards.distribute(1_000).unwrap();
    s.pool.fold(&s.rewards).unwrap();
    assert_eq!(s.pool.take_commission(&mut s.rewards), Ok(100));
    assert_eq!(s.pool.take_commission(&mut s.rewards), Err(StakeError::Nothing));
    assert_eq!(s.rewards.claimed, 100);
}

#[test]
fn a_position_opened_again_starts_with_nothing() {
    let mut s = Small::staked(100, 100);
    s.rewards.distribute(1_000).unwrap();
    claim(&mut s.rewards, &mut s.pool, &mut s.other, 3).unwrap();
    unstake(&mut s.rewards, &mut s.pool, &mut s.other, 100, 0, 3, 3).unwrap();
    withdraw(&mut s.rewards, &mut s.pool, &mut s.other, 3).unwrap();
    assert!(s.other.is_empty());
    s.other = Position::open(&s.pool);
    stake(&mut s.rewards, &mut s.pool, &mut s.other, 100, 3).unwrap();
    s.refresh(5);
    assert_eq!((s.other.active, s.other.owed), (100, 0));
}
