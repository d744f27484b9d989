//! A job that has ended can do nothing any more, however it ended.
use client::jobs_ix;
use jobs::state::Job;
use program_tests::net::{ANSWER_S, EXECUTE_S, PRICE, Posted, WINDOW_S, claim, commit_args, post_args};
use program_tests::{Net, device, stranger, user, work};
use solana_signer::Signer;

/// Everything that could be tried with `job`, as it was when it lived.
#[track_caller]
fn is_dead(net: &mut Net, job: &Posted, was: &Job) {
    assert!(net.job(&job.address).is_none());
    let me = user(0).pubkey();
    let seq = was.seq;
    let attempts = [
        (claim(1, job.address), device(1)),
        (jobs_ix::commit_result(device(0).pubkey(), job.address, commit_args(&job.work)), device(0)),
        (jobs_ix::accept_result(me, job.address, was), user(0)),
        (jobs_ix::settle_job(job.address, was), stranger()),
        (jobs_ix::cancel_job(me, job.address, was), user(0)),
        (jobs_ix::draw_audit(stranger().pubkey(), job.address), stranger()),
        (jobs_ix::expire_audit(stranger().pubkey(), job.address, was), stranger()),
        (jobs_ix::expire_job(job.address, was), stranger()),
    ];
    // Devices have such buffers, too: the account must be one of the program's.
    let buffer = jobs_ix::open_proof(stranger().pubkey(), job.address, 10);
    for time in [0, 1_000_000] {
        net.wait(time);
        for (attempt, signer) in &attempts {
            net.refused("AccountNotInitialized", std::slice::from_ref(attempt), &[signer]);
        }
        net.refused("WrongOwner", std::slice::from_ref(&buffer), &[&stranger()]);
    }
    let again = jobs_ix::post_job(me, &was.model_root, post_args(seq, &job.work));
    net.refused("WrongSequence", &[again], &[&user(0)]);
    // And its device is free.
    let model = work::tiny();
    net.submit_price(PRICE);
    let next = net.post(&user(1), &model);
    net.ok(&[claim(0, next.address)], &[&device(0)]);
}

fn state(net: &Net, job: &Posted) -> Job {
    net.job(&job.address).unwrap()
}

#[test]
fn an_accepted_job_is_dead() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let was = state(&net, &job);
    net.ok(&[jobs_ix::accept_result(user(0).pubkey(), job.address, &was)], &[&user(0)]);
    is_dead(&mut net, &job, &was);
}

#[test]
fn a_settled_job_is_dead() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let was = state(&net, &job);
    net.draw(&job, false);
    net.wait(i64::from(WINDOW_S) + 1);
    net.ok(&[jobs_ix::settle_job(job.address, &was)], &[&stranger()]);
    is_dead(&mut net, &job, &was);
}

#[test]
fn a_job_whose_audit_was_not_answered_is_dead() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    net.draw(&job, true);
    let was = state(&net, &job);
    net.wait(i64::from(ANSWER_S) + 1);
    net.ok(&[jobs_ix::expire_audit(stranger().pubkey(), job.address, &was)], &[&stranger()]);
    is_dead(&mut net, &job, &was);
}

#[test]
fn a_cancelled_job_is_dead() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny());
    let was = state(&net, &job);
    net.ok(&[jobs_ix::cancel_job(user(0).pubkey(), job.address, &was)], &[&user(0)]);
    is_dead(&mut net, &job, &was);
}

#[test]
fn an_expired_job_is_dead() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny());
    let was = state(&net, &job);
    net.wait(i64::from(EXECUTE_S) + 1);
    net.ok(&[jobs_ix::expire_job(job.address, &was)], &[&stranger()]);
    is_dead(&mut net, &job, &was);
}

#[test]
fn a_disputed_job_is_dead() {
    let mut net = Net::new();
    let cell = (0, 0, 0);
    let job = net.cheated(&work::tiny(), cell);
    let was = state(&net, &job);
    net.upload(&stranger(), job.address, &job.work.evidence(cell));
    let dispute = net.dispute(&stranger(), job.address, cell);
    net.ok(&[dispute], &[&stranger()]);
    is_dead(&mut net, &job, &was);
}
