use client::{address, jobs_ix};
use jobs::events::JobExpired;
use program_tests::forge::replace;
use program_tests::net::{CLAIM_S, EXECUTE_S, FORFEIT_BPS, JOB_PRICE, USER_IOSD};
use program_tests::{Net, device, event, operator, stranger, user, work};
use solana_signer::Signer;

#[test]
fn an_unclaimed_job_expires_one_second_after_its_deadline() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let expire = jobs_ix::expire_job(job, &net.job(&job).unwrap());
    net.wait(i64::from(CLAIM_S));
    net.refused("TooEarly", std::slice::from_ref(&expire), &[&stranger()]);
    net.wait(1);
    let meta = net.ok(&[expire], &[&stranger()]);
    let expired: JobExpired = event::first(&meta.events);
    assert_eq!((expired.device, expired.refund), (None, JOB_PRICE));
    assert_eq!(net.iosd(&user(0)), USER_IOSD);
}

#[test]
fn an_uncommitted_job_expires_one_second_after_its_deadline_and_frees_the_device() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    let expire = jobs_ix::expire_job(job, &net.job(&job).unwrap());
    net.wait(i64::from(EXECUTE_S));
    net.refused("TooEarly", std::slice::from_ref(&expire), &[&stranger()]);
    net.wait(1);
    let meta = net.ok(&[expire], &[&stranger()]);
    assert_eq!(event::first::<JobExpired>(&meta.events).device, Some(device(0).pubkey()));
    let worker: jobs::state::Device = net.vm.read(&address::device(&device(0).pubkey())).unwrap();
    let supplier: jobs::state::Operator = net.vm.read(&address::operator(&operator(0).pubkey())).unwrap();
    assert_eq!((worker.live_job, worker.jobs_expired), (client::Pubkey::default(), 1));
    assert_eq!((supplier.jobs_expired, net.iosd(&user(0))), (1, USER_IOSD));
}

#[test]
fn a_committed_job_never_expires() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny()).address;
    net.wait(100_000);
    net.refused("WrongState", &[jobs_ix::expire_job(job, &net.job(&job).unwrap())], &[&stranger()]);
}

#[test]
fn the_claiming_device_cannot_be_left_out_or_replaced() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    net.wait(i64::from(EXECUTE_S) + 1);
    let mut state = net.job(&job).unwrap();
    let expire = jobs_ix::expire_job(job, &state);
    let others = address::device(&device(1).pubkey());
    net.refused("WrongOwner", &[replace(expire.clone(), address::device(&device(0).pubkey()), others)], &[&stranger()]);
    let others = address::operator(&operator(1).pubkey());
    net.refused("WrongOwner", &[replace(expire, address::operator(&operator(0).pubkey()), others)], &[&stranger()]);
    state.device = client::Pubkey::default();
    net.refused("WrongState", &[jobs_ix::expire_job(job, &state)], &[&stranger()]);
}

#[test]
fn the_rent_goes_to_the_user() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    net.wait(i64::from(CLAIM_S) + 1);
    let expire = jobs_ix::expire_job(job, &net.job(&job).unwrap());
    let forged = replace(expire, user(0).pubkey(), stranger().pubkey());
    net.refused("WrongOwner", &[forged], &[&stranger()]);
}

#[test]
fn an_expired_claim_gives_the_user_a_slice_of_the_stake_and_frees_the_rest() {
    let mut net = Net::new();
    let owner = operator(0);
    let job = net.claimed(&work::tiny()).address;
    let (reserved, own, had) = (net.job(&job).unwrap().reserved, net.own_position(&owner), net.io(&user(0)));
    net.wait(i64::from(EXECUTE_S) + 1);
    let expire = jobs_ix::expire_job(job, &net.job(&job).unwrap());
    let to_another =
        replace(expire.clone(), address::io_account(&user(0).pubkey()), address::io_account(&user(1).pubkey()));
    net.refused("WrongOwner", &[to_another], &[&stranger()]);
    let meta = net.ok(&[expire], &[&stranger()]);
    let slice = reserved * u64::from(FORFEIT_BPS) / 10_000;
    assert_eq!(event::first::<JobExpired>(&meta.events).forfeited, slice);
    assert_eq!(net.io(&user(0)) - had, slice);
    let left = net.own_position(&owner);
    assert_eq!((left.reserved, left.active), (0, own.active + reserved - slice));
}
