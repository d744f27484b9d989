//! What most tests begin with.
use client::{Pubkey, address, governance_ix};
use governance::state::{Action, Choice, Config, Proposal, Rule};
use program_tests::net::{TIMELOCK_S, VOTING_S};
use program_tests::{Net, operator, stranger, user};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

/// A proposal that does nothing on chain.
pub const SIGNAL: Action = Action::Signal { text: *b"the hash of a next version......" };

/// A change of a voting rule.
pub fn rule(rule: Rule, value: u64) -> Action {
    Action::Rules { rule, value }
}

/// A change of the credits program's fee.
pub fn fee(value: u64) -> Action {
    Action::Credits(credits::Order::Set { parameter: credits::Parameter::FeeBps, value })
}

pub fn config(net: &Net) -> Config {
    net.vm.read(&address::governance_config()).expect("governance is initialised")
}

pub fn proposal(net: &Net, number: u64) -> Proposal {
    net.vm.read(&address::proposal(number)).expect("the proposal exists")
}

/// User 0's proposal; returns its number.
pub fn propose(net: &mut Net, action: Action) -> u64 {
    let number = config(net).next_proposal;
    net.ok(&[governance_ix::propose(user(0).pubkey(), number, action)], &[&user(0)]);
    number
}

/// An operator's vote with its own position.
pub fn vote(operator: &Keypair, number: u64, choice: Choice) -> Instruction {
    let me = operator.pubkey();
    governance_ix::vote(me, me, address::operator_pool(&me), number, choice)
}

pub fn own_position(operator: &Keypair) -> Pubkey {
    address::position(&address::operator_pool(&operator.pubkey()), &operator.pubkey())
}

/// The end of the vote has come and it is decided.
pub fn finish(net: &mut Net, number: u64) {
    let end = proposal(net, number).voting_end;
    net.vm.set_time(end);
    net.ok(&[governance_ix::finish(number)], &[&stranger()]);
}

/// A proposal for which operator 0 has voted, decided, at its eta; returns its number.
pub fn passed(net: &mut Net, action: Action) -> u64 {
    let number = propose(net, action);
    net.ok(&[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
    finish(net, number);
    net.wait(i64::from(TIMELOCK_S));
    number
}

/// Executes what has passed.
pub fn execute(number: u64, action: Action) -> Instruction {
    governance_ix::execute(number, &action)
}

/// Votes for it, waits and executes it.
pub fn decide(net: &mut Net, action: Action) -> u64 {
    let number = passed(net, action);
    net.ok(&[execute(number, action)], &[&stranger()]);
    number
}

/// A proposal that nobody heard of, after its vote.
pub fn unheard(net: &mut Net) -> u64 {
    let number = propose(net, SIGNAL);
    net.wait(i64::from(VOTING_S));
    net.ok(&[governance_ix::finish(number)], &[&stranger()]);
    number
}
