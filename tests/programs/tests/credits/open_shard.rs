use client::{address, credits_ix};
use program_tests::forge::replace;
use program_tests::net::launch;
use program_tests::{ALREADY_IN_USE, Net, authority, stranger};
use solana_signer::Signer;

fn initialized() -> Net {
    let mut net = Net::bare();
    net.ok(&[credits_ix::initialize(authority().pubkey(), launch())], &[&authority()]);
    net
}

#[test]
fn anyone_opens_shard_15_and_nobody_shard_16() {
    let mut net = initialized();
    net.refused("WrongShard", &[credits_ix::open_shard(stranger().pubkey(), 16)], &[&stranger()]);
    let meta = net.ok(&[credits_ix::open_shard(stranger().pubkey(), 15)], &[&stranger()]);
    assert_eq!((meta.events[0].stamp.shard, meta.events[0].stamp.seq), (15, 1));
}

#[test]
fn a_shard_is_opened_once() {
    let mut net = initialized();
    let open = credits_ix::open_shard(stranger().pubkey(), 3);
    net.ok(std::slice::from_ref(&open), &[&stranger()]);
    net.refused(ALREADY_IN_USE, &[open], &[&stranger()]);
}

#[test]
fn a_shard_cannot_be_opened_at_another_shards_address() {
    let mut net = initialized();
    let open = credits_ix::open_shard(stranger().pubkey(), 3);
    let forged = replace(open, address::credits_shard(3), address::credits_shard(4));
    net.refused("ConstraintSeeds", &[forged], &[&stranger()]);
}
