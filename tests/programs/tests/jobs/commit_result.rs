use client::{address, jobs_ix};
use jobs::events::ResultCommitted;
use jobs::state::Status;
use program_tests::forge::replace;
use program_tests::net::{EXECUTE_S, Posted, WINDOW_S, commit_args};
use program_tests::{Net, device, event, user, work};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn commit(index: usize, job: &Posted) -> Instruction {
    jobs_ix::commit_result(device(index).pubkey(), job.address, commit_args(&job.work))
}

#[test]
fn commit_at_the_deadline_succeeds_and_opens_the_window() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny());
    net.wait(i64::from(EXECUTE_S));
    let meta = net.ok(&[commit(0, &job)], &[&device(0)]);
    let committed: ResultCommitted = event::first(&meta.events);
    assert_eq!(committed.commitment, job.work.commitment());
    assert_eq!(committed.window_end, net.vm.now() + i64::from(WINDOW_S));
    assert_eq!(net.job(&job.address).unwrap().status, Status::Committed);
}

#[test]
fn commit_one_second_after_the_deadline_fails() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny());
    net.wait(i64::from(EXECUTE_S) + 1);
    net.refused("DeadlinePassed", &[commit(0, &job)], &[&device(0)]);
}

#[test]
fn only_the_claiming_device_commits() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny());
    net.refused("WrongOwner", &[commit(1, &job)], &[&device(1)]);
    let mut unsigned = commit(0, &job);
    unsigned.accounts[0].is_signer = false;
    net.refused("AccountNotSigner", &[unsigned], &[&device(1)]);
}

#[test]
fn a_result_is_committed_once_and_never_before_the_claim() {
    let mut net = Net::new();
    let posted = net.post(&user(0), &work::tiny());
    net.refused("WrongOwner", &[commit(0, &posted)], &[&device(0)]);
    let job = net.committed(&work::tiny());
    net.refused("WrongState", &[commit(0, &job)], &[&device(0)]);
}

#[test]
fn wrong_accounts_are_refused() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny());
    let index = credits::constants::shard_of(&job.address);
    let other = (index + 1) % 16;
    let swaps = [
        (job.address, address::escrow(&job.address), "AccountOwnedByWrongProgram"),
        (job.address, address::device(&device(0).pubkey()), "AccountDiscriminatorMismatch"),
        (address::jobs_config(), address::credits_config(), "AccountOwnedByWrongProgram"),
        (address::jobs_shard(index), address::jobs_shard(other), "WrongShard"),
    ];
    for (right, wrong, error) in swaps {
        net.refused(error, &[replace(commit(0, &job), right, wrong)], &[&device(0)]);
    }
}
