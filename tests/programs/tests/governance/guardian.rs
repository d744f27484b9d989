use crate::steps::*;
use client::{Pubkey, address, governance_ix};
use governance::events::PausedByGuardian;
use governance::state::{Action, Choice, Rule, Status, Target};
use program_tests::forge::replace;
use program_tests::net::TIMELOCK_S;
use program_tests::{Net, event, guardian, operator, stranger, user};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn veto(number: u64) -> Instruction {
    governance_ix::veto(guardian().pubkey(), number)
}

fn pause(target: Target, flags: u8) -> Instruction {
    governance_ix::guardian_pause(guardian().pubkey(), target, flags)
}

#[test]
fn the_guardian_stops_a_vote_and_what_has_passed_but_not_what_is_done() {
    let mut net = Net::new();
    let voting = propose(&mut net, SIGNAL);
    net.ok(&[veto(voting)], &[&guardian()]);
    net.refused("WrongState", &[vote(&operator(0), voting, Choice::Yes)], &[&operator(0)]);

    let ready = passed(&mut net, SIGNAL);
    net.ok(&[veto(ready)], &[&guardian()]);
    net.refused("WrongState", &[execute(ready, SIGNAL)], &[&stranger()]);
    net.refused("WrongState", &[veto(ready)], &[&guardian()]);
    assert_eq!(proposal(&net, ready).status, Status::Vetoed);

    let done = decide(&mut net, SIGNAL);
    net.refused("WrongState", &[veto(done)], &[&guardian()]);
}

#[test]
fn nobody_else_vetoes_or_pauses() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    for wallet in [stranger(), user(0), operator(0)] {
        let me = wallet.pubkey();
        net.refused("NotGuardian", &[governance_ix::veto(me, number)], &[&wallet]);
        net.refused("NotGuardian", &[governance_ix::guardian_pause(me, Target::Credits, 1)], &[&wallet]);
        net.refused("NotGuardian", &[governance_ix::offer_guardian(me, me)], &[&wallet]);
        net.refused("NothingOffered", &[governance_ix::accept_guardian(me)], &[&wallet]);
    }
}

#[test]
fn the_guardian_cannot_stop_its_own_replacement_nor_outlive_it() {
    let mut net = Net::new();
    let action = Action::Guardian { new: user(2).pubkey() };
    let number = propose(&mut net, action);
    net.refused("NotVetoable", &[veto(number)], &[&guardian()]);
    net.ok(&[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
    finish(&mut net, number);
    net.refused("NotVetoable", &[veto(number)], &[&guardian()]);
    // It offers its place to an accomplice meanwhile.
    net.ok(&[governance_ix::offer_guardian(guardian().pubkey(), stranger().pubkey())], &[&guardian()]);
    net.wait(i64::from(TIMELOCK_S));
    net.ok(&[execute(number, action)], &[&stranger()]);
    assert_eq!(config(&net).guardian, user(2).pubkey());
    net.refused("NothingOffered", &[governance_ix::accept_guardian(stranger().pubkey())], &[&stranger()]);
    net.refused("NotGuardian", &[pause(Target::Jobs, 1)], &[&guardian()]);
    net.ok(&[governance_ix::guardian_pause(user(2).pubkey(), Target::Jobs, 1)], &[&user(2)]);
}

#[test]
fn without_a_guardian_nobody_stops_anything() {
    let mut net = Net::new();
    decide(&mut net, Action::Guardian { new: Pubkey::default() });
    let number = propose(&mut net, SIGNAL);
    net.refused("NotGuardian", &[veto(number)], &[&guardian()]);
}

#[test]
fn the_guardian_hands_over_in_two_steps_and_can_think_again() {
    let mut net = Net::new();
    let (old, new) = (guardian().pubkey(), user(1).pubkey());
    net.ok(&[governance_ix::offer_guardian(old, new)], &[&guardian()]);
    net.refused("NothingOffered", &[governance_ix::accept_guardian(stranger().pubkey())], &[&stranger()]);
    net.ok(&[governance_ix::offer_guardian(old, Pubkey::default())], &[&guardian()]);
    net.refused("NothingOffered", &[governance_ix::accept_guardian(new)], &[&user(1)]);
    net.ok(&[governance_ix::offer_guardian(old, new)], &[&guardian()]);
    net.ok(&[governance_ix::accept_guardian(new)], &[&user(1)]);
    let config = config(&net);
    assert_eq!((config.guardian, config.pending_guardian), (new, Pubkey::default()));
    net.refused("NothingOffered", &[governance_ix::accept_guardian(new)], &[&user(1)]);
    net.refused("NotGuardian", &[governance_ix::offer_guardian(old, old)], &[&guardian()]);
}

#[test]
fn the_guardian_sets_flags_and_clears_none() {
    let mut net = Net::new();
    for target in [Target::Credits, Target::Staking, Target::Jobs] {
        let mut flags = |flags| {
            let meta = net.ok(&[pause(target, flags)], &[&guardian()]);
            event::first::<PausedByGuardian>(&meta.events).flags
        };
        assert_eq!(flags(1), 1);
        assert_eq!(flags(4), 5);
        net.refused("NothingToPause", &[pause(target, 1)], &[&guardian()]);
        net.refused("NothingToPause", &[pause(target, 5)], &[&guardian()]);
        net.refused("NothingToPause", &[pause(target, 0)], &[&guardian()]);
        net.refused("ParameterOutOfBounds", &[pause(target, 16)], &[&guardian()]);
    }
    let credits: credits::state::Config = net.vm.read(&address::credits_config()).unwrap();
    let staking: staking::state::Config = net.vm.read(&address::staking_config()).unwrap();
    let jobs: jobs::state::Config = net.vm.read(&address::jobs_config()).unwrap();
    assert_eq!((credits.paused, staking.paused, jobs.paused), (5, 5, 5));
    decide(&mut net, Action::Jobs(jobs::Order::Pause { flags: 0 }));
    let jobs: jobs::state::Config = net.vm.read(&address::jobs_config()).unwrap();
    assert_eq!(jobs.paused, 0);
}

#[test]
fn the_flags_are_read_from_the_program_that_is_paused() {
    let mut net = Net::new();
    net.ok(&[pause(Target::Jobs, 2)], &[&guardian()]);
    let attempt = pause(Target::Jobs, 1);
    // A config with other flags would clear those that are set.
    let swapped = replace(attempt.clone(), address::jobs_config(), address::staking_config());
    net.refused("WrongTarget", &[swapped], &[&guardian()]);
    let mut forged = net.vm.account(&address::jobs_config()).unwrap();
    forged.owner = governance::ID;
    let at = Pubkey::new_unique();
    net.vm.set_account(at, forged);
    net.refused("WrongTarget", &[replace(attempt.clone(), address::jobs_config(), at)], &[&guardian()]);
    net.refused("WrongTarget", &[replace(attempt, jobs::ID, staking::ID)], &[&guardian()]);
    let mut with_accounts = pause(Target::Jobs, 1);
    with_accounts.data = pause(Target::Governance, 1).data;
    net.refused("WrongTarget", &[with_accounts], &[&guardian()]);
}

#[test]
fn while_proposals_are_paused_the_ways_out_are_open() {
    let mut net = Net::new();
    net.refused("NothingToPause", &[pause(Target::Governance, 2)], &[&guardian()]);
    let number = propose(&mut net, SIGNAL);
    net.ok(&[pause(Target::Governance, 1)], &[&guardian()]);
    net.refused("Paused", &[governance_ix::propose(user(0).pubkey(), number + 1, SIGNAL)], &[&user(0)]);
    net.ok(&[vote(&operator(0), number, Choice::Yes)], &[&operator(0)]);
    finish(&mut net, number);
    decide(&mut net, Action::Guardian { new: user(2).pubkey() });
    decide(&mut net, rule(Rule::Paused, 0));
    assert_eq!((config(&net).paused, config(&net).rules_version), (0, 0));
    propose(&mut net, SIGNAL);
}
