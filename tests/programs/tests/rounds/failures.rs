use client::{address, jobs_ix, rounds_ix};
use jobs::events::ChallengeFailed;
use jobs::state::{Failure, Operator};
use program_tests::net::{CLASS_STAKE, PRICE, ROUNDS, claim};
use program_tests::{Net, device, event, key, operator, stranger, user, work};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn fail(index: usize) -> Instruction {
    rounds_ix::fail_challenge(device(index).pubkey(), operator(if index < 2 { 0 } else { 1 }).pubkey())
}

/// A round that device 0 passes, device 1 commits to and does not answer, and device 2 misses.
fn round(net: &mut Net) -> u64 {
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    net.ok(&[rounds_ix::commit_challenge(device(1).pubkey(), operator(0).pubkey(), number, [1; 32])], &[&device(1)]);
    net.draw_cells(number);
    net.answer_all(0, number, &answer);
    net.end_round(number);
    net.wait(i64::from(ROUNDS.every_s));
    net.submit_price(PRICE);
    number
}

#[test]
fn who_missed_or_did_not_answer_is_not_hired_whether_or_not_it_is_recorded() {
    let mut net = Net::new();
    round(&mut net);
    let job = net.post(&user(0), &work::tiny()).address;
    net.refused("HiringPaused", &[claim(1, job)], &[&device(1)]);
    net.refused("HiringPaused", &[claim(2, job)], &[&device(2)]);
    let failed: ChallengeFailed = event::first(&net.ok(&[fail(1)], &[&stranger()]).events);
    assert_eq!((failed.reason, failed.class, failed.slashed), (Failure::Unanswered, 0, 0));
    let failed: ChallengeFailed = event::first(&net.ok(&[fail(2)], &[&stranger()]).events);
    assert_eq!((failed.reason, failed.operator), (Failure::Missed, operator(1).pubkey()));
    net.refused("HiringPaused", &[claim(1, job)], &[&device(1)]);
    net.ok(&[claim(0, job)], &[&device(0)]);
}

#[test]
fn a_failure_is_recorded_once_and_not_of_a_device_that_passed() {
    let mut net = Net::new();
    round(&mut net);
    net.refused("NotFailed", &[fail(0)], &[&stranger()]);
    net.ok(&[fail(1)], &[&stranger()]);
    net.refused("NotFailed", &[fail(1)], &[&stranger()]);
    assert_eq!(net.device(1).challenges_failed, 1);
}

#[test]
fn nothing_is_recorded_while_the_round_runs() {
    let mut net = Net::new();
    let number = net.open_round();
    net.commit_answer(0, number, &net.answer_of(0, number));
    net.wait(i64::from(ROUNDS.window_s) + 1);
    net.refused("NotFailed", &[fail(1)], &[&stranger()]);
    net.advance_round(number);
    net.refused("NotFailed", &[fail(1)], &[&stranger()]);
}

#[test]
fn failing_lowers_the_class_and_the_stake_that_it_needs() {
    let mut net = Net::new();
    let (owner, worker) = (operator(1), key("large"));
    let register = jobs_ix::register_device(owner.pubkey(), worker.pubkey(), "large".into(), 3);
    net.ok(&[register], &[&owner, &worker]);
    round(&mut net);
    let required = |net: &Net| net.vm.read::<Operator>(&address::operator(&owner.pubkey())).unwrap().required_stake;
    assert_eq!(required(&net), CLASS_STAKE[0] + CLASS_STAKE[3]);
    let record = rounds_ix::fail_challenge(worker.pubkey(), owner.pubkey());
    let failed: ChallengeFailed = event::first(&net.ok(&[record], &[&stranger()]).events);
    assert_eq!((failed.class, failed.device_stake), (2, CLASS_STAKE[2]));
    assert_eq!((failed.required_stake, required(&net)), (CLASS_STAKE[0] + CLASS_STAKE[2], failed.required_stake));
    // The lowest class stays.
    net.ok(&[fail(2)], &[&stranger()]);
    assert_eq!((net.device(2).class, net.device(2).required_stake), (0, CLASS_STAKE[0]));
}

#[test]
fn passing_the_next_round_is_the_way_back() {
    let mut net = Net::new();
    round(&mut net);
    let number = net.open_round();
    let answer = net.answer_of(2, number);
    let commit = rounds_ix::commit_challenge(device(2).pubkey(), operator(1).pubkey(), number, answer.root());
    net.refused("FailureNotRecorded", std::slice::from_ref(&commit), &[&device(2)]);
    net.ok(&[fail(2), commit], &[&device(2)]);
    net.draw_cells(number);
    net.submit_price(PRICE);
    let job = net.post(&user(0), &work::tiny()).address;
    net.refused("HiringPaused", &[claim(2, job)], &[&device(2)]);
    net.answer_all(2, number, &answer);
    // At once: the round need not have ended.
    net.ok(&[claim(2, job)], &[&device(2)]);
    net.end_round(number);
    net.refused("NotFailed", &[fail(2)], &[&stranger()]);
}

#[test]
fn a_network_where_nobody_opens_rounds_hires_everybody() {
    let mut net = Net::new();
    net.wait(30 * 86_400);
    net.submit_price(PRICE);
    let job = net.post(&user(0), &work::tiny()).address;
    net.ok(&[claim(2, job)], &[&device(2)]);
    net.refused("NotFailed", &[fail(0)], &[&stranger()]);
}

#[test]
fn an_operators_failure_is_no_other_operators() {
    let mut net = Net::new();
    round(&mut net);
    let wrong = rounds_ix::fail_challenge(device(2).pubkey(), operator(0).pubkey());
    net.refused("WrongOwner", &[wrong], &[&stranger()]);
}
