use crate::support::*;
use client::{address, credits_ix, jobs_ix, staking_ix};
use credits::state::Loyalty;
use program_tests::forge::replace;
use program_tests::net::{EPOCH_S, IO};
use program_tests::{Net, event, key, operator, stranger, user, work};
use solana_signer::Signer;
use staking::PoolKind;
use staking::events::*;

/// User 0 has paid a job, has a pool with a commission of a tenth, and a staker.
fn shared() -> Net {
    let (mut net, me, staker) = (Net::new(), user(0), key("staker"));
    let job = net.committed(&work::tiny());
    let state = net.job(&job.address).unwrap();
    net.ok(&[jobs_ix::accept_result(me.pubkey(), job.address, &state)], &[&me]);
    net.ok(&[staking_ix::open_pool(me.pubkey(), PoolKind::User, 1_000)], &[&me]);
    let at = address::pool(&me.pubkey(), PoolKind::User);
    fund(&mut net, &staker, IO);
    net.ok(&[staking_ix::stake(staker.pubkey(), at, IO)], &[&staker]);
    net.wait(2 * i64::from(EPOCH_S));
    net.ok(&[staking_ix::refresh_position(at, staker.pubkey())], &[&stranger()]);
    net
}

fn loyalty(net: &Net) -> Loyalty {
    net.vm.read(&address::loyalty(&user(0).pubkey())).unwrap()
}

#[test]
fn a_users_rebate_is_shared_with_those_who_stake_towards_them() {
    let (mut net, me, staker) = (shared(), user(0), key("staker"));
    let at = address::pool(&me.pubkey(), PoolKind::User);
    assert_eq!((rewards(&net).staked - rewards(&net).weight, pool(&net, &at).active), (IO, IO));
    let points = loyalty(&net).points;
    assert!(loyalty(&net).shared && points > 0);
    let alone = credits_ix::redeem_loyalty(me.pubkey(), points);
    net.refused("SharedLoyalty", &[alone], &[&me]);

    let before = net.iosd(&me);
    let meta = net.ok(&[staking_ix::redeem_loyalty(me.pubkey(), points)], &[&me]);
    let done: LoyaltyShared =
        event::first(&meta.events.into_iter().filter(|e| e.program == staking::ID).collect::<Vec<_>>());
    let rebate = done.to_user + done.to_stakers;
    assert_eq!(done.to_user, rebate / 10);
    assert_eq!(net.iosd(&me), before + done.to_user);
    assert_eq!(loyalty(&net).pooled, done.to_stakers);
    check(&net);

    let claim = staking_ix::claim_rebates(stranger().pubkey(), me.pubkey(), staker.pubkey());
    net.ok(std::slice::from_ref(&claim), &[&stranger()]);
    assert!(done.to_stakers - net.iosd(&staker) <= 1 && net.iosd(&staker) > 0);
    assert_eq!(loyalty(&net).pooled, done.to_stakers - net.iosd(&staker));
    net.refused("NothingDue", &[claim], &[&stranger()]);
}

#[test]
fn rebates_come_from_the_pools_own_user_and_rewards_from_operators_alone() {
    let (mut net, me, staker) = (shared(), user(0), key("staker"));
    let at = address::pool(&me.pubkey(), PoolKind::User);
    let points = loyalty(&net).points;
    net.ok(&[staking_ix::redeem_loyalty(me.pubkey(), points)], &[&me]);
    let claim = staking_ix::claim_rebates(stranger().pubkey(), me.pubkey(), staker.pubkey());
    let other = address::loyalty(&user(1).pubkey());
    let forged = replace(claim, address::loyalty(&me.pubkey()), other);
    net.refused("WrongOwner", &[forged], &[&stranger()]);
    let coins = staking_ix::claim_rewards(stranger().pubkey(), at, staker.pubkey());
    net.refused("WrongKind", &[coins], &[&stranger()]);
    net.refused("WrongKind", &[staking_ix::fold_pool(at)], &[&stranger()]);
    // Another's points cannot be redeemed into one's own pool.
    net.ok(&[staking_ix::open_pool(user(1).pubkey(), PoolKind::User, 0)], &[&user(1)]);
    let mine = staking_ix::redeem_loyalty(user(1).pubkey(), 1);
    let forged = replace(mine, other, address::loyalty(&me.pubkey()));
    net.refused("WrongOwner", &[forged], &[&user(1)]);
}

#[test]
fn a_users_pool_needs_the_users_loyalty_account() {
    let mut net = Net::new();
    let me = user(0);
    let open = staking_ix::open_pool(me.pubkey(), PoolKind::User, 0);
    let none = replace(open.clone(), address::loyalty(&me.pubkey()), staking::ID);
    net.refused("MissingLoyalty", &[none], &[&me]);
    let others = replace(open, address::loyalty(&me.pubkey()), address::loyalty(&user(1).pubkey()));
    net.refused("WrongOwner", &[others], &[&me]);
}

#[test]
fn a_users_pool_stands_for_no_job() {
    let (mut net, me) = (ruled(), operator(0));
    net.ok(&[credits_ix::open_loyalty(me.pubkey(), me.pubkey())], &[&me]);
    net.ok(&[staking_ix::open_pool(me.pubkey(), PoolKind::User, 0)], &[&me]);
    let at = address::pool(&me.pubkey(), PoolKind::User);
    fund(&mut net, &me, IO);
    net.ok(&[staking_ix::stake(me.pubkey(), at, IO)], &[&me]);
    let own = pool_of(&me);
    let order = reserve(&me, 1);
    let order = replace(order, address::position(&own, &me.pubkey()), address::position(&at, &me.pubkey()));
    net.refused("WrongKind", &[replace(order, own, at)], &[&ruler()]);
}
