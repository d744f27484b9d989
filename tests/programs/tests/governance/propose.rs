use crate::steps::*;
use anchor_lang::prelude::Pubkey;
use client::{address, credits_ix, governance_ix};
use governance::events::ProposalCreated;
use governance::state::{Action, Rule, Status};
use program_tests::forge::replace;
use program_tests::net::{DEPOSIT, GRACE_S, IO, STAKE, TIMELOCK_S, VOTING_S};
use program_tests::{Net, authority, event, stranger, user};
use solana_signer::Signer;

#[test]
fn a_proposal_takes_the_deposit_and_fixes_quorum_and_times() {
    let mut net = Net::new();
    let before = net.io(&user(0));
    let meta = net.ok(&[governance_ix::propose(user(0).pubkey(), 0, SIGNAL)], &[&user(0)]);
    let created: ProposalCreated = event::first(&meta.events);
    let p = proposal(&net, 0);
    assert_eq!((p.status, p.number, p.proposer, p.action), (Status::Voting, 0, user(0).pubkey(), SIGNAL));
    assert_eq!((p.quorum, p.threshold_bps), (2 * STAKE / 10, 5_000));
    assert_eq!(p.voting_end, net.vm.now() + i64::from(VOTING_S));
    assert_eq!((p.eta - p.voting_end, p.expires - p.eta), (i64::from(TIMELOCK_S), i64::from(GRACE_S)));
    assert_eq!((created.proposal, created.action, created.quorum), (address::proposal(0), SIGNAL, p.quorum));
    assert_eq!((created.voting_end, created.eta, created.expires), (p.voting_end, p.eta, p.expires));
    assert_eq!((before - net.io(&user(0)), net.vm.tokens(&address::deposit_vault())), (DEPOSIT, DEPOSIT));
}

#[test]
fn numbers_never_repeat_even_after_a_proposal_is_closed() {
    let mut net = Net::new();
    let number = unheard(&mut net);
    net.ok(&[governance_ix::close_proposal(stranger().pubkey(), number, user(0).pubkey())], &[&stranger()]);
    net.refused("ConstraintSeeds", &[governance_ix::propose(user(0).pubkey(), number, SIGNAL)], &[&user(0)]);
    assert_eq!(propose(&mut net, SIGNAL), number + 1);
}

#[test]
fn while_nothing_is_staked_nothing_can_be_proposed() {
    let mut net = Net::bare();
    net.initialize();
    net.refused("NoWeight", &[governance_ix::propose(authority().pubkey(), 0, SIGNAL)], &[&authority()]);
}

#[test]
fn the_deposit_must_be_there_and_goes_to_the_vault() {
    let mut net = Net::new();
    net.ok(&credits_ix::transfer_io(authority().pubkey(), stranger().pubkey(), DEPOSIT - 1), &[&authority()]);
    let attempt = governance_ix::propose(stranger().pubkey(), 0, SIGNAL);
    net.refused("InsufficientDeposit", std::slice::from_ref(&attempt), &[&stranger()]);
    net.ok(&credits_ix::transfer_io(authority().pubkey(), stranger().pubkey(), 1), &[&authority()]);
    // An account of the right coin and owner that is not the vault.
    let pda = address::governance_authority();
    net.ok(&[credits_ix::create_io_account(stranger().pubkey(), pda)], &[&stranger()]);
    let forged = replace(attempt.clone(), address::deposit_vault(), address::io_account(&pda));
    net.refused("ConstraintSeeds", &[forged], &[&stranger()]);
    let of_another =
        replace(attempt.clone(), address::io_account(&stranger().pubkey()), address::io_account(&user(0).pubkey()));
    net.refused("ConstraintTokenOwner", &[of_another], &[&stranger()]);
    net.ok(&[attempt], &[&stranger()]);
}

#[test]
fn the_stake_is_read_from_the_staking_program_only() {
    let mut net = Net::new();
    let attempt = governance_ix::propose(user(0).pubkey(), 0, SIGNAL);
    let other = replace(attempt.clone(), address::rewards(), address::staking_config());
    net.refused("AccountDiscriminatorMismatch", &[other], &[&user(0)]);
    let mut forged = net.vm.account(&address::rewards()).unwrap();
    forged.owner = governance::ID;
    let at = Pubkey::new_unique();
    net.vm.set_account(at, forged);
    net.refused("AccountOwnedByWrongProgram", &[replace(attempt, address::rewards(), at)], &[&user(0)]);
}

#[test]
fn what_could_never_be_executed_is_refused() {
    let mut net = Net::new();
    let bad = [
        (rule(Rule::QuorumBps, 99), "OutOfBounds"),
        (rule(Rule::Deposit, IO - 1), "OutOfBounds"),
        (rule(Rule::Paused, 2), "OutOfBounds"),
        (Action::Pay { to: user(1).pubkey(), amount: 0 }, "EmptyPayment"),
        (Action::Pay { to: Pubkey::default(), amount: 1 }, "EmptyPayment"),
    ];
    for (action, error) in bad {
        net.refused(error, &[governance_ix::propose(user(0).pubkey(), 0, action)], &[&user(0)]);
    }
}

#[test]
fn the_shard_is_the_proposals() {
    let mut net = Net::new();
    let index = credits::constants::shard_of(&address::proposal(0));
    let (right, wrong) = (address::governance_shard(index), address::governance_shard((index + 1) % 16));
    let forged = replace(governance_ix::propose(user(0).pubkey(), 0, SIGNAL), right, wrong);
    net.refused("WrongShard", &[forged], &[&user(0)]);
}
