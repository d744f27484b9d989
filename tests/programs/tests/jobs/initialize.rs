//! The config and the event sequences.
use client::{address, jobs_ix};
use jobs::InitializeArgs;
use program_tests::forge::replace;
use program_tests::net::jobs_launch;
use program_tests::{ALREADY_IN_USE, Net, authority, stranger};
use solana_signer::Signer;

#[test]
fn the_window_is_1_second_to_7_days() {
    let admin = authority();
    let with = |challenge_window_s| {
        jobs_ix::initialize(admin.pubkey(), InitializeArgs { challenge_window_s, ..jobs_launch() })
    };
    for (fine, bad) in [(1, 0), (7 * 86_400, 7 * 86_400 + 1)] {
        let mut net = Net::bare();
        net.refused("ParameterOutOfBounds", &[with(bad)], &[&admin]);
        net.ok(&[with(fine)], &[&admin]);
        let config: jobs::state::Config = net.vm.read(&address::jobs_config()).unwrap();
        assert_eq!((config.authority, config.challenge_window_s), (admin.pubkey(), fine));
    }
}

#[test]
fn a_stranger_is_refused() {
    let mut net = Net::bare();
    let attempt = jobs_ix::initialize(stranger().pubkey(), jobs_launch());
    net.refused("NotUpgradeAuthority", std::slice::from_ref(&attempt), &[&stranger()]);
    net.vm.set_upgrade_authority(&credits::ID, Some(stranger().pubkey()));
    let forged = replace(attempt, address::program_data(&jobs::ID), address::program_data(&credits::ID));
    net.refused("ConstraintSeeds", &[forged], &[&stranger()]);
}

#[test]
fn it_works_once() {
    let mut net = Net::new();
    net.refused(ALREADY_IN_USE, &[jobs_ix::initialize(authority().pubkey(), jobs_launch())], &[&authority()]);
}

#[test]
fn shards_are_0_to_15_and_opened_once_at_their_own_address() {
    let mut net = Net::bare();
    let open = |index| jobs_ix::open_shard(stranger().pubkey(), index);
    net.refused("WrongShard", &[open(16)], &[&stranger()]);
    net.ok(&[open(15)], &[&stranger()]);
    net.refused(ALREADY_IN_USE, &[open(15)], &[&stranger()]);
    let forged = replace(open(1), address::jobs_shard(1), address::jobs_shard(2));
    net.refused("ConstraintSeeds", &[forged], &[&stranger()]);
}
