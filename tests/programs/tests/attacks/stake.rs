//! Stake: coming for rewards and leaving, rounding, reviving, taking more than there is.
use crate::support::*;
use client::{address, credits_ix, staking_ix};
use program_tests::net::{DISPUTE_S, EPOCH_S, IO, STAKE};
use program_tests::{Net, event, key, operator, stranger, user};
use solana_signer::Signer;
use staking::events::StakeSlashed;
use staking::state::Position;

#[test]
fn stake_that_comes_for_one_collection_is_bound_for_longer_than_it_earns() {
    let (mut net, sniper) = (Net::new(), key("sniper"));
    let at = pool_of(&operator(0));
    fund(&mut net, &sniper, 100 * STAKE);
    // The last second of an epoch, so that warming is as short as it can be.
    net.wait(i64::from(EPOCH_S) - 1);
    let came = net.vm.now();
    net.ok(&[staking_ix::stake(sniper.pubkey(), at, 100 * STAKE)], &[&sniper]);
    net.next_epoch();
    net.ok(&[staking_ix::collect_rewards()], &[&stranger()]);
    net.next_epoch();
    let leave = [
        staking_ix::refresh_position(at, sniper.pubkey()),
        staking_ix::collect_rewards(),
        staking_ix::unstake(sniper.pubkey(), at, 100 * STAKE),
    ];
    net.ok(&leave, &[&sniper]);
    let withdraw = staking_ix::withdraw(sniper.pubkey(), at);
    let bound = i64::from(DISPUTE_S) + 2 * i64::from(EPOCH_S);
    while net.send(std::slice::from_ref(&withdraw), &[&sniper]).is_err() {
        net.wait(60);
    }
    assert!(net.vm.now() - came > bound, "one epoch's rewards bind stake for {} s", net.vm.now() - came);
}

#[test]
fn many_dust_positions_never_draw_more_than_one_large_one() {
    let mut net = ruled();
    let me = operator(0);
    let at = pool_of(&me);
    let holders: Vec<_> = (0..5).map(|i| key(&format!("dust {i}"))).collect();
    for (i, holder) in holders.iter().enumerate() {
        let amount = 1 + 2 * i as u64;
        fund(&mut net, holder, amount);
        net.ok(&[staking_ix::stake(holder.pubkey(), at, amount)], &[holder]);
    }
    net.wait(2 * i64::from(EPOCH_S));
    for holder in &holders {
        net.ok(&[staking_ix::refresh_position(at, holder.pubkey())], &[holder]);
    }
    let whole = net.vm.tokens(&address::stake_vault());
    // Losses that no amount divides evenly, with positions touched between some of them and not between others.
    for i in 0..4 {
        does(&mut net, &[slash(&me, user(0).pubkey(), 0, 1_234_567_891 + i)], &[&ruler()]);
        let holder = &holders[i as usize];
        does(&mut net, &[staking_ix::refresh_position(at, holder.pubkey())], &[holder]);
    }
    let lost = rewards(&net).slashed;
    for holder in &holders {
        does(&mut net, &[staking_ix::refresh_position(at, holder.pubkey())], &[holder]);
    }
    let left: u64 = holders.iter().map(|h| position(&net, &at, h).active).sum();
    let mut own = net.own_position(&me).rules();
    own.settle(&pool(&net, &at).rules()).unwrap();
    // Operator 1's stake is in the vault, too.
    assert!(left + own.active + STAKE <= whole - lost);
    assert!(left < 25, "dust became {left} of 25 units");
}

#[test]
fn no_slash_takes_more_than_there_is() {
    let (mut net, me) = (ruled(), operator(0));
    let at = pool_of(&me);
    does(&mut net, &[reserve(&me, 40 * IO)], &[&ruler()]);
    for (reserved, beyond) in [(40 * IO + 1, 0), (u64::MAX, 0), (u64::MAX, u64::MAX)] {
        net.refused("NotEnoughReserved", &[slash(&me, user(0).pubkey(), reserved, beyond)], &[&ruler()]);
    }
    let others = net.own_position(&operator(1)).active;
    for _ in 0..6 {
        for _ in 0..3 {
            does(&mut net, &[slash(&me, user(0).pubkey(), 0, u64::MAX)], &[&ruler()]);
        }
        net.wait(i64::from(EPOCH_S));
    }
    does(&mut net, &[slash(&me, user(0).pubkey(), 40 * IO, u64::MAX)], &[&ruler()]);
    assert!(pool(&net, &at).active > 0);
    assert_eq!(net.own_position(&operator(1)).active, others);
    assert!(net.vm.tokens(&address::stake_vault()) >= others);
}

#[test]
fn a_slash_after_a_quiet_epoch_says_what_this_epoch_lost() {
    let (mut net, me) = (ruled(), operator(0));
    does(&mut net, &[slash(&me, user(0).pubkey(), 0, 100 * IO)], &[&ruler()]);
    net.wait(i64::from(EPOCH_S));
    does(&mut net, &[reserve(&me, IO)], &[&ruler()]);
    let meta = does(&mut net, &[slash(&me, user(0).pubkey(), IO, 0)], &[&ruler()]);
    let done: StakeSlashed = event::first(&meta.events);
    assert_eq!((done.epoch, done.beyond, done.epoch_slashed), (net.epoch(), 0, 0));
}

#[test]
fn a_position_whose_rent_is_refilled_as_it_closes_is_not_revived() {
    let (mut net, me) = (Net::new(), key("delegator"));
    let at = pool_of(&operator(0));
    delegated(&mut net, &me, 700 * IO);
    net.ok(&[staking_ix::unstake(me.pubkey(), at, 700 * IO)], &[&me]);
    net.wait(10 * i64::from(EPOCH_S));
    let place = address::position(&at, &me.pubkey());
    let close = [
        staking_ix::withdraw(me.pubkey(), at),
        staking_ix::close_position(me.pubkey(), at, me.pubkey()),
        credits_ix::transfer_sol(me.pubkey(), place, 5_000_000),
    ];
    let twice = [close.as_slice(), &[staking_ix::withdraw(me.pubkey(), at)]].concat();
    net.refused("AccountOwnedByWrongProgram", &twice, &[&me]);
    net.ok(&close, &[&me]);
    let left = net.vm.account(&place).unwrap();
    assert!(left.data.is_empty() && left.owner != staking::ID);
    // And the lamports there keep nobody from opening it anew, in the same transaction or later.
    net.ok(&[staking_ix::stake(me.pubkey(), at, IO)], &[&me]);
    let new: Position = net.vm.read(&place).unwrap();
    assert_eq!((new.active, new.cooling, new.warming, new.owed), (0, 0, IO, 0));
}

#[test]
fn rewards_are_claimed_once_even_within_one_transaction_and_after_closing() {
    let (mut net, me) = (Net::new(), key("delegator"));
    let at = pool_of(&operator(0));
    delegated(&mut net, &me, STAKE);
    let epoch = net.epoch();
    for past in [epoch - 2, epoch - 1] {
        net.advance(past);
    }
    net.ok(&[staking_ix::collect_rewards()], &[&stranger()]);
    let claim = staking_ix::claim_rewards(stranger().pubkey(), at, me.pubkey());
    net.refused("NothingDue", &[claim.clone(), claim.clone()], &[&stranger()]);
    net.ok(std::slice::from_ref(&claim), &[&stranger()]);
    let got = net.io(&me);
    net.ok(&[staking_ix::unstake(me.pubkey(), at, STAKE)], &[&me]);
    net.wait(10 * i64::from(EPOCH_S));
    net.ok(&[staking_ix::withdraw(me.pubkey(), at)], &[&me]);
    let anew =
        [staking_ix::close_position(me.pubkey(), at, me.pubkey()), staking_ix::stake(me.pubkey(), at, IO), claim];
    net.refused("NothingDue", &anew, &[&me, &stranger()]);
    assert_eq!(net.io(&me), got + STAKE);
}
