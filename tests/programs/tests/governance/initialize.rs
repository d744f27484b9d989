use crate::steps::config;
use client::{address, governance_ix};
use governance::InitializeArgs;
use program_tests::forge::replace;
use program_tests::net::{DEPOSIT, IO, governance_launch, launch};
use program_tests::{Net, authority, guardian, stranger, user};
use solana_signer::Signer;

fn with_credits() -> Net {
    let mut net = Net::bare();
    net.ok(&[client::credits_ix::initialize(authority().pubkey(), launch())], &[&authority()]);
    net
}

#[test]
fn the_upgrade_authority_sets_rules_and_guardian_once() {
    let mut net = with_credits();
    let initialize = governance_ix::initialize(authority().pubkey(), governance_launch());
    net.ok(std::slice::from_ref(&initialize), &[&authority()]);
    let config = config(&net);
    assert_eq!((config.guardian, config.deposit, config.io_mint), (guardian().pubkey(), DEPOSIT, address::io_mint()));
    assert_eq!((config.next_proposal, config.rules_version, config.paused), (0, 0, 0));
    net.refused(program_tests::ALREADY_IN_USE, &[initialize], &[&authority()]);
}

#[test]
fn a_stranger_is_refused() {
    let mut net = with_credits();
    let attempt = governance_ix::initialize(stranger().pubkey(), governance_launch());
    net.refused("NotUpgradeAuthority", std::slice::from_ref(&attempt), &[&stranger()]);
    net.vm.set_upgrade_authority(&jobs::ID, Some(stranger().pubkey()));
    let (own, other) = (address::program_data(&governance::ID), address::program_data(&jobs::ID));
    net.refused("ConstraintSeeds", &[replace(attempt, own, other)], &[&stranger()]);
}

#[test]
fn another_coin_is_refused() {
    let mut net = with_credits();
    let right = address::io_mint();
    let other = client::Pubkey::new_unique();
    let twin = net.vm.account(&right).unwrap();
    net.vm.set_account(other, twin);
    let attempt = governance_ix::initialize(authority().pubkey(), governance_launch());
    net.refused("WrongTarget", &[replace(attempt, right, other)], &[&authority()]);
}

#[test]
fn every_rule_is_accepted_at_its_bounds_and_refused_past_them() {
    type Change = fn(&mut InitializeArgs);
    let cases: [(Change, Change); 12] = [
        (|a| a.deposit = IO, |a| a.deposit = IO - 1),
        (|a| a.deposit = 1_000_000 * IO, |a| a.deposit = 1_000_000 * IO + 1),
        (|a| a.voting_s = 1, |a| a.voting_s = 0),
        (|a| a.voting_s = 2_592_000, |a| a.voting_s = 2_592_001),
        (|a| a.timelock_s = 1, |a| a.timelock_s = 0),
        (|a| a.timelock_s = 2_592_000, |a| a.timelock_s = 2_592_001),
        (|a| a.grace_s = 60, |a| a.grace_s = 59),
        (|a| a.grace_s = 2_592_000, |a| a.grace_s = 2_592_001),
        (|a| a.quorum_bps = 100, |a| a.quorum_bps = 99),
        (|a| a.quorum_bps = 5_000, |a| a.quorum_bps = 5_001),
        (|a| a.threshold_bps = 5_000, |a| a.threshold_bps = 4_999),
        (|a| a.threshold_bps = 9_000, |a| a.threshold_bps = 9_001),
    ];
    let base = with_credits();
    for (at_bound, past_it) in cases {
        let (mut fine, mut bad) = (governance_launch(), governance_launch());
        at_bound(&mut fine);
        past_it(&mut bad);
        let mut net = base.clone();
        net.refused("OutOfBounds", &[governance_ix::initialize(authority().pubkey(), bad)], &[&authority()]);
        net.ok(&[governance_ix::initialize(authority().pubkey(), fine)], &[&authority()]);
    }
}

#[test]
fn a_shard_opens_once_and_only_below_16() {
    let mut net = Net::new();
    net.refused("WrongShard", &[governance_ix::open_shard(user(0).pubkey(), 16)], &[&user(0)]);
    net.refused(program_tests::ALREADY_IN_USE, &[governance_ix::open_shard(user(0).pubkey(), 3)], &[&user(0)]);
}
