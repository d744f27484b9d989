//! Random histories of many pools and positions: the books hold after every step, and no way of acting earns more.
use crate::exact::{config, number};
use crate::world::{Act, HOLDERS, POOLS, World};
use economy::stake::StakeError;
use proptest::prelude::*;

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
