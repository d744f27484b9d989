use client::{address, jobs_ix};
use jobs::events::JobClaimed;
use jobs::state::Status;
use program_tests::forge::replace;
use program_tests::net::{CLAIM_S, EXECUTE_S, claim};
use program_tests::{Net, device, event, operator, stranger, user, work};
use solana_signer::Signer;

#[test]
fn claim_at_the_deadline_succeeds_and_one_second_later_fails() {
    let mut net = Net::new();
    let (first, second) = (net.post(&user(0), &work::tiny()), net.post(&user(0), &work::tiny()));
    net.wait(i64::from(CLAIM_S));
    let meta = net.ok(&[claim(0, first.address)], &[&device(0)]);
    let claimed: JobClaimed = event::first(&meta.events);
    assert_eq!((claimed.device, claimed.operator), (device(0).pubkey(), operator(0).pubkey()));
    assert_eq!(claimed.commit_deadline, net.vm.now() + i64::from(EXECUTE_S));
    assert_eq!(net.job(&first.address).unwrap().status, Status::Claimed);
    net.wait(1);
    net.refused("DeadlinePassed", &[claim(1, second.address)], &[&device(1)]);
}

#[test]
fn a_claimed_job_cannot_be_claimed_again() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    net.refused("WrongState", &[claim(0, job)], &[&device(0)]);
    net.refused("WrongState", &[claim(1, job)], &[&device(1)]);
    net.refused("WrongState", &[claim(2, job)], &[&device(2)]);
}

#[test]
fn a_device_has_one_live_job_until_it_is_paid() {
    let mut net = Net::new();
    let second = net.post(&user(1), &work::tiny());
    let first = net.claimed(&work::tiny());
    net.refused("DeviceBusy", &[claim(0, second.address)], &[&device(0)]);
    net.commit(&first.work);
    net.refused("DeviceBusy", &[claim(0, second.address)], &[&device(0)]);
    let state = net.job(&first.address).unwrap();
    net.ok(&[jobs_ix::accept_result(user(0).pubkey(), first.address, &state)], &[&user(0)]);
    net.ok(&[claim(0, second.address)], &[&device(0)]);
}

#[test]
fn an_unregistered_device_and_anothers_device_are_refused() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let attempt = jobs_ix::claim_job(stranger().pubkey(), operator(0).pubkey(), address::feed(), job);
    net.refused("AccountNotInitialized", std::slice::from_ref(&attempt), &[&stranger()]);
    let forged = replace(attempt, address::device(&stranger().pubkey()), address::device(&device(0).pubkey()));
    net.refused("WrongOwner", &[forged], &[&stranger()]);
}

#[test]
fn the_device_must_sign() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let mut unsigned = claim(0, job);
    unsigned.accounts[0].is_signer = false;
    net.refused("AccountNotSigner", &[unsigned], &[&stranger()]);
}

#[test]
fn wrong_accounts_are_refused() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let index = credits::constants::shard_of(&job);
    let other = (index + 1) % 16;
    let swaps = [
        (job, address::job(&user(0).pubkey(), 99), "AccountNotInitialized"),
        (job, address::escrow(&job), "AccountOwnedByWrongProgram"),
        (job, address::user(&user(0).pubkey()), "AccountDiscriminatorMismatch"),
        (address::jobs_shard(index), address::jobs_shard(other), "WrongShard"),
        (address::jobs_shard(index), address::credits_shard(other), "AccountOwnedByWrongProgram"),
    ];
    for (right, wrong, error) in swaps {
        let forged = replace(claim(0, job), right, wrong);
        net.refused(error, &[forged], &[&device(0)]);
    }
}
