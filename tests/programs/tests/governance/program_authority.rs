use crate::steps::*;
use client::{address, credits_ix, governance_ix};
use governance::state::{Action, Target};
use program_tests::forge::replace;
use program_tests::{Net, authority, guardian, stranger, user};
use solana_signer::Signer;

#[test]
fn after_the_hand_over_the_initializer_has_no_power() {
    let mut net = Net::new();
    let order = credits::Order::Pause { flags: 1 };
    net.refused("NotAuthority", &[credits_ix::administer(authority().pubkey(), order)], &[&authority()]);
    let config: credits::state::Config = net.vm.read(&address::credits_config()).unwrap();
    assert_eq!(config.authority, address::governance_authority());
}

#[test]
fn nothing_is_accepted_that_was_not_offered() {
    let mut net = Net::new();
    for (target, error) in
        [(Target::Credits, "NoOffer"), (Target::Staking, "NotOffered"), (Target::Governance, "WrongTarget")]
    {
        net.refused(error, &[governance_ix::accept_program_authority(target)], &[&stranger()]);
    }
    assert!(net.send(&[governance_ix::accept_program_authority(Target::Jobs)], &[&stranger()]).is_err());
}

#[test]
fn what_a_vote_offers_only_the_named_one_accepts() {
    let mut net = Net::new();
    let to = user(1).pubkey();
    decide(&mut net, Action::Credits(credits::Order::OfferAuthority { to }));
    net.refused("NoOffer", &[credits_ix::accept_authority(stranger().pubkey())], &[&stranger()]);
    net.refused("NoOffer", &[governance_ix::accept_program_authority(Target::Credits)], &[&stranger()]);
    net.ok(&[credits_ix::accept_authority(to)], &[&user(1)]);
    // Governance has no power over it now, and neither has the guardian, until it is offered back.
    net.refused(
        "NotAuthority",
        &[governance_ix::guardian_pause(guardian().pubkey(), Target::Credits, 1)],
        &[&guardian()],
    );
    let number = passed(&mut net, fee(550));
    net.refused("NotAuthority", &[execute(number, fee(550))], &[&stranger()]);
    let back = credits::Order::OfferAuthority { to: address::governance_authority() };
    net.ok(&[credits_ix::administer(to, back)], &[&user(1)]);
    let accept = governance_ix::accept_program_authority(Target::Credits);
    net.refused("WrongTarget", &[replace(accept.clone(), credits::ID, jobs::ID)], &[&stranger()]);
    net.ok(&[accept], &[&stranger()]);
    net.ok(&[execute(number, fee(550))], &[&stranger()]);
}
