use client::{address, jobs_ix};
use program_tests::forge::replace;
use program_tests::{ALREADY_IN_USE, Net, stranger, user};
use solana_signer::Signer;

#[test]
fn a_counter_starts_at_zero_and_is_opened_once() {
    let mut net = Net::new();
    let me = stranger();
    let open = jobs_ix::open_user(me.pubkey());
    net.ok(std::slice::from_ref(&open), &[&me]);
    let counter: jobs::state::User = net.vm.read(&address::user(&me.pubkey())).unwrap();
    assert_eq!((counter.owner, counter.next_seq), (me.pubkey(), 0));
    net.refused(ALREADY_IN_USE, &[open], &[&me]);
}

#[test]
fn it_is_opened_at_the_signers_address_in_his_shard() {
    let mut net = Net::new();
    let (me, other) = (stranger().pubkey(), user(0).pubkey());
    let forged = replace(jobs_ix::open_user(me), address::user(&me), address::user(&other));
    net.refused("ConstraintSeeds", &[forged], &[&stranger()]);
    let shard = address::jobs_shard_of(&me);
    let other = (0..16).map(address::jobs_shard).find(|s| *s != shard).unwrap();
    net.refused("WrongShard", &[replace(jobs_ix::open_user(me), shard, other)], &[&stranger()]);
}
