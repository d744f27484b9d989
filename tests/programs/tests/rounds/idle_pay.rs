use client::{address, credits_ix, jobs_ix, rounds_ix};
use credits::state::Emission;
use jobs::events::{ChallengePassed, IdlePaid, IdlePayShared, RoundEnded};
use jobs::state::{Config, Operator};
use judge::challenge::macs;
use program_tests::forge::replace;
use program_tests::net::{EXECUTE_S, ROUNDS};
use program_tests::{Net, device, event, operator, stranger, user, work};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn offer(net: &mut Net, index: usize, price: u64) {
    let owner = program_tests::challenge::owner(index);
    net.ok(&[rounds_ix::set_offer(owner.pubkey(), device(index).pubkey(), price)], &[&owner]);
}

fn share(index: usize, number: u64) -> Instruction {
    let owner = program_tests::challenge::owner(index);
    rounds_ix::share_idle_pay(device(index).pubkey(), owner.pubkey(), number)
}

fn open_io(net: &mut Net) {
    for owner in [operator(0), operator(1)] {
        net.ok(&[credits_ix::create_io_account(stranger().pubkey(), owner.pubkey())], &[&stranger()]);
    }
}

fn available(net: &Net) -> u64 {
    net.vm.read::<Emission>(&address::emission()).unwrap().budgets[0].available
}

fn promised(net: &Net) -> u64 {
    net.vm.read::<Config>(&address::jobs_config()).unwrap().idle_promised
}

fn owed(net: &Net, index: usize) -> u64 {
    net.vm.read::<Operator>(&address::operator(&operator(index).pubkey())).unwrap().idle_owed
}

#[test]
fn the_idle_budget_is_shared_by_measured_throughput_and_minted_to_the_operators() {
    let mut net = Net::new();
    open_io(&mut net);
    offer(&mut net, 0, 1_000);
    offer(&mut net, 2, 1);
    let pot = available(&net);
    assert!(pot > 0, "two epochs have been closed");
    let number = net.pass_round(&[(0, 2), (1, 2), (2, 5)]);
    let ended: RoundEnded = net.events.iter().rev().find_map(|e| e.get()).unwrap();
    // Device 1 has no offer.
    let (fast, slow) = (macs(64) / 2, macs(64) / 5);
    assert_eq!((ended.passed, ended.weight, ended.budget), (3, u128::from(fast + slow), pot));
    assert_eq!(promised(&net), pot);
    let exact = |weight: u64| (u128::from(pot) * u128::from(weight) / u128::from(fast + slow)) as u64;
    for (index, weight, owner) in [(0, fast, 0), (2, slow, 1)] {
        let shared: IdlePayShared = event::first(&net.ok(&[share(index, number)], &[&stranger()]).events);
        assert_eq!((shared.amount, owed(&net, owner)), (exact(weight), exact(weight)));
    }
    net.refused("NoShare", &[share(1, number)], &[&stranger()]);
    for (index, weight) in [(0, fast), (1, slow)] {
        let owner = operator(index);
        let before = net.io(&owner);
        let paid: IdlePaid = event::first(&net.ok(&[rounds_ix::claim_idle_pay(owner.pubkey())], &[&stranger()]).events);
        assert_eq!((paid.amount, paid.owed, net.io(&owner) - before), (exact(weight), 0, exact(weight)));
    }
    // What rounding left is in the budget and promised to nobody.
    net.ok(&[rounds_ix::close_round(number, stranger().pubkey())], &[&stranger()]);
    assert_eq!(promised(&net), 0);
    assert_eq!(available(&net), pot - exact(fast) - exact(slow));
}

#[test]
fn nothing_is_shared_or_paid_twice() {
    let mut net = Net::new();
    open_io(&mut net);
    offer(&mut net, 0, 1_000);
    let number = net.pass_round(&[(0, 2)]);
    net.ok(&[share(0, number)], &[&stranger()]);
    net.refused("NoShare", &[share(0, number)], &[&stranger()]);
    let claim = rounds_ix::claim_idle_pay(operator(0).pubkey());
    net.ok(std::slice::from_ref(&claim), &[&stranger()]);
    let held = net.io(&operator(0));
    // Nothing is owed any more: it does nothing.
    net.ok(&[claim], &[&stranger()]);
    assert_eq!((net.io(&operator(0)), owed(&net, 0)), (held, 0));
}

#[test]
fn the_pay_goes_to_the_operators_own_account_and_no_other() {
    let mut net = Net::new();
    open_io(&mut net);
    offer(&mut net, 0, 1_000);
    let number = net.pass_round(&[(0, 2)]);
    net.ok(&[share(0, number)], &[&stranger()]);
    let claim = rounds_ix::claim_idle_pay(operator(0).pubkey());
    let theft = replace(claim, address::io_account(&operator(0).pubkey()), address::io_account(&user(0).pubkey()));
    net.refused("WrongOwner", &[theft], &[&user(0)]);
    let others = rounds_ix::share_idle_pay(device(2).pubkey(), operator(0).pubkey(), number);
    net.refused("WrongOwner", &[others], &[&stranger()]);
}

#[test]
fn an_offer_above_the_ceiling_and_no_offer_earn_nothing() {
    let mut net = Net::new();
    offer(&mut net, 0, ROUNDS.ceiling[0] + 1);
    offer(&mut net, 2, ROUNDS.ceiling[0]);
    let number = net.pass_round(&[(0, 2), (1, 2), (2, 2)]);
    let weights: Vec<u64> = net.events.iter().filter_map(|e| e.get::<ChallengePassed>()).map(|p| p.weight).collect();
    assert_eq!(weights, [0, 0, macs(64) / 2]);
    net.refused("NoShare", &[share(0, number)], &[&stranger()]);
    net.ok(&[share(2, number)], &[&stranger()]);
}

#[test]
fn an_expired_claim_since_the_last_pass_costs_one_rounds_pay() {
    let mut net = Net::new();
    offer(&mut net, 0, 1_000);
    let job = net.claimed(&work::tiny());
    let state = net.job(&job.address).unwrap();
    net.wait(i64::from(EXECUTE_S) + 1);
    let expire = jobs_ix::expire_with_accounts(stranger().pubkey(), job.address, &state, true);
    net.ok(&expire, &[&stranger()]);
    let first = net.pass_round(&[(0, 2)]);
    net.refused("NoShare", &[share(0, first)], &[&stranger()]);
    let second = net.pass_round(&[(0, 2)]);
    net.ok(&[share(0, second)], &[&stranger()]);
}

#[test]
fn a_share_waits_for_its_round_and_a_device_shares_before_it_goes_on() {
    let mut net = Net::new();
    offer(&mut net, 0, 1_000);
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    net.draw_cells(number);
    net.answer_all(0, number, &answer);
    net.refused("RoundNotSettled", &[share(0, number)], &[&stranger()]);
    net.refused("PayNotShared", &[jobs_ix::retire_device(operator(0).pubkey(), device(0).pubkey())], &[&operator(0)]);
    net.end_round(number);
    net.wait(i64::from(ROUNDS.every_s));
    let close = rounds_ix::close_round(number, stranger().pubkey());
    net.refused("RoundNotSettled", std::slice::from_ref(&close), &[&stranger()]);
    let next = net.open_round();
    let commit = rounds_ix::commit_challenge(device(0).pubkey(), operator(0).pubkey(), next, [1; 32]);
    net.refused("PayNotShared", std::slice::from_ref(&commit), &[&device(0)]);
    net.ok(&[share(0, number), commit], &[&device(0)]);
    net.ok(&[close], &[&stranger()]);
    net.ok(&[jobs_ix::retire_device(operator(0).pubkey(), device(0).pubkey())], &[&operator(0)]);
    assert!(owed(&net, 0) > 0, "a retired device's pay stays its operator's");
}

#[test]
fn a_later_round_shares_only_what_earlier_ones_did_not_promise() {
    let mut net = Net::new();
    offer(&mut net, 0, 1_000);
    let first = net.pass_round(&[(0, 2)]);
    let pot = promised(&net);
    net.ok(&[share(0, first)], &[&stranger()]);
    let second = net.pass_round(&[(0, 2)]);
    assert_eq!((net.round(second).budget, promised(&net)), (0, pot));
    net.ok(&[share(0, second)], &[&stranger()]);
    let epoch = net.epoch();
    net.next_epoch();
    let added = net.events.iter().rev().find_map(|e| e.get::<credits::events::EpochClosed>()).unwrap();
    assert_eq!(added.epoch, epoch);
    let third = net.pass_round(&[(0, 2)]);
    assert_eq!(net.round(third).budget, added.idle);
}
