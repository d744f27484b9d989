use client::{address, jobs_ix};
use jobs::events::{JobPaid, Verification};
use program_tests::forge::replace;
use program_tests::net::{JOB_PRICE, WINDOW_S};
use program_tests::{Net, device, event, operator, stranger, work};
use solana_signer::Signer;

#[test]
fn anyone_settles_one_second_after_the_window_and_nobody_in_its_last_second() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let state = net.job(&job.address).unwrap();
    let settle = jobs_ix::settle_job(job.address, &state);
    net.refused("TooEarly", std::slice::from_ref(&settle), &[&stranger()]);
    net.wait(i64::from(WINDOW_S));
    net.refused("TooEarly", std::slice::from_ref(&settle), &[&stranger()]);
    net.draw(&job, false);
    net.wait(1);
    let meta = net.ok(&[settle], &[&stranger()]);
    let paid: JobPaid = event::first(&meta.events);
    assert_eq!((paid.verification, paid.price), (Verification::Unchallenged, JOB_PRICE));
    let ledger = address::earnings(&operator(0).pubkey());
    assert_eq!(net.vm.read::<credits::state::Earnings>(&ledger).unwrap().owed, JOB_PRICE - JOB_PRICE / 20);
    let worker: jobs::state::Device = net.vm.read(&address::device(&device(0).pubkey())).unwrap();
    assert_eq!((worker.live_job, worker.jobs_paid), (client::Pubkey::default(), 1));
}

#[test]
fn a_job_without_a_result_is_never_settled() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny());
    let state = net.job(&job.address).unwrap();
    net.wait(10 * i64::from(WINDOW_S));
    net.refused("WrongState", &[jobs_ix::settle_job(job.address, &state)], &[&stranger()]);
}

#[test]
fn the_supplier_cannot_be_replaced_and_the_rent_is_the_users() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let settle = jobs_ix::settle_job(job.address, &net.job(&job.address).unwrap());
    net.draw(&job, false);
    net.wait(i64::from(WINDOW_S) + 1);
    let (mine, others) = (address::earnings(&operator(0).pubkey()), address::earnings(&operator(1).pubkey()));
    net.refused("WrongOwner", &[replace(settle.clone(), mine, others)], &[&stranger()]);
    let user = net.job(&job.address).unwrap().user;
    net.refused("WrongOwner", &[replace(settle, user, stranger().pubkey())], &[&stranger()]);
}
