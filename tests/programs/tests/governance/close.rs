use crate::steps::*;
use client::{address, governance_ix};
use governance::events::ProposalClosed;
use governance::state::Choice;
use program_tests::forge::replace;
use program_tests::net::DEPOSIT;
use program_tests::{Net, event, guardian, operator, stranger, user};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn close(number: u64) -> Instruction {
    governance_ix::close_proposal(stranger().pubkey(), number, user(0).pubkey())
}

/// Closes it and says what was returned and burned.
#[track_caller]
fn closed(net: &mut Net, number: u64) -> (u64, u64) {
    let (held, supply) = (net.io(&user(0)), net.vm.supply(&address::io_mint()));
    let lamports = net.vm.lamports(&user(0).pubkey());
    let meta = net.ok(&[close(number)], &[&stranger()]);
    let closed: ProposalClosed = event::first(&meta.events);
    assert_eq!(net.io(&user(0)) - held, closed.deposit_returned);
    assert_eq!(supply - net.vm.supply(&address::io_mint()), closed.deposit_burned);
    assert_eq!(closed.deposits_burned, config(net).deposits_burned);
    assert!(net.vm.lamports(&user(0).pubkey()) > lamports, "the rent is the proposer's");
    assert!(net.vm.account(&address::proposal(number)).is_none());
    net.refused("AccountNotInitialized", &[close(number)], &[&stranger()]);
    (closed.deposit_returned, closed.deposit_burned)
}

#[test]
fn what_nobody_heard_of_loses_its_deposit_and_everything_else_gets_it_back() {
    let mut net = Net::new();
    let number = unheard(&mut net);
    assert_eq!(closed(&mut net, number), (0, DEPOSIT));

    let number = propose(&mut net, SIGNAL);
    net.ok(&[vote(&operator(0), number, Choice::No)], &[&operator(0)]);
    finish(&mut net, number);
    assert_eq!(closed(&mut net, number), (DEPOSIT, 0));

    let number = decide(&mut net, SIGNAL);
    assert_eq!(closed(&mut net, number), (DEPOSIT, 0));

    let number = propose(&mut net, SIGNAL);
    net.ok(&[governance_ix::veto(guardian().pubkey(), number)], &[&guardian()]);
    assert_eq!(closed(&mut net, number), (DEPOSIT, 0));
    assert_eq!((net.vm.tokens(&address::deposit_vault()), config(&net).deposits_burned), (0, DEPOSIT));
}

#[test]
fn what_can_still_happen_is_not_closed() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    net.refused("WrongState", &[close(number)], &[&stranger()]);
    net.ok(&[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
    let p = proposal(&net, number);
    net.vm.set_time(p.voting_end);
    net.refused("WrongState", &[close(number)], &[&stranger()]);
    finish(&mut net, number);
    net.refused("NotExpired", &[close(number)], &[&stranger()]);
    net.vm.set_time(p.expires);
    net.refused("NotExpired", &[close(number)], &[&stranger()]);
    net.vm.set_time(p.expires + 1);
    assert_eq!(closed(&mut net, number), (DEPOSIT, 0));
}

#[test]
fn a_deposit_goes_to_its_proposer_and_out_of_the_vault_only() {
    let mut net = Net::new();
    let number = decide(&mut net, SIGNAL);
    let (mine, theirs) = (user(0).pubkey(), user(1).pubkey());
    let of_another = governance_ix::close_proposal(stranger().pubkey(), number, theirs);
    net.refused("WrongOwner", &[of_another], &[&stranger()]);
    let swapped = replace(close(number), address::io_account(&mine), address::io_account(&theirs));
    net.refused("ConstraintTokenOwner", &[swapped], &[&stranger()]);
    let vault = replace(close(number), address::deposit_vault(), address::stake_vault());
    net.refused("ConstraintSeeds", &[vault], &[&stranger()]);
    let own = replace(close(number), address::governance_authority(), stranger().pubkey());
    assert!(net.send(&[own], &[&stranger()]).is_err(), "nobody else signs for the vault");
    assert_eq!(closed(&mut net, number), (DEPOSIT, 0));
}

#[test]
fn votes_are_closed_after_their_proposal_too() {
    let mut net = Net::new();
    let number = decide(&mut net, SIGNAL);
    closed(&mut net, number);
    let position = own_position(&operator(0));
    net.ok(&[governance_ix::close_vote(number, position, operator(0).pubkey())], &[&stranger()]);
}
