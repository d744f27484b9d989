use crate::support::*;
use client::{address, credits_ix, staking_ix};
use program_tests::forge::replace;
use program_tests::net::{COMMISSION_BPS, DISPUTE_S, EPOCH_S, IO, STAKE};
use program_tests::{ALREADY_IN_USE, Net, event, key, operator, stranger, user};
use solana_signer::Signer;
use staking::PoolKind;
use staking::events::*;

const AMOUNT: u64 = 700 * IO;

#[test]
fn stake_warms_earns_cools_and_comes_back_whole() {
    let (mut net, me) = (Net::new(), key("delegator"));
    let at = pool_of(&operator(0));
    fund(&mut net, &me, AMOUNT);
    let meta = net.ok(&[staking_ix::stake(me.pubkey(), at, AMOUNT)], &[&me]);
    let added: StakeAdded = event::first(&meta.events);
    assert_eq!((added.amount, added.warm_epoch, added.position.warming), (AMOUNT, net.epoch() + 2, AMOUNT));
    assert_eq!((net.io(&me), position(&net, &at, &me).payer), (0, me.pubkey()));
    check(&net);

    // The epoch after is not enough; anybody may say that the next one is.
    net.wait(i64::from(EPOCH_S));
    let refresh = staking_ix::refresh_position(at, me.pubkey());
    net.ok(std::slice::from_ref(&refresh), &[&stranger()]);
    assert_eq!(position(&net, &at, &me).active, 0);
    net.wait(i64::from(EPOCH_S));
    let meta = net.ok(std::slice::from_ref(&refresh), &[&stranger()]);
    assert_eq!(event::first::<StakeActivated>(&meta.events).activated, AMOUNT);
    assert_eq!(pool(&net, &at).active, STAKE + AMOUNT);
    assert_eq!(rewards(&net).weight, 2 * STAKE + AMOUNT);
    check(&net);

    let meta = net.ok(&[staking_ix::unstake(me.pubkey(), at, AMOUNT)], &[&me]);
    let started: UnstakeStarted = event::first(&meta.events);
    let cool = config(&net).epoch_at(net.vm.now() + i64::from(DISPUTE_S)) + 2;
    assert_eq!((started.cool_epoch, started.position.cooling, started.pool_state.active), (cool, AMOUNT, STAKE));
    check(&net);
    let withdraw = staking_ix::withdraw(me.pubkey(), at);
    let early = i64::from(EPOCH_S) * (cool - net.epoch()) as i64 - 1;
    net.wait(early);
    net.refused("StillCooling", std::slice::from_ref(&withdraw), &[&me]);
    let close = staking_ix::close_position(me.pubkey(), at, me.pubkey());
    net.refused("PositionNotEmpty", std::slice::from_ref(&close), &[&me]);
    net.wait(1);
    net.ok(std::slice::from_ref(&withdraw), &[&me]);
    assert_eq!(net.io(&me), AMOUNT);
    net.refused("NothingDue", std::slice::from_ref(&withdraw), &[&me]);
    check(&net);

    let rent = net.vm.lamports(&address::position(&at, &me.pubkey()));
    let before = net.vm.lamports(&me.pubkey());
    net.ok(&[close], &[&stranger(), &me]);
    assert_eq!(net.vm.lamports(&me.pubkey()), before + rent);
    assert!(net.vm.account(&address::position(&at, &me.pubkey())).is_none());
}

#[test]
fn a_position_that_was_closed_is_opened_again_without_a_past() {
    let (mut net, me) = (Net::new(), key("delegator"));
    let at = pool_of(&operator(0));
    delegated(&mut net, &me, AMOUNT);
    net.ok(&[staking_ix::unstake(me.pubkey(), at, AMOUNT)], &[&me]);
    net.wait(10 * i64::from(EPOCH_S));
    net.ok(&[staking_ix::withdraw(me.pubkey(), at)], &[&me]);
    net.ok(&[staking_ix::close_position(me.pubkey(), at, me.pubkey())], &[&me]);
    net.ok(&[staking_ix::stake(me.pubkey(), at, IO)], &[&me]);
    let again = position(&net, &at, &me);
    assert_eq!((again.active, again.warming, again.owed, again.locked_until), (0, IO, 0, 0));
    check(&net);
}

#[test]
fn stake_cannot_leave_twice_or_before_it_is_there() {
    let (mut net, me) = (Net::new(), key("delegator"));
    let at = pool_of(&operator(0));
    delegated(&mut net, &me, AMOUNT);
    let all = |amount| staking_ix::unstake(me.pubkey(), at, amount);
    net.refused("ZeroAmount", &[all(0)], &[&me]);
    net.refused("NotEnoughStake", &[all(AMOUNT + 1)], &[&me]);
    net.ok(&[all(AMOUNT)], &[&me]);
    net.refused("NotEnoughStake", &[all(1)], &[&me]);
    net.refused("ZeroAmount", &[staking_ix::stake(operator(0).pubkey(), at, 0)], &[&operator(0)]);
    let poor = staking_ix::stake(me.pubkey(), at, 1);
    net.refused("InsufficientIo", &[poor], &[&me]);
}

#[test]
fn a_position_answers_to_its_holder_and_its_pool_alone() {
    let (mut net, me) = (Net::new(), key("delegator"));
    let [at, other] = [0, 1].map(|i| pool_of(&operator(i)));
    delegated(&mut net, &me, AMOUNT);
    fund(&mut net, &key("thief"), IO);
    let thief = key("thief").pubkey();
    let mine = address::position(&at, &me.pubkey());
    let unstake = staking_ix::unstake(thief, at, IO);
    let forged = replace(unstake, address::position(&at, &thief), mine);
    net.refused("WrongOwner", &[forged], &[&key("thief")]);
    // Their own position, but another pool's books.
    let forged = replace(staking_ix::unstake(me.pubkey(), at, IO), at, other);
    net.refused("WrongOwner", &[forged], &[&me]);
    let forged = replace(staking_ix::refresh_position(at, me.pubkey()), at, other);
    net.refused("WrongOwner", &[forged], &[&me]);
    let forged = replace(staking_ix::stake(me.pubkey(), at, 0), mine, address::position(&at, &operator(0).pubkey()));
    net.refused("ConstraintSeeds", &[forged], &[&me]);

    net.ok(&[staking_ix::unstake(me.pubkey(), at, AMOUNT)], &[&me]);
    net.wait(10 * i64::from(EPOCH_S));
    let withdraw = staking_ix::withdraw(me.pubkey(), at);
    let to_thief = replace(withdraw.clone(), address::io_account(&me.pubkey()), address::io_account(&thief));
    net.refused("ConstraintTokenOwner", &[to_thief], &[&me]);
    let vault = replace(withdraw.clone(), address::stake_vault(), address::reward_vault());
    net.refused("WrongVault", &[vault], &[&me]);
    let vault = replace(withdraw.clone(), address::io_account(&me.pubkey()), address::stake_vault());
    assert!(net.send(&[vault], &[&me]).is_err());
    let other_shard = (0..16).map(address::staking_shard).find(|s| *s != address::staking_shard_of(&at)).unwrap();
    let shard = replace(withdraw.clone(), address::staking_shard_of(&at), other_shard);
    net.refused("WrongShard", &[shard], &[&me]);
    let close = replace(staking_ix::close_position(me.pubkey(), at, me.pubkey()), me.pubkey(), thief);
    net.refused("WrongOwner", &[close], &[&key("thief")]);
    net.ok(&[withdraw], &[&me]);
}

#[test]
fn stake_goes_to_the_vault_and_nowhere_else() {
    let (mut net, me) = (Net::new(), key("delegator"));
    fund(&mut net, &me, AMOUNT);
    let stake = staking_ix::stake(me.pubkey(), pool_of(&operator(0)), AMOUNT);
    for instead in [address::reward_vault(), address::io_account(&me.pubkey()), address::io_account(&user(0).pubkey())]
    {
        let forged = replace(stake.clone(), address::stake_vault(), instead);
        assert!(net.send(&[forged], &[&me]).is_err());
    }
    let others = replace(stake, address::io_account(&me.pubkey()), address::io_account(&user(0).pubkey()));
    net.refused("ConstraintTokenOwner", &[others], &[&me]);
}

#[test]
fn pools_are_opened_once_by_their_owner_within_the_commission_limit() {
    let mut net = Net::new();
    let open = |who: &str, bps| staking_ix::open_pool(key(who).pubkey(), PoolKind::Operator, bps);
    for who in ["a", "b"] {
        net.vm.airdrop(&key(who).pubkey(), 1_000_000_000);
    }
    net.refused("CommissionTooHigh", &[open("a", 2_001)], &[&key("a")]);
    let meta = net.ok(&[open("a", 2_000)], &[&key("a")]);
    let opened: PoolOpened = event::first(&meta.events);
    assert_eq!((opened.owner, opened.kind, opened.commission_bps), (key("a").pubkey(), PoolKind::Operator, 2_000));
    net.refused(ALREADY_IN_USE, &[open("a", 1)], &[&key("a")]);
    let forged = replace(open("b", 1), pool_of(&key("b")), pool_of(&key("c")));
    net.refused("ConstraintSeeds", &[forged], &[&key("b")]);
}

#[test]
fn a_commission_moves_by_a_hundredth_once_an_epoch() {
    let mut net = Net::new();
    let me = operator(0);
    let set = |bps| staking_ix::set_commission(me.pubkey(), PoolKind::Operator, bps);
    net.refused("CommissionStep", &[set(COMMISSION_BPS + 101)], &[&me]);
    let meta = net.ok(&[set(COMMISSION_BPS + 100)], &[&me]);
    let done: CommissionSet = event::first(&meta.events);
    assert_eq!((done.old, done.new), (COMMISSION_BPS, COMMISSION_BPS + 100));
    net.refused("CommissionStep", &[set(COMMISSION_BPS)], &[&me]);
    net.wait(i64::from(EPOCH_S));
    net.ok(&[set(COMMISSION_BPS)], &[&me]);
    let other = replace(set(COMMISSION_BPS), pool_of(&me), pool_of(&operator(1)));
    net.refused("WrongOwner", &[other], &[&me]);
}

#[test]
fn a_pause_stops_new_stake_and_pools_and_never_an_exit() {
    let (mut net, me) = (ruled(), key("delegator"));
    let at = pool_of(&operator(0));
    delegated(&mut net, &me, AMOUNT);
    fund(&mut net, &me, IO);
    let flags = staking::constants::PAUSE_ALL;
    does(&mut net, &[staking_ix::administer(ruler().pubkey(), staking::Order::Pause { flags })], &[&ruler()]);
    net.refused("Paused", &[staking_ix::stake(me.pubkey(), at, IO)], &[&me]);
    net.refused("Paused", &[staking_ix::open_pool(me.pubkey(), PoolKind::Operator, 0)], &[&me]);
    net.refused("Paused", &[staking_ix::collect_rewards()], &[&me]);
    does(&mut net, &[reserve(&operator(0), IO)], &[&ruler()]);
    does(&mut net, &[release(&operator(0), IO)], &[&ruler()]);
    does(&mut net, &[staking_ix::refresh_position(at, me.pubkey())], &[&me]);
    does(&mut net, &[staking_ix::unstake(me.pubkey(), at, AMOUNT)], &[&me]);
    net.wait(10 * i64::from(EPOCH_S));
    does(&mut net, &[staking_ix::withdraw(me.pubkey(), at)], &[&me]);
    does(&mut net, &[staking_ix::close_position(me.pubkey(), at, me.pubkey())], &[&me]);
}

#[test]
fn what_is_sent_to_the_vault_unasked_is_nobodys_stake() {
    let (mut net, me) = (Net::new(), key("delegator"));
    fund(&mut net, &me, AMOUNT);
    net.ok(&credits_ix::transfer_io(me.pubkey(), address::staking_authority(), 0), &[&me]);
    net.refused("ZeroAmount", &[staking_ix::stake(me.pubkey(), pool_of(&operator(0)), 0)], &[&me]);
    check(&net);
}
