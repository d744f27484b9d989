use client::{address, jobs_ix};
use jobs::events::{JobPaid, Verification};
use jobs::state::{Device, Operator};
use program_tests::forge::replace;
use program_tests::net::{JOB_PRICE, Posted, USER_IOSD, claim};
use program_tests::{Net, device, event, operator, stranger, user, work};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn accept(net: &Net, job: &Posted) -> Instruction {
    jobs_ix::accept_result(user(0).pubkey(), job.address, &net.job(&job.address).unwrap())
}

fn owed(net: &Net, index: usize) -> u64 {
    net.vm.read::<credits::state::Earnings>(&address::earnings(&operator(index).pubkey())).unwrap().owed
}

#[test]
fn the_supplier_is_paid_at_once_and_the_rent_comes_back() {
    let mut net = Net::new();
    let lamports = net.vm.lamports(&user(0).pubkey());
    let job = net.committed(&work::tiny());
    let order = accept(&net, &job);
    let meta = net.ok(&[order], &[&user(0)]);
    assert_eq!((owed(&net, 0), owed(&net, 1)), (JOB_PRICE - JOB_PRICE / 20, 0));
    assert_eq!(net.iosd(&user(0)), USER_IOSD - JOB_PRICE);
    assert!(net.job(&job.address).is_none());
    // Two transactions of the user, one signature each.
    assert_eq!(lamports - net.vm.lamports(&user(0).pubkey()), 2 * 5_000);
    let paid: JobPaid = event::first(&meta.events);
    assert_eq!((paid.verification, paid.price, paid.device_jobs_paid), (Verification::Accepted, JOB_PRICE, 1));
    let worker: Device = net.vm.read(&address::device(&device(0).pubkey())).unwrap();
    let supplier: Operator = net.vm.read(&address::operator(&operator(0).pubkey())).unwrap();
    assert_eq!((worker.live_job, worker.jobs_paid, supplier.jobs_paid), (client::Pubkey::default(), 1, 1));
}

#[test]
fn a_stranger_cannot_accept_nor_can_the_device() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let state = net.job(&job.address).unwrap();
    for signer in [stranger(), device(0), user(1)] {
        let attempt = jobs_ix::accept_result(signer.pubkey(), job.address, &state);
        net.refused("WrongOwner", &[attempt], &[&signer]);
    }
    let mut unsigned = accept(&net, &job);
    unsigned.accounts[0].is_signer = false;
    net.refused("AccountNotSigner", &[unsigned], &[&stranger()]);
}

#[test]
fn a_job_without_a_result_cannot_be_accepted() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny());
    let order = accept(&net, &job);
    net.refused("WrongState", &[order], &[&user(0)]);
    let posted = net.post(&user(0), &work::tiny());
    let mut state = net.job(&posted.address).unwrap();
    (state.device, state.operator) = (device(0).pubkey(), operator(0).pubkey());
    let attempt = jobs_ix::accept_result(user(0).pubkey(), posted.address, &state);
    net.refused("WrongOwner", &[attempt], &[&user(0)]);
}

#[test]
fn accounts_of_another_job_user_device_or_operator_are_refused() {
    let mut net = Net::new();
    let other = net.post(&user(1), &work::tiny());
    net.ok(&[claim(2, other.address)], &[&device(2)]);
    let job = net.committed(&work::tiny());
    let order = accept(&net, &job);
    let index = credits::constants::shard_of(&job.address);
    let next = (index + 1) % 16;
    let (operator_0, operator_1) = (operator(0).pubkey(), operator(1).pubkey());
    let swaps = [
        (address::escrow(&job.address), address::escrow(&other.address), "WrongOwner"),
        (address::device(&device(0).pubkey()), address::device(&device(1).pubkey()), "WrongOwner"),
        (address::device(&device(0).pubkey()), address::device(&device(2).pubkey()), "WrongOwner"),
        (address::operator(&operator_0), address::operator(&operator_1), "WrongOwner"),
        (address::earnings(&operator_0), address::earnings(&operator_1), "WrongOwner"),
        (job.address, other.address, "WrongOwner"),
        (address::jobs_shard(index), address::jobs_shard(next), "WrongShard"),
        (address::credits_shard(index), address::credits_shard(next), "WrongShard"),
        (address::credits_config(), address::jobs_config(), "AccountOwnedByWrongProgram"),
        (address::jobs_config(), address::credits_config(), "AccountOwnedByWrongProgram"),
        (address::escrow(&job.address), job.address, "AccountOwnedByWrongProgram"),
        (credits::ID, jobs::ID, "InvalidProgramId"),
        (address::event_authority(&credits::ID), address::event_authority(&jobs::ID), "ConstraintAddress"),
    ];
    for (right, wrong, error) in swaps {
        net.refused(error, &[replace(order.clone(), right, wrong)], &[&user(0)]);
    }
}

#[test]
fn one_account_cannot_stand_in_for_two() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let order = accept(&net, &job);
    let worker = address::device(&device(0).pubkey());
    let supplier = address::operator(&operator(0).pubkey());
    let shard = address::jobs_shard_of(&job.address);
    let ours = [job.address, worker, supplier, shard, address::jobs_config()];
    let theirs = [address::escrow(&job.address), address::earnings(&operator(0).pubkey())];
    for group in [&ours[..], &theirs[..]] {
        for &right in group {
            for &wrong in group.iter().filter(|w| **w != right) {
                let forged = replace(order.clone(), right, wrong);
                net.refused("AccountDiscriminatorMismatch", &[forged], &[&user(0)]);
            }
        }
    }
}

#[test]
fn another_signer_towards_the_credits_program_is_refused() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let order = accept(&net, &job);
    let forged = replace(order, address::jobs_authority(), address::jobs_config());
    assert_eq!(net.send(&[forged], &[&user(0)]).unwrap_err().code, 0, "the runtime itself refuses the signature");
}

#[test]
fn a_forged_escrow_of_another_program_is_refused() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let escrow = net.vm.account(&address::escrow(&job.address)).unwrap();
    let forged_at = client::Pubkey::new_from_array([3; 32]);
    net.vm.set_account(forged_at, solana_account::Account { owner: jobs::ID, ..escrow });
    let order = accept(&net, &job);
    let forged = replace(order, address::escrow(&job.address), forged_at);
    net.refused("AccountOwnedByWrongProgram", &[forged], &[&user(0)]);
}

#[test]
fn an_escrow_short_by_one_unit_is_never_paid_or_refunded() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let escrow = address::escrow(&job.address);
    let mut account = net.vm.account(&escrow).unwrap();
    let at = 8 + 4 * 32;
    account.data[at..at + 8].copy_from_slice(&(JOB_PRICE - 1).to_le_bytes());
    net.vm.set_account(escrow, account);
    let order = accept(&net, &job);
    net.refused("EscrowMismatch", &[order], &[&user(0)]);
    net.wait(1_000);
    let state = net.job(&job.address).unwrap();
    net.refused("EscrowMismatch", &[jobs_ix::settle_job(job.address, &state)], &[&stranger()]);
    net.refused("EscrowMismatch", &[jobs_ix::expire_job(job.address, &state)], &[&stranger()]);
}
