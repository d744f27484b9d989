use crate::steps::*;
use client::{Pubkey, address, governance_ix, staking_ix};
use governance::events::VoteCast;
use governance::state::{Choice, Vote};
use program_tests::forge::replace;
use program_tests::net::{EPOCH_S, IO, STAKE, VOTING_S};
use program_tests::{Net, event, operator, stranger, user, work};
use solana_instruction::Instruction;
use solana_signer::Signer;
use staking::state::Position;

fn unstake(index: usize, amount: u64) -> Instruction {
    let me = operator(index).pubkey();
    staking_ix::unstake(me, address::operator_pool(&me), amount)
}

#[test]
fn a_vote_counts_active_and_reserved_stake_and_locks_it() {
    let mut net = Net::new();
    net.claimed(&work::tiny());
    let own = net.own_position(&operator(0));
    assert!(own.reserved > 0 && own.active + own.reserved == STAKE);
    let number = propose(&mut net, SIGNAL);
    let meta = net.ok(&[vote(&operator(0), number, Choice::No)], &[&operator(0)]);
    let cast: VoteCast = event::first(&meta.events);
    assert_eq!((cast.weight, cast.yes, cast.no, cast.abstain), (STAKE, 0, STAKE, 0));
    assert_eq!(net.own_position(&operator(0)).locked_until, proposal(&net, number).voting_end);
    let meta = net.ok(&[vote(&operator(1), number, Choice::Abstain)], &[&operator(1)]);
    let cast: VoteCast = event::first(&meta.events);
    assert_eq!((cast.weight, cast.yes, cast.no, cast.abstain), (STAKE, 0, STAKE, STAKE));
}

#[test]
fn a_position_votes_once_and_cannot_change_its_mind() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    net.ok(&[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
    for choice in [Choice::Yes, Choice::No] {
        net.refused(program_tests::ALREADY_IN_USE, &[vote(&operator(0), number, choice)], &[&operator(0)]);
    }
    let other = propose(&mut net, SIGNAL);
    net.ok(&[vote(&operator(0), other, Choice::No)], &[&operator(0)]);
}

#[test]
fn the_last_second_of_the_vote_counts_and_its_end_does_not() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    net.wait(i64::from(VOTING_S) - 1);
    net.refused("VotingOpen", &[governance_ix::finish(number)], &[&stranger()]);
    net.ok(&[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
    net.wait(1);
    net.refused("VotingEnded", &[vote(&operator(1), number, Choice::Yes)], &[&operator(1)]);
    net.ok(&[governance_ix::finish(number)], &[&stranger()]);
    net.refused("WrongState", &[vote(&operator(1), number, Choice::Yes)], &[&operator(1)]);
}

#[test]
fn stake_that_voted_stays_in_until_the_vote_is_over() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    net.ok(&[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
    net.refused("PositionLocked", &[unstake(0, 1)], &[&operator(0)]);
    net.wait(i64::from(VOTING_S) - 1);
    net.refused("PositionLocked", &[unstake(0, 1)], &[&operator(0)]);
    net.wait(1);
    net.ok(&[unstake(0, 1)], &[&operator(0)]);
}

#[test]
fn a_shorter_vote_does_not_shorten_a_lock() {
    let mut net = Net::new();
    let first = propose(&mut net, SIGNAL);
    net.wait(600);
    let second = propose(&mut net, SIGNAL);
    net.ok(&[vote(&operator(0), second, Choice::Yes)], &[&operator(0)]);
    net.ok(&[vote(&operator(0), first, Choice::Yes)], &[&operator(0)]);
    assert_eq!(net.own_position(&operator(0)).locked_until, proposal(&net, second).voting_end);
}

#[test]
fn cooling_stake_does_not_count() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    net.ok(&[unstake(0, STAKE)], &[&operator(0)]);
    net.refused("NoWeight", &[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
    net.ok(&[unstake(1, STAKE - 7)], &[&operator(1)]);
    net.ok(&[vote(&operator(1), number, Choice::Yes)], &[&operator(1)]);
    assert_eq!(proposal(&net, number).yes, 7);
}

#[test]
fn stake_that_is_added_since_the_proposals_epoch_votes_on_later_proposals_only() {
    let mut net = Net::new();
    let pool = address::operator_pool(&operator(0).pubkey());
    let me = user(1).pubkey();
    let yes = |number| governance_ix::vote(me, me, pool, number, Choice::Yes);
    let early = propose(&mut net, SIGNAL);
    net.ok(&[staking_ix::stake(me, pool, 100 * IO)], &[&user(1)]);
    net.refused("StakeTooYoung", &[yes(early)], &[&user(1)]);

    net.wait(i64::from(EPOCH_S));
    let late = propose(&mut net, SIGNAL);
    net.refused("NoWeight", &[yes(late)], &[&user(1)]);
    net.wait(i64::from(EPOCH_S));
    net.refused("VotingEnded", &[vote(&operator(0), early, Choice::Yes)], &[&operator(0)]);
    net.ok(&[staking_ix::refresh_position(pool, me), yes(late)], &[&user(1)]);
    assert_eq!(proposal(&net, late).yes, 100 * IO);
}

#[test]
fn what_a_vote_forfeits_cannot_be_staked_and_vote_again() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny());
    let number = propose(&mut net, SIGNAL);
    net.ok(&[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
    // The operator's own job runs out; its user gets part of the reservation and stakes it.
    net.wait(600);
    let state = net.job(&job.address).expect("the job is live");
    let before = net.io(&user(0));
    net.ok(&[client::jobs_ix::expire_claim(job.address, &state)], &[&stranger()]);
    let gained = net.io(&user(0)) - before;
    assert!(gained > 0);
    let (me, pool) = (user(0).pubkey(), address::operator_pool(&operator(1).pubkey()));
    net.ok(&[staking_ix::stake(me, pool, gained)], &[&user(0)]);
    net.wait(2 * i64::from(EPOCH_S) - 601);
    net.ok(&[staking_ix::refresh_position(pool, me)], &[&user(0)]);
    let again = governance_ix::vote(me, me, pool, number, Choice::Yes);
    net.refused("StakeTooYoung", &[again], &[&user(0)]);
}

#[test]
fn a_top_up_after_voting_changes_nothing_and_before_it_costs_the_vote() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    let me = operator(0).pubkey();
    net.ok(&client::credits_ix::transfer_io(user(0).pubkey(), me, IO), &[&user(0)]);
    net.ok(&[staking_ix::stake(me, address::operator_pool(&me), IO)], &[&operator(0)]);
    net.refused("StakeTooYoung", &[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
}

#[test]
fn only_the_holder_votes_with_a_position() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    let (me, pool) = (stranger().pubkey(), address::operator_pool(&operator(0).pubkey()));
    let own = governance_ix::vote(me, me, pool, number, Choice::Yes);
    net.refused("AccountNotInitialized", std::slice::from_ref(&own), &[&stranger()]);
    let proposal = address::proposal(number);
    let (mine, theirs) = (address::position(&pool, &me), own_position(&operator(0)));
    let forged = replace(own, mine, theirs);
    let forged = replace(forged, address::vote(&proposal, &mine), address::vote(&proposal, &theirs));
    net.refused("WrongOwner", &[forged], &[&stranger()]);
    let mut unsigned = vote(&operator(0), number, Choice::Yes);
    unsigned.accounts[0].pubkey = me;
    unsigned.accounts[1].is_signer = false;
    net.refused("AccountNotSigner", &[unsigned], &[&stranger()]);
}

#[test]
fn a_position_that_the_staking_program_did_not_make_is_refused() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    let (right, forged_at) = (own_position(&operator(0)), Pubkey::new_unique());
    let mut forged = net.vm.account(&right).unwrap();
    forged.owner = jobs::ID;
    net.vm.set_account(forged_at, forged);
    let proposal = address::proposal(number);
    let attempt = replace(vote(&operator(0), number, Choice::Yes), right, forged_at);
    let attempt = replace(attempt, address::vote(&proposal, &right), address::vote(&proposal, &forged_at));
    net.refused("AccountOwnedByWrongProgram", &[attempt], &[&operator(0)]);
}

#[test]
fn wrong_accounts_are_refused() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    let (first, second) = (propose(&mut net, SIGNAL), propose(&mut net, SIGNAL));
    let position = own_position(&operator(0));
    let attempt = vote(&operator(0), number, Choice::Yes);
    let swaps = [
        (address::operator_pool(&operator(0).pubkey()), address::operator_pool(&operator(1).pubkey()), "WrongOwner"),
        (
            address::vote(&address::proposal(number), &position),
            address::vote(&address::proposal(first), &position),
            "ConstraintSeeds",
        ),
        (address::proposal(number), address::proposal(second), "ConstraintSeeds"),
        (staking::ID, jobs::ID, "InvalidProgramId"),
        (address::staking_config(), address::jobs_config(), "AccountOwnedByWrongProgram"),
    ];
    for (right, wrong, error) in swaps {
        net.refused(error, &[replace(attempt.clone(), right, wrong)], &[&operator(0)]);
    }
}

#[test]
fn a_votes_rent_comes_back_after_the_vote_and_not_before() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    let (holder, pool) = (operator(0).pubkey(), address::operator_pool(&operator(0).pubkey()));
    let paid_by_another = governance_ix::vote(user(2).pubkey(), holder, pool, number, Choice::Yes);
    net.ok(&[paid_by_another], &[&user(2), &operator(0)]);
    let position = own_position(&operator(0));
    let close = |payer| governance_ix::close_vote(number, position, payer);
    let address = address::vote(&address::proposal(number), &position);
    let state: Vote = net.vm.read(&address).unwrap();
    assert_eq!((state.voter, state.payer, state.weight), (holder, user(2).pubkey(), STAKE));
    net.refused("VotingOpen", &[close(user(2).pubkey())], &[&stranger()]);
    net.wait(i64::from(VOTING_S));
    net.refused("WrongOwner", &[close(stranger().pubkey())], &[&stranger()]);
    let before = net.vm.lamports(&user(2).pubkey());
    net.ok(&[close(user(2).pubkey())], &[&stranger()]);
    assert!(net.vm.lamports(&user(2).pubkey()) > before && net.vm.account(&address).is_none());
    net.refused("VotingEnded", &[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
}

#[test]
fn a_position_closed_and_opened_again_during_a_vote_does_not_vote_again() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    net.ok(&[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
    // As if it had been emptied, closed, and opened as a fresh one.
    let at = own_position(&operator(0));
    let mut fresh: Position = net.vm.read(&at).unwrap();
    (fresh.warm_epoch, fresh.locked_until) = (0, 0);
    let mut account = net.vm.account(&at).unwrap();
    account.data = Vec::new();
    anchor_lang::AccountSerialize::try_serialize(&fresh, &mut account.data).unwrap();
    net.vm.set_account(at, account);
    net.refused(program_tests::ALREADY_IN_USE, &[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
}
