use client::{address, rounds_ix, staking_ix};
use jobs::events::{ClassSet, OfferSet};
use program_tests::net::{CLASS_STAKE, IO, ROUNDS, STAKE};
use program_tests::{Net, device, event, operator, stranger};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn set(class: u8) -> Instruction {
    rounds_ix::set_class(operator(1).pubkey(), device(2).pubkey(), class)
}

#[test]
fn a_class_is_raised_as_far_as_a_passed_challenge_measured() {
    let mut net = Net::new();
    let owner = operator(1);
    net.refused("ClassNotMeasured", &[set(1)], &[&owner]);
    // 64 rows in two seconds: 134 million multiply-accumulates per second.
    net.pass_round(&[(2, 2)]);
    assert!((ROUNDS.throughput[2]..ROUNDS.throughput[3]).contains(&net.device(2).measured));
    net.refused("ClassNotMeasured", &[set(3)], &[&owner]);
    let done: ClassSet = event::first(&net.ok(&[set(2)], &[&owner]).events);
    assert_eq!((done.class, done.device_stake, done.required_stake), (2, CLASS_STAKE[2], CLASS_STAKE[2]));
    net.refused("SameClass", &[set(2)], &[&owner]);
    net.refused("BadClass", &[set(4)], &[&owner]);
    let done: ClassSet = event::first(&net.ok(&[set(0)], &[&owner]).events);
    assert_eq!((done.class, done.required_stake), (0, CLASS_STAKE[0]));
}

#[test]
fn a_higher_class_needs_its_stake() {
    let mut net = Net::new();
    let owner = operator(1);
    net.pass_round(&[(2, 2)]);
    let pool = address::operator_pool(&owner.pubkey());
    net.ok(&[staking_ix::unstake(owner.pubkey(), pool, STAKE - 399 * IO)], &[&owner]);
    net.refused("StakeTooLow", &[set(2)], &[&owner]);
    net.ok(&[set(1)], &[&owner]);
}

#[test]
fn a_device_that_failed_must_pass_again_before_its_class_changes() {
    let mut net = Net::new();
    let owner = operator(1);
    net.pass_round(&[(2, 2)]);
    net.ok(&[set(1)], &[&owner]);
    let missed = net.pass_round(&[(1, 2)]);
    net.refused("HiringPaused", &[set(2)], &[&owner]);
    net.ok(&[rounds_ix::fail_challenge(device(2).pubkey(), owner.pubkey())], &[&stranger()]);
    assert_eq!((net.device(2).class, net.device(2).measured, net.device(2).failed_round), (0, 0, missed));
    net.pass_round(&[(2, 3)]);
    net.ok(&[set(1)], &[&owner]);
}

#[test]
fn only_the_operator_sets_class_and_offer() {
    let mut net = Net::new();
    net.pass_round(&[(2, 2)]);
    for signer in [stranger(), operator(0)] {
        let offer = rounds_ix::set_offer(signer.pubkey(), device(2).pubkey(), 5);
        net.refused("WrongOwner", &[offer], &[&signer]);
    }
    let class = rounds_ix::set_class(operator(0).pubkey(), device(2).pubkey(), 1);
    net.refused("WrongOwner", &[class], &[&operator(0)]);
    let offer = rounds_ix::set_offer(operator(1).pubkey(), device(2).pubkey(), 5);
    let done: OfferSet = event::first(&net.ok(&[offer], &[&operator(1)]).events);
    assert_eq!((done.device, done.price, net.device(2).offer), (device(2).pubkey(), 5, 5));
}
