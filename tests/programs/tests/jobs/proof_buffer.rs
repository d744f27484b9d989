use client::{Pubkey, address, jobs_ix};
use jobs::constants::MAX_GROWTH;
use jobs::state::Proof;
use program_tests::forge::replace;
use program_tests::{ALREADY_IN_USE, Net, stranger, user, work};
use solana_signer::Signer;

#[test]
fn a_buffer_is_opened_with_1_to_10000_bytes() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    let me = stranger();
    for size in [0, 10_001, u32::MAX] {
        net.refused("BadProofSize", &[jobs_ix::open_proof(me.pubkey(), job, size)], &[&me]);
    }
    for size in [1, 10_000] {
        net.ok(&[jobs_ix::open_proof(me.pubkey(), job, size)], &[&me]);
        assert_eq!(evidence(&net, job).len(), size as usize);
        net.ok(&[jobs_ix::close_proof(me.pubkey(), job)], &[&me]);
    }
}

/// What the stranger's buffer holds.
fn evidence(net: &Net, job: Pubkey) -> Vec<u8> {
    let buffer = net.vm.account(&address::proof(&job, &stranger().pubkey())).unwrap();
    buffer.data[Proof::HEADER..].to_vec()
}

#[test]
fn it_grows_to_the_longest_evidence_and_keeps_what_was_written() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    let me = stranger();
    let before = net.vm.lamports(&me.pubkey());
    net.ok(&[jobs_ix::open_proof(me.pubkey(), job, 100)], &[&me]);
    net.ok(&[jobs_ix::write_proof(me.pubkey(), job, 0, vec![7; 100])], &[&me]);
    let most = jobs::constants::MAX_PROOF_BYTES;
    let grow = |size| jobs_ix::grow_proof(me.pubkey(), job, size);
    for size in [100 + MAX_GROWTH + 1, most, most + 1, u32::MAX] {
        net.refused("BadProofSize", &[grow(size)], &[&me]);
    }
    // All of it in one transaction, and again.
    let steps: Vec<_> =
        (1..).map(|i| 100 + i * MAX_GROWTH).take_while(|&size| size < most).chain([most]).map(grow).collect();
    net.ok(&steps, &[&me]);
    net.ok(&steps, &[&me]);
    let mut expected = vec![7; 100];
    expected.resize(most as usize, 0);
    assert_eq!(evidence(&net, job), expected);
    net.refused("BadProofSize", &[grow(most + 1)], &[&me]);
    let account = address::proof(&job, &me.pubkey());
    let rent = net.vm.account(&account).unwrap().lamports;
    assert_eq!(rent, net.vm.rent(Proof::HEADER + most as usize), "exempt, and no more");

    let write = |offset, length| jobs_ix::write_proof(me.pubkey(), job, offset, vec![9; length]);
    net.refused("BadProofSize", &[write(most - 1, 2)], &[&me]);
    net.ok(&[write(most - 2, 2), write(70_000, 1)], &[&me]);
    let held = evidence(&net, job);
    assert_eq!((&held[held.len() - 3..], &held[69_999..70_002]), (&[0, 9, 9][..], &[0, 9, 0][..]));
    net.ok(&[jobs_ix::close_proof(me.pubkey(), job)], &[&me]);
    assert_eq!(before - net.vm.lamports(&me.pubkey()), 12 * 5_000, "only the fees of twelve transactions are gone");
}

#[test]
fn a_smaller_size_changes_nothing() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    let me = stranger();
    net.ok(&[jobs_ix::open_proof(me.pubkey(), job, 100)], &[&me]);
    net.ok(&[jobs_ix::write_proof(me.pubkey(), job, 0, vec![7; 100])], &[&me]);
    let before = net.vm.account(&address::proof(&job, &me.pubkey())).unwrap();
    for size in [0, 1, 99, 100] {
        net.ok(&[jobs_ix::grow_proof(me.pubkey(), job, size)], &[&me]);
        assert_eq!(net.vm.account(&address::proof(&job, &me.pubkey())).unwrap(), before);
    }
}

#[test]
fn writes_stay_inside() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    let me = stranger();
    net.ok(&[jobs_ix::open_proof(me.pubkey(), job, 100)], &[&me]);
    let write = |offset, bytes| jobs_ix::write_proof(me.pubkey(), job, offset, bytes);
    for (offset, length) in [(100, 1), (99, 2), (0, 101), (u32::MAX, 1)] {
        net.refused("BadProofSize", &[write(offset, vec![1; length])], &[&me]);
    }
    net.ok(&[write(0, vec![7; 99]), write(99, vec![9])], &[&me]);
    let evidence = evidence(&net, job);
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
    let grow = jobs_ix::grow_proof(other.pubkey(), job, 200);
    net.refused("WrongOwner", &[replace(grow, his, mine)], &[&other]);
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
