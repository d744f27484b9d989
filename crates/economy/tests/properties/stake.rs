//! The rules of stake, one by one; losses are in `slash.rs`, random histories in `stake_model.rs`.
use crate::exact::{big, config, rate};
use crate::small::Small;
use economy::BPS;
use economy::stake::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(2_000))]

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
