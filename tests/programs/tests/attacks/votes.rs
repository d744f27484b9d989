//! Votes.
use crate::support::{fund, pool_of};
use crate::voting::*;
use client::{governance_ix, staking_ix};
use governance::state::{Choice, Status};
use program_tests::net::{EPOCH_S, QUORUM_BPS, STAKE};
use program_tests::{Net, key, operator, stranger};
use solana_signer::Signer;

#[test]
fn whoever_activates_warm_stake_before_a_proposal_puts_it_into_the_quorum() {
    let (mut net, whale) = (Net::new(), key("whale"));
    let at = pool_of(&operator(0));
    // Just below a tenth of all stake, and just above a tenth of everybody else's.
    let own = 2 * STAKE / 10 + 2 * STAKE / 200;
    assert_eq!(QUORUM_BPS, 1_000);
    fund(&mut net, &whale, own);
    net.ok(&[staking_ix::stake(whale.pubkey(), at, own)], &[&whale]);
    net.wait(2 * i64::from(EPOCH_S));
    let me = whale.pubkey();
    net.ok(&[staking_ix::refresh_position(at, me)], &[&stranger()]);
    let number = propose(&mut net, SIGNAL);
    net.ok(&[governance_ix::vote(me, me, at, number, Choice::Yes)], &[&whale]);
    finish(&mut net, number);
    assert_eq!(proposal(&net, number).status, Status::Rejected);
}

#[test]
fn stake_votes_and_leaves_only_after_the_vote_has_ended_even_through_a_new_position() {
    let mut net = Net::new();
    let (me, at) = (operator(0), pool_of(&operator(0)));
    let number = propose(&mut net, SIGNAL);
    let leave = staking_ix::unstake(me.pubkey(), at, STAKE);
    // Vote and leave, in one transaction and in two.
    net.refused("PositionLocked", &[vote(&me, number, Choice::Yes), leave.clone()], &[&me]);
    net.ok(&[vote(&me, number, Choice::Yes)], &[&me]);
    let close = staking_ix::close_position(me.pubkey(), at, me.pubkey());
    net.refused("PositionLocked", std::slice::from_ref(&leave), &[&me]);
    net.refused("PositionNotEmpty", &[close], &[&me]);
    let end = proposal(&net, number).voting_end;
    net.vm.set_time(end - 1);
    net.refused("PositionLocked", std::slice::from_ref(&leave), &[&me]);
    net.vm.set_time(end);
    net.ok(&[leave], &[&me]);
}

#[test]
fn a_proposal_is_executed_once_even_within_one_transaction_and_not_under_other_rules() {
    let mut net = Net::new();
    let first = propose(&mut net, fee(450));
    let second = propose(&mut net, rule(governance::Rule::QuorumBps, 1_200));
    for number in [first, second] {
        net.ok(&[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
    }
    finish(&mut net, first);
    net.ok(&[governance_ix::finish(second)], &[&operator(1)]);
    let eta = proposal(&net, second).eta;
    net.vm.set_time(eta);
    let (a, b) = (execute(first, fee(450)), execute(second, rule(governance::Rule::QuorumBps, 1_200)));
    net.refused("WrongState", &[a.clone(), a.clone()], &[&operator(1)]);
    // Whoever executes the rule first has voided the rest, in the same transaction, too.
    net.refused("RulesChanged", &[b.clone(), a.clone()], &[&operator(1)]);
    net.ok(&[a, b.clone()], &[&operator(1)]);
    net.refused("WrongState", &[b], &[&operator(1)]);
}
