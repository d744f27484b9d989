use client::{address, jobs_ix};
use jobs::events::JobCancelled;
use program_tests::forge::replace;
use program_tests::net::{CLAIM_S, JOB_PRICE, USER_IOSD};
use program_tests::{Net, event, stranger, user, work};
use solana_signer::Signer;

#[test]
fn a_posted_job_is_refunded_whole_even_after_its_deadline() {
    let mut net = Net::new();
    for wait in [0, i64::from(CLAIM_S) + 1] {
        let job = net.post(&user(0), &work::tiny()).address;
        net.wait(wait);
        let state = net.job(&job).unwrap();
        let meta = net.ok(&[jobs_ix::cancel_job(user(0).pubkey(), job, &state)], &[&user(0)]);
        assert_eq!(event::first::<JobCancelled>(&meta.events).refund, JOB_PRICE);
        assert_eq!(net.iosd(&user(0)), USER_IOSD);
        assert!(net.job(&job).is_none());
    }
}

#[test]
fn a_claimed_or_committed_job_cannot_be_cancelled() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny());
    let cancel = jobs_ix::cancel_job(user(0).pubkey(), job.address, &net.job(&job.address).unwrap());
    net.refused("WrongState", std::slice::from_ref(&cancel), &[&user(0)]);
    net.commit(&job.work);
    net.refused("WrongState", &[cancel], &[&user(0)]);
}

#[test]
fn a_stranger_cannot_cancel() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let state = net.job(&job).unwrap();
    for signer in [stranger(), user(1)] {
        net.refused("WrongOwner", &[jobs_ix::cancel_job(signer.pubkey(), job, &state)], &[&signer]);
    }
}

#[test]
fn a_refund_cannot_be_diverted_to_another_account_of_the_same_user() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let mine = address::iosd_account(&user(0).pubkey());
    let second = client::Pubkey::new_from_array([5; 32]);
    let mut empty = net.vm.account(&mine).unwrap();
    empty.data[64..72].fill(0);
    net.vm.set_account(second, empty);
    net.wait(i64::from(jobs::constants::MAX_CLAIM_S) + 1);
    let expire = jobs_ix::expire_job(job, &net.job(&job).unwrap());
    net.refused("WrongOwner", &[replace(expire.clone(), mine, second)], &[&stranger()]);
    net.ok(&[expire], &[&stranger()]);
}

#[test]
fn the_refund_goes_to_the_users_own_iosd_account() {
    let mut net = Net::new();
    let (mine, other) = (net.post(&user(0), &work::tiny()).address, net.post(&user(1), &work::tiny()).address);
    let cancel = jobs_ix::cancel_job(user(0).pubkey(), mine, &net.job(&mine).unwrap());
    let (me, him) = (user(0).pubkey(), user(1).pubkey());
    let swaps = [
        (address::iosd_account(&me), address::iosd_account(&him), "WrongOwner"),
        (address::iosd_account(&me), address::io_account(&me), "WrongOwner"),
        (address::iosd_mint(), address::io_mint(), "ConstraintHasOne"),
        (address::escrow(&mine), address::escrow(&other), "WrongOwner"),
        (mine, other, "WrongOwner"),
        (anchor_spl::token_2022::ID, anchor_spl::token::ID, "InvalidProgramId"),
    ];
    for (right, wrong, error) in swaps {
        net.refused(error, &[replace(cancel.clone(), right, wrong)], &[&user(0)]);
    }
}
