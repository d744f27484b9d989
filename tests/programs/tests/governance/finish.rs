use crate::steps::*;
use client::governance_ix;
use governance::events::ProposalFinished;
use governance::state::{Choice, Status};
use program_tests::net::{STAKE, VOTING_S};
use program_tests::{Net, event, operator, stranger};
use solana_signer::Signer;

fn outcome(votes: &[(usize, Choice)]) -> Status {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    for &(index, choice) in votes {
        net.ok(&[vote(&operator(index), number, choice)], &[&operator(index)]);
    }
    net.wait(i64::from(VOTING_S));
    let meta = net.ok(&[governance_ix::finish(number)], &[&stranger()]);
    let finished: ProposalFinished = event::first(&meta.events);
    assert_eq!(finished.status, proposal(&net, number).status);
    net.refused("WrongState", &[governance_ix::finish(number)], &[&stranger()]);
    finished.status
}

#[test]
fn a_majority_with_a_quorum_passes() {
    assert_eq!(outcome(&[(0, Choice::Yes)]), Status::Passed);
    assert_eq!(outcome(&[(0, Choice::Yes), (1, Choice::Abstain)]), Status::Passed);
}

#[test]
fn silence_a_no_a_tie_and_abstaining_do_not() {
    assert_eq!(outcome(&[]), Status::Rejected);
    assert_eq!(outcome(&[(0, Choice::No)]), Status::Rejected);
    assert_eq!(outcome(&[(0, Choice::Yes), (1, Choice::No)]), Status::Rejected);
    assert_eq!(outcome(&[(0, Choice::Abstain)]), Status::Rejected);
}

#[test]
fn the_quorum_itself_is_enough_and_one_unit_less_is_not() {
    for (missing, expected) in [(0, Status::Passed), (1, Status::Rejected)] {
        let mut net = Net::new();
        let number = propose(&mut net, SIGNAL);
        let (me, quorum) = (operator(0).pubkey(), proposal(&net, number).quorum);
        let rest = STAKE - quorum + missing;
        let pool = client::address::operator_pool(&me);
        net.ok(&[client::staking_ix::unstake(me, pool, rest)], &[&operator(0)]);
        net.ok(&[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
        finish(&mut net, number);
        assert_eq!(proposal(&net, number).status, expected);
    }
}
