use crate::support::*;
use client::{address, staking_ix};
use program_tests::net::staking_launch;
use program_tests::{Net, authority, event, key, stranger};
use solana_signer::Signer;
use staking::events::*;
use staking::{InitializeArgs, Order, Parameter};

#[test]
fn parameters_move_within_their_bounds_by_limited_steps() {
    let mut net = ruled();
    let set = |parameter, value| staking_ix::administer(ruler().pubkey(), Order::Set { parameter, value });
    let cases = [
        (Parameter::SlashCapBps, 3_500, 4_001, 5_001),
        (Parameter::ProverBps, 3_000, 3_501, 5_001),
        (Parameter::MaxCommissionBps, 1_500, 2_001, 5_001),
        (Parameter::DisputeS, 4_000, 8_001, 30 * 86_400 + 1),
    ];
    for (parameter, fine, far, out) in cases {
        let old = config(&net).get(parameter);
        let meta = net.ok(&[set(parameter, fine)], &[&ruler()]);
        let done: ParameterSet = event::first(&meta.events);
        assert_eq!((done.parameter, done.old, done.new), (parameter, old, fine));
        assert_eq!(config(&net).get(parameter), fine);
        net.refused("StepTooLarge", &[set(parameter, far)], &[&ruler()]);
        net.refused("ParameterOutOfBounds", &[set(parameter, out)], &[&ruler()]);
    }
    let pause = staking_ix::administer(ruler().pubkey(), Order::Pause { flags: 8 });
    net.refused("ParameterOutOfBounds", &[pause], &[&ruler()]);
}

#[test]
fn only_the_authority_orders_and_it_is_handed_over_in_two_steps() {
    let mut net = ruled();
    net.vm.airdrop(&key("next").pubkey(), 1_000_000_000);
    let pause = |who: &solana_keypair::Keypair| staking_ix::administer(who.pubkey(), Order::Pause { flags: 1 });
    net.refused("NotAuthority", &[pause(&stranger())], &[&stranger()]);
    let to = key("next").pubkey();
    net.refused("NotOffered", &[staking_ix::accept_authority(to)], &[&key("next")]);
    net.ok(&[staking_ix::administer(ruler().pubkey(), Order::OfferAuthority { to })], &[&ruler()]);
    net.refused("NotOffered", &[staking_ix::accept_authority(stranger().pubkey())], &[&stranger()]);
    net.refused("NotAuthority", &[pause(&key("next"))], &[&key("next")]);
    let meta = net.ok(&[staking_ix::accept_authority(to)], &[&key("next")]);
    assert_eq!(event::first::<AuthorityAccepted>(&meta.events).authority, to);
    net.refused("NotOffered", &[staking_ix::accept_authority(to)], &[&key("next")]);
    net.refused("NotAuthority", &[pause(&ruler())], &[&ruler()]);
    net.ok(&[pause(&key("next"))], &[&key("next")]);
}

#[test]
fn only_the_upgrade_authority_initializes_within_bounds_and_with_the_credits_programs_epochs() {
    let mut net = Net::bare();
    let launch = client::credits_ix::initialize(authority().pubkey(), program_tests::net::launch());
    net.ok(&[launch], &[&authority()]);
    let with = |change: fn(&mut InitializeArgs)| {
        let mut args = staking_launch();
        change(&mut args);
        staking_ix::initialize(authority().pubkey(), args)
    };
    let out: [fn(&mut InitializeArgs); 4] =
        [|a| a.dispute_s = 0, |a| a.slash_cap_bps = 5_001, |a| a.prover_bps = 5_001, |a| a.max_commission_bps = 5_001];
    for change in out {
        net.refused("ParameterOutOfBounds", &[with(change)], &[&authority()]);
    }
    let first = staking_ix::initialize(stranger().pubkey(), staking_launch());
    net.refused("NotUpgradeAuthority", &[first], &[&stranger()]);
    net.ok(&[with(|_| ())], &[&authority()]);
    let credits: credits::state::Config = net.vm.read(&address::credits_config()).unwrap();
    assert_eq!((config(&net).genesis_time, config(&net).epoch_s), (credits.genesis_time, credits.epoch_s));
    assert!(net.send(&[with(|_| ())], &[&authority()]).is_err());
}
