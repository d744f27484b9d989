//! How stake is lost, and what is left.
use crate::exact::{big, config, number, rate};
use crate::small::Small;
use economy::BPS;
use economy::index::ONE;
use economy::stake::*;
use num_bigint::BigUint;
use proptest::prelude::*;

/// Buckets of a pool that can exist: their sum fits.
fn bucket() -> impl Strategy<Value = u64> {
    number().prop_map(|n| n >> 3)
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
