use client::{address, jobs_ix};
use program_tests::forge::replace;
use program_tests::{ALREADY_IN_USE, Net, stranger, user, work};
use solana_signer::Signer;

#[test]
fn a_buffer_has_1_to_10000_bytes() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    let me = stranger();
    for size in [0, 10_001, u16::MAX] {
        net.refused("BadProofSize", &[jobs_ix::open_proof(me.pubkey(), job, size)], &[&me]);
    }
    for size in [1, 10_000] {
        net.ok(&[jobs_ix::open_proof(me.pubkey(), job, size)], &[&me]);
        let buffer = net.vm.account(&address::proof(&job, &me.pubkey())).unwrap();
        assert_eq!(buffer.data.len(), jobs::state::Proof::HEADER + usize::from(size));
        net.ok(&[jobs_ix::close_proof(me.pubkey(), job)], &[&me]);
    }
}

#[test]
fn writes_stay_inside() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    let me = stranger();
    net.ok(&[jobs_ix::open_proof(me.pubkey(), job, 100)], &[&me]);
    let write = |offset, bytes| jobs_ix::write_proof(me.pubkey(), job, offset, bytes);
    for (offset, length) in [(100, 1), (99, 2), (0, 101), (u16::MAX, 1)] {
        net.refused("BadProofSize", &[write(offset, vec![1; length])], &[&me]);
    }
    net.ok(&[write(0, vec![7; 99]), write(99, vec![9])], &[&me]);
    let buffer = net.vm.account(&address::proof(&job, &me.pubkey())).unwrap();
    let evidence = &buffer.data[jobs::state::Proof::HEADER..];
    assert_eq!((&evidence[..99], evidence[99]), (&[7; 99][..], 9));
}

#[test]
fn a_buffer_is_its_provers_alone() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    let (me, other) = (stranger(), user(1));
    net.ok(&[jobs_ix::open_proof(me.pubkey(), job, 100)], &[&me]);
    net.refused(ALREADY_IN_USE, &[jobs_ix::open_proof(me.pubkey(), job, 100)], &[&me]);
    let (mine, his) = (address::proof(&job, &me.pubkey()), address::proof(&job, &other.pubkey()));
    let write = jobs_ix::write_proof(other.pubkey(), job, 0, vec![1]);
    net.refused("WrongOwner", &[replace(write, his, mine)], &[&other]);
    let close = jobs_ix::close_proof(other.pubkey(), job);
    net.refused("WrongOwner", &[replace(close, his, mine)], &[&other]);
    let open = jobs_ix::open_proof(other.pubkey(), job, 100);
    net.refused("ConstraintSeeds", &[replace(open, his, mine)], &[&other]);
}

#[test]
fn its_rent_comes_back_even_after_the_job_has_ended() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let me = stranger();
    let before = net.vm.lamports(&me.pubkey());
    net.ok(&[jobs_ix::open_proof(me.pubkey(), job.address, 500)], &[&me]);
    let state = net.job(&job.address).unwrap();
    net.ok(&[jobs_ix::accept_result(user(0).pubkey(), job.address, &state)], &[&user(0)]);
    net.ok(&[jobs_ix::close_proof(me.pubkey(), job.address)], &[&me]);
    assert_eq!(before - net.vm.lamports(&me.pubkey()), 2 * 5_000);
}
