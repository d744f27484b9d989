use anchor_lang::prelude::Pubkey;
use client::{address, credits_ix};
use credits::InitializeArgs;
use program_tests::forge::replace;
use program_tests::net::{GENESIS, START, launch};
use program_tests::{Net, authority, stranger, submitter};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn initialize(args: InitializeArgs) -> Instruction {
    credits_ix::initialize(authority().pubkey(), args)
}

#[test]
fn the_upgrade_authority_creates_config_mints_and_feed() {
    let mut net = Net::bare();
    net.ok(&[initialize(launch())], &[&authority()]);
    let config: credits::state::Config = net.vm.read(&address::credits_config()).unwrap();
    assert_eq!((config.authority, config.genesis_time), (authority().pubkey(), START));
    assert_eq!((config.io_mint, config.iosd_mint), (address::io_mint(), address::iosd_mint()));
    assert_eq!((net.vm.supply(&address::io_mint()), net.io(&authority())), (GENESIS, GENESIS));
    assert_eq!(net.vm.supply(&address::iosd_mint()), 0);
    let feed: credits::state::Feed = net.vm.read(&address::feed()).unwrap();
    assert_eq!(feed.quotes.iter().map(|q| q.submitter).collect::<Vec<_>>(), launch().submitters);
}

#[test]
fn a_stranger_is_refused() {
    let mut net = Net::bare();
    let attempt = credits_ix::initialize(stranger().pubkey(), launch());
    net.refused("NotUpgradeAuthority", &[attempt], &[&stranger()]);
}

#[test]
fn a_stranger_with_the_data_account_of_a_program_of_his_own_is_refused() {
    let mut net = Net::bare();
    net.vm.set_upgrade_authority(&jobs::ID, Some(stranger().pubkey()));
    let attempt = credits_ix::initialize(stranger().pubkey(), launch());
    let own = address::program_data(&jobs::ID);
    let forged = replace(attempt, address::program_data(&credits::ID), own);
    net.refused("ConstraintSeeds", &[forged], &[&stranger()]);
}

#[test]
fn nobody_can_initialize_a_program_that_cannot_be_upgraded() {
    let mut net = Net::bare();
    net.vm.set_upgrade_authority(&credits::ID, None);
    net.refused("NotUpgradeAuthority", &[initialize(launch())], &[&authority()]);
}

#[test]
fn it_works_once() {
    let mut net = Net::bare();
    net.ok(&[initialize(launch())], &[&authority()]);
    net.refused(program_tests::ALREADY_IN_USE, &[initialize(launch())], &[&authority()]);
}

#[test]
fn lamports_sent_to_the_mints_beforehand_do_not_prevent_it() {
    let mut net = Net::bare();
    for mint in [address::io_mint(), address::iosd_mint(), address::credits_config()] {
        net.vm.airdrop(&mint, 5_000_000);
    }
    net.ok(&[initialize(launch())], &[&authority()]);
}

#[test]
fn every_parameter_is_accepted_at_its_bound_and_refused_one_past_it() {
    type Change = fn(&mut InitializeArgs);
    let cases: [(Change, Change, &str); 8] = [
        (|a| a.fee_bps = 2_000, |a| a.fee_bps = 2_001, "ParameterOutOfBounds"),
        (|a| a.incentive_bps = 10_000, |a| a.incentive_bps = 10_001, "ParameterOutOfBounds"),
        (|a| a.max_spread_bps = 1_000, |a| a.max_spread_bps = 1_001, "ParameterOutOfBounds"),
        (|a| a.max_spread_bps = 1, |a| a.max_spread_bps = 0, "ParameterOutOfBounds"),
        (|a| a.max_price_age_s = 3_600, |a| a.max_price_age_s = 3_601, "ParameterOutOfBounds"),
        (|a| a.epoch_s = 86_400, |a| a.epoch_s = 86_401, "ParameterOutOfBounds"),
        (|a| a.epoch_s = 1, |a| a.epoch_s = 0, "ParameterOutOfBounds"),
        (|a| a.redemption_cap = economy::IO_CAP, |a| a.redemption_cap = economy::IO_CAP + 1, "ParameterOutOfBounds"),
    ];
    for (at_bound, past_it, error) in cases {
        let (mut fine, mut bad) = (launch(), launch());
        at_bound(&mut fine);
        past_it(&mut bad);
        let mut net = Net::bare();
        net.refused(error, &[initialize(bad)], &[&authority()]);
        net.ok(&[initialize(fine)], &[&authority()]);
    }
}

#[test]
fn the_genesis_supply_may_be_the_cap_and_not_one_unit_more() {
    let with = |genesis_supply| initialize(InitializeArgs { genesis_supply, ..launch() });
    let mut net = Net::bare();
    net.refused("SupplyCap", &[with(economy::IO_CAP + 1)], &[&authority()]);
    net.send(&[with(economy::IO_CAP)], &[&authority()]).unwrap();
    assert_eq!(net.vm.supply(&address::io_mint()), economy::IO_CAP);
}

#[test]
fn a_feed_has_1_to_8_distinct_submitters() {
    let with = |submitters: Vec<Pubkey>| initialize(InitializeArgs { submitters, ..launch() });
    let many = |n: usize| (0..n).map(|i| submitter(i).pubkey()).collect::<Vec<_>>();
    let mut net = Net::bare();
    net.refused("ParameterOutOfBounds", &[with(vec![])], &[&authority()]);
    net.refused("ParameterOutOfBounds", &[with(many(9))], &[&authority()]);
    net.refused("ParameterOutOfBounds", &[with([many(2), many(1)].concat())], &[&authority()]);
    net.ok(&[with(many(8))], &[&authority()]);
}

#[test]
fn the_iosd_mint_must_be_a_token_2022_mint() {
    let mut net = Net::bare();
    let forged = replace(initialize(launch()), anchor_spl::token_2022::ID, anchor_spl::token::ID);
    net.refused("InvalidProgramId", &[forged], &[&authority()]);
}
