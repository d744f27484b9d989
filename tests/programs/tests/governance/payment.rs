use crate::steps::*;
use client::{Pubkey, address, governance_ix};
use governance::state::{Action, Status};
use program_tests::forge::replace;
use program_tests::{Net, stranger, user};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn treasury(net: &Net) -> u64 {
    let emission: credits::state::Emission = net.vm.read(&address::emission()).unwrap();
    emission.budgets[2].available
}

fn pay(number: u64, to: Pubkey) -> Instruction {
    governance_ix::execute_payment(stranger().pubkey(), number, to)
}

#[test]
fn a_payment_comes_out_of_the_treasurys_budget_once_to_an_account_made_for_it() {
    let mut net = Net::new();
    let to = stranger().pubkey();
    let before = treasury(&net);
    let number = passed(&mut net, Action::Pay { to, amount: 12_345 });
    net.ok(&[pay(number, to)], &[&stranger()]);
    assert_eq!((net.io(&stranger()), before - treasury(&net)), (12_345, 12_345));
    assert_eq!(proposal(&net, number).status, Status::Executed);
    net.refused("WrongState", &[pay(number, to)], &[&stranger()]);
}

#[test]
fn it_goes_to_the_recipients_own_account_and_nowhere_else() {
    let mut net = Net::new();
    let to = user(1).pubkey();
    let number = passed(&mut net, Action::Pay { to, amount: 5 });
    net.refused("WrongOwner", &[pay(number, stranger().pubkey())], &[&stranger()]);
    let swapped = replace(pay(number, to), address::io_account(&to), address::io_account(&user(2).pubkey()));
    net.refused("ConstraintTokenOwner", &[swapped], &[&stranger()]);
    let before = net.io(&user(1));
    net.ok(&[pay(number, to)], &[&stranger()]);
    assert_eq!(net.io(&user(1)) - before, 5);
}

#[test]
fn it_waits_for_its_time_like_everything_else() {
    let mut net = Net::new();
    let to = user(1).pubkey();
    let number = propose(&mut net, Action::Pay { to, amount: 5 });
    net.ok(&[vote(&program_tests::operator(0), number, governance::Choice::Yes)], &[&program_tests::operator(0)]);
    net.refused("WrongState", &[pay(number, to)], &[&stranger()]);
    finish(&mut net, number);
    net.refused("Timelocked", &[pay(number, to)], &[&stranger()]);
    let expires = proposal(&net, number).expires;
    net.vm.set_time(expires + 1);
    net.refused("Expired", &[pay(number, to)], &[&stranger()]);
}

#[test]
fn more_than_the_budget_is_refused_and_can_be_tried_again() {
    let mut net = Net::new();
    let to = user(1).pubkey();
    let amount = treasury(&net) + 1;
    let number = passed(&mut net, Action::Pay { to, amount });
    net.refused("BudgetExhausted", &[pay(number, to)], &[&stranger()]);
    assert_eq!(proposal(&net, number).status, Status::Passed);
}

#[test]
fn payments_and_other_actions_do_not_stand_in_for_each_other() {
    let mut net = Net::new();
    let action = Action::Pay { to: user(1).pubkey(), amount: 5 };
    let payment = passed(&mut net, action);
    net.refused("WrongAction", &[execute(payment, action)], &[&stranger()]);
    let signal = passed(&mut net, SIGNAL);
    net.refused("WrongAction", &[pay(signal, user(1).pubkey())], &[&stranger()]);
}
