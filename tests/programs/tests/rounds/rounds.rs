use client::{address, governance_ix, jobs_ix, rounds_ix};
use governance::state::Target;
use jobs::constants::{CELL_DRAW_DELAY, PAUSE_ALL, PAUSE_ROUND};
use jobs::events::{CellsDrawn, RoundEnded, RoundOpened, RoundVoided, WindowClosed};
use jobs::slot_hashes;
use jobs::state::{Config, Phase};
use program_tests::forge::replace;
use program_tests::net::ROUNDS;
use program_tests::vm::slot_hash;
use program_tests::{Net, device, event, guardian, operator, stranger, user};
use solana_signer::Signer;

fn config(net: &Net) -> Config {
    net.vm.read(&address::jobs_config()).unwrap()
}

fn open(number: u64) -> solana_instruction::Instruction {
    rounds_ix::open_round(stranger().pubkey(), number)
}

#[test]
fn a_round_fixes_the_newest_slot_hash_and_its_rules() {
    let mut net = Net::new();
    net.vm.pass_slots(700);
    let meta = net.ok(&[open(1)], &[&stranger()]);
    let opened: RoundOpened = event::first(&meta.events);
    let newest = net.vm.slot() - 1;
    assert_eq!((opened.number, opened.hash_slot, opened.slot_hash), (1, newest, slot_hash(newest)));
    assert_eq!((opened.window_end, opened.rules), (net.vm.now() + i64::from(ROUNDS.window_s), ROUNDS));
    let round = net.round(1);
    assert_eq!((round.slot_hash, round.phase, round.opener), (slot_hash(newest), Phase::Open, stranger().pubkey()));
    assert_eq!((config(&net).round, config(&net).round_live), (1, true));
}

#[test]
fn rounds_are_opened_in_order_one_at_a_time_and_no_sooner_than_they_are_due() {
    let mut net = Net::new();
    net.vm.pass_slots(1);
    for number in [0, 2, 7] {
        net.refused("WrongRound", &[open(number)], &[&stranger()]);
    }
    net.ok(&[open(1)], &[&stranger()]);
    net.wait(i64::from(ROUNDS.every_s) * 5);
    net.refused("RoundNotDue", &[open(2)], &[&stranger()]);
    net.advance_round(1);
    net.ok(&[open(2)], &[&stranger()]);
    // Over at once, for nobody answered; the third must still wait.
    net.wait(i64::from(ROUNDS.window_s) + 1);
    net.advance_round(2);
    net.refused("RoundNotDue", &[open(3)], &[&stranger()]);
    net.wait(i64::from(ROUNDS.every_s - ROUNDS.window_s) - 1);
    net.ok(&[open(3)], &[&stranger()]);
}

#[test]
fn another_account_in_place_of_the_slot_hashes_is_refused() {
    let mut net = Net::new();
    net.vm.pass_slots(1);
    // One that holds what the forger likes, and another sysvar.
    let forged = program_tests::key("forged hashes").pubkey();
    let mut account = net.vm.account(&slot_hashes::ADDRESS).unwrap();
    account.data[16..48].fill(7);
    net.vm.set_account(forged, account);
    let clock = anchor_lang::pubkey!("SysvarC1ock11111111111111111111111111111111");
    for wrong in [forged, clock, address::jobs_config()] {
        net.refused("WrongSlotHashes", &[replace(open(1), slot_hashes::ADDRESS, wrong)], &[&stranger()]);
    }
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    net.wait(i64::from(ROUNDS.window_s) + 1);
    for wrong in [forged, clock] {
        let advance = replace(rounds_ix::advance_round(number), slot_hashes::ADDRESS, wrong);
        net.refused("WrongSlotHashes", &[advance], &[&stranger()]);
    }
}

#[test]
fn a_round_goes_from_window_to_draw_to_end_and_each_waits_for_its_time() {
    let mut net = Net::new();
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    let advance = rounds_ix::advance_round(number);
    net.wait(i64::from(ROUNDS.window_s));
    net.refused("TooEarly", std::slice::from_ref(&advance), &[&stranger()]);
    net.wait(1);
    let closed: WindowClosed = event::first(&net.advance_round(number).events);
    assert_eq!((closed.committed, closed.draw_slot), (1, net.vm.slot() + CELL_DRAW_DELAY));
    net.refused("TooEarly", std::slice::from_ref(&advance), &[&stranger()]);
    net.vm.pass_slots(CELL_DRAW_DELAY);
    net.refused("TooEarly", std::slice::from_ref(&advance), &[&stranger()]);
    // However late it is asked for, the hash of that slot decides.
    net.vm.pass_slots(300);
    let drawn: CellsDrawn = event::first(&net.advance_round(number).events);
    assert_eq!((drawn.slot, drawn.slot_hash), (closed.draw_slot, slot_hash(closed.draw_slot)));
    assert_eq!(drawn.answers_until, net.vm.now() + i64::from(ROUNDS.answer_s));
    net.answer_all(0, number, &answer);
    net.wait(2 * i64::from(ROUNDS.answer_s));
    net.refused("TooEarly", std::slice::from_ref(&advance), &[&stranger()]);
    net.wait(1);
    let ended: RoundEnded = event::first(&net.advance_round(number).events);
    assert_eq!((ended.passed, ended.budget), (1, 0));
    assert_eq!((config(&net).settled_round, config(&net).round_live), (number, false));
    net.refused("WrongPhase", &[advance], &[&stranger()]);
}

#[test]
fn waiting_for_another_draw_voids_the_round() {
    let mut net = Net::new();
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    net.wait(i64::from(ROUNDS.window_s) + 1);
    net.advance_round(number);
    net.vm.pass_slots(CELL_DRAW_DELAY + 513);
    let voided: RoundVoided = event::first(&net.advance_round(number).events);
    assert_eq!((voided.number, voided.committed), (number, 1));
    assert_eq!(config(&net).settled_round, 0, "nobody failed it");
    let job = net.post(&user(0), &program_tests::work::tiny()).address;
    net.ok(&[program_tests::net::claim(0, job)], &[&device(0)]);
}

#[test]
fn a_round_that_nobody_answered_pauses_nobody() {
    let mut net = Net::new();
    let number = net.open_round();
    net.wait(i64::from(ROUNDS.window_s) + 1);
    event::first::<RoundVoided>(&net.advance_round(number).events);
    net.submit_price(program_tests::net::PRICE);
    let job = net.post(&user(0), &program_tests::work::tiny()).address;
    net.ok(&[program_tests::net::claim(0, job)], &[&device(0)]);
    let fail = rounds_ix::fail_challenge(device(1).pubkey(), operator(0).pubkey());
    net.refused("NotFailed", &[fail], &[&stranger()]);
}

#[test]
fn a_round_is_closed_to_who_opened_it_and_never_opened_again() {
    let mut net = Net::new();
    let number = net.open_round();
    let close = rounds_ix::close_round(number, stranger().pubkey());
    net.refused("RoundNotSettled", std::slice::from_ref(&close), &[&stranger()]);
    net.wait(i64::from(ROUNDS.window_s) + 1);
    net.advance_round(number);
    let to_another = rounds_ix::close_round(number, user(0).pubkey());
    net.refused("WrongOwner", &[to_another], &[&user(0)]);
    let before = net.vm.lamports(&stranger().pubkey());
    net.ok(&[close], &[&user(0)]);
    assert!(net.vm.lamports(&stranger().pubkey()) > before, "the rent is back");
    net.wait(i64::from(ROUNDS.every_s));
    net.refused("WrongRound", &[open(number)], &[&stranger()]);
    net.ok(&[open(number + 1)], &[&stranger()]);
}

#[test]
fn a_pause_stops_new_rounds_and_nothing_that_ends_one() {
    let mut net = Net::new();
    let pause = |flags| governance_ix::guardian_pause(guardian().pubkey(), Target::Jobs, flags);
    net.vm.pass_slots(1);
    let mut paused = net.clone();
    paused.ok(&[pause(PAUSE_ROUND)], &[&guardian()]);
    paused.refused("Paused", &[open(1)], &[&stranger()]);
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.ok(&[pause(PAUSE_ALL)], &[&guardian()]);
    net.commit_answer(0, number, &answer);
    net.draw_cells(number);
    net.answer_all(0, number, &answer);
    net.end_round(number);
    net.ok(&[rounds_ix::fail_challenge(device(1).pubkey(), operator(0).pubkey())], &[&stranger()]);
    net.ok(&[rounds_ix::close_round(number, stranger().pubkey())], &[&stranger()]);
    net.ok(&[jobs_ix::retire_device(operator(0).pubkey(), device(1).pubkey())], &[&operator(0)]);
}
