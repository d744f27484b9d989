use crate::support::*;
use client::{address, staking_ix};
use program_tests::forge::replace;
use program_tests::net::{DISPUTE_S, EPOCH_S, IO, PROVER_BPS, SLASH_CAP_BPS, STAKE};
use program_tests::{Net, event, key, operator, stranger, user};
use solana_signer::Signer;
use staking::events::*;

#[test]
fn a_reservation_stands_for_a_job_and_is_free_again_after_it() {
    let (mut net, me) = (ruled(), operator(0));
    let at = pool_of(&me);
    let meta = does(&mut net, &[reserve(&me, 30 * IO)], &[&ruler()]);
    let done: StakeReserved = event::first(&meta.events);
    assert_eq!((done.amount, done.position.reserved, done.pool_state.reserved), (30 * IO, 30 * IO, 30 * IO));
    assert!(meta.cu < 12_000, "{} compute units", meta.cu);
    net.refused("NotEnoughStake", &[staking_ix::unstake(me.pubkey(), at, STAKE - 30 * IO + 1)], &[&me]);
    net.refused("NotEnoughStake", &[reserve(&me, STAKE - 30 * IO + 1)], &[&ruler()]);
    net.refused("NotEnoughReserved", &[release(&me, 30 * IO + 1)], &[&ruler()]);
    net.refused("ZeroAmount", &[reserve(&me, 0)], &[&ruler()]);
    let meta = does(&mut net, &[release(&me, 30 * IO)], &[&ruler()]);
    assert_eq!(event::first::<StakeReleased>(&meta.events).position.active, STAKE);
}

#[test]
fn a_forfeit_pays_the_jobs_user_at_their_own_account() {
    let (mut net, me) = (ruled(), operator(0));
    does(&mut net, &[reserve(&me, 30 * IO)], &[&ruler()]);
    let before = net.io(&user(0));
    let to = user(0).pubkey();
    let theft =
        replace(forfeit(&me, to, 30 * IO, 10 * IO), address::io_account(&to), address::io_account(&user(1).pubkey()));
    net.refused("WrongOwner", &[theft], &[&ruler()]);
    net.refused("NotEnoughReserved", &[forfeit(&me, to, 30 * IO, 31 * IO)], &[&ruler()]);
    let meta = does(&mut net, &[forfeit(&me, to, 30 * IO, 10 * IO)], &[&ruler()]);
    let done: StakeForfeited = event::first(&meta.events);
    assert_eq!((done.to_user, done.released, done.position.active), (10 * IO, 20 * IO, STAKE - 10 * IO));
    assert_eq!(net.io(&user(0)), before + 10 * IO);
    // Nothing to pay: the user's account need not even exist.
    does(&mut net, &[reserve(&me, IO)], &[&ruler()]);
    does(&mut net, &[forfeit(&me, stranger().pubkey(), IO, 0)], &[&ruler()]);
}

#[test]
fn a_slash_pays_the_prover_burns_the_rest_and_stops_at_the_cap() {
    let (mut net, me, delegator) = (ruled(), operator(0), key("delegator"));
    delegated(&mut net, &delegator, STAKE);
    let at = pool_of(&me);
    does(&mut net, &[reserve(&me, 40 * IO)], &[&ruler()]);
    let (supply, vault, prover) =
        (net.vm.supply(&address::io_mint()), net.vm.tokens(&address::stake_vault()), net.io(&user(0)));
    let order = slash(&me, user(0).pubkey(), 40 * IO, u64::MAX);
    net.refused("NotEnoughReserved", &[slash(&me, user(0).pubkey(), 40 * IO + 1, 0)], &[&ruler()]);
    let to_vault = replace(order.clone(), address::io_account(&user(0).pubkey()), address::stake_vault());
    assert!(net.send(&[to_vault], &[&ruler()]).is_err());
    let meta = does(&mut net, &[order], &[&ruler()]);
    let done: StakeSlashed = event::first(&meta.events);
    let base = 2 * STAKE - 40 * IO;
    assert_eq!((done.reserved, done.slash_base), (40 * IO, base));
    let cap = base * u64::from(SLASH_CAP_BPS) / 10_000;
    assert!(done.beyond <= cap && cap - done.beyond <= 3, "{} of {cap}", done.beyond);
    let total = done.reserved + done.beyond;
    assert_eq!((done.to_prover, done.burned), (total * u64::from(PROVER_BPS) / 10_000, total - done.to_prover));
    assert_eq!(net.io(&user(0)), prover + done.to_prover);
    assert_eq!(net.vm.supply(&address::io_mint()), supply - done.burned);
    assert_eq!(net.vm.tokens(&address::stake_vault()), vault - total);
    assert_eq!((rewards(&net).slashed, rewards(&net).burned), (total, done.burned));
    // The epoch's cap is used up; what a delegator has left says what the pool says.
    net.refused("NotEnoughReserved", &[slash(&me, user(0).pubkey(), 1, 0)], &[&ruler()]);
    let meta = does(&mut net, &[slash(&me, user(0).pubkey(), 0, u64::MAX)], &[&ruler()]);
    assert!(event::first::<StakeSlashed>(&meta.events).beyond <= 3);
    does(&mut net, &[staking_ix::refresh_position(at, delegator.pubkey())], &[&stranger()]);
    let left = position(&net, &at, &delegator).active;
    let factor = u128::from(pool(&net, &at).factor);
    assert_eq!(u128::from(left), (u128::from(STAKE) * factor) >> 62);
}

#[test]
fn only_the_jobs_program_reaches_reservations_and_only_the_operators_own() {
    let (mut net, me, delegator) = (ruled(), operator(0), key("delegator"));
    delegated(&mut net, &delegator, STAKE);
    let at = pool_of(&me);
    does(&mut net, &[reserve(&me, 30 * IO)], &[&ruler()]);
    let all = [
        reserve(&me, IO),
        release(&me, IO),
        forfeit(&me, user(0).pubkey(), IO, IO),
        slash(&me, user(0).pubkey(), IO, 0),
    ];
    for order in all {
        let forged = replace(order.clone(), ruler().pubkey(), stranger().pubkey());
        net.refused("NotJobsProgram", &[forged], &[&stranger()]);
        let own = address::position(&at, &me.pubkey());
        let delegators = replace(order.clone(), own, address::position(&at, &delegator.pubkey()));
        net.refused("WrongOwner", &[delegators], &[&ruler()]);
        let rival = operator(1);
        let others = replace(order.clone(), own, address::position(&pool_of(&rival), &rival.pubkey()));
        net.refused("WrongOwner", &[others], &[&ruler()]);
        let mut unsigned = order;
        unsigned.accounts[0].is_signer = false;
        net.refused("AccountNotSigner", &[unsigned], &[&stranger()]);
    }
    for (order, name) in
        [(forfeit(&me, user(0).pubkey(), IO, IO), "WrongVault"), (slash(&me, user(0).pubkey(), IO, 0), "WrongVault")]
    {
        net.refused(name, &[replace(order, address::stake_vault(), address::reward_vault())], &[&ruler()]);
    }
}

#[test]
fn the_real_authority_is_the_jobs_programs_own_address() {
    let mut net = Net::new();
    let me = operator(0);
    net.vm.airdrop(&ruler().pubkey(), 1_000_000_000);
    net.refused("NotJobsProgram", &[reserve(&me, IO)], &[&ruler()]);
    net.refused("NotVotingProgram", &[lock(pool_of(&me), me.pubkey(), 0)], &[&ruler()]);
}

#[test]
fn a_vote_keeps_stake_in_and_cannot_keep_it_for_ever() {
    let (mut net, me) = (ruled(), operator(0));
    let at = pool_of(&me);
    let now = net.vm.now();
    let until = now + i64::from(EPOCH_S);
    net.refused("LockTooLong", &[lock(at, me.pubkey(), now + 31 * 86_400 + 1)], &[&ruler()]);
    let meta = does(&mut net, &[lock(at, me.pubkey(), until)], &[&ruler()]);
    assert_eq!(event::first::<PositionLocked>(&meta.events).until, until);
    // A shorter one does not shorten it.
    let meta = does(&mut net, &[lock(at, me.pubkey(), now)], &[&ruler()]);
    assert_eq!(event::first::<PositionLocked>(&meta.events).until, until);
    let leave = staking_ix::unstake(me.pubkey(), at, IO);
    net.vm.set_time(until - 1);
    net.refused("PositionLocked", std::slice::from_ref(&leave), &[&me]);
    net.vm.set_time(until);
    does(&mut net, &[leave], &[&me]);
}

#[test]
fn an_operator_cannot_close_the_position_that_jobs_stand_on() {
    let (mut net, me) = (ruled(), operator(0));
    let at = pool_of(&me);
    does(&mut net, &[reserve(&me, STAKE)], &[&ruler()]);
    net.refused("PositionNotEmpty", &[staking_ix::close_position(me.pubkey(), at, me.pubkey())], &[&me]);
    net.refused("NotEnoughStake", &[staking_ix::unstake(me.pubkey(), at, 1)], &[&me]);
    does(&mut net, &[release(&me, STAKE)], &[&ruler()]);
    does(&mut net, &[staking_ix::unstake(me.pubkey(), at, STAKE)], &[&me]);
    net.wait(i64::from(DISPUTE_S) + 3 * i64::from(EPOCH_S));
    does(&mut net, &[staking_ix::withdraw(me.pubkey(), at)], &[&me]);
    does(&mut net, &[staking_ix::close_position(me.pubkey(), at, me.pubkey())], &[&me]);
    net.refused("AccountNotInitialized", &[reserve(&me, 1)], &[&ruler()]);
}
