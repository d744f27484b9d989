use crate::steps::*;
use client::{address, governance_ix};
use credits::state::{PriceSource, Purpose};
use governance::events::ProposalExecuted;
use governance::state::{Action, Rule, Status};
use program_tests::forge::replace;
use program_tests::net::{GRACE_S, TIMELOCK_S};
use program_tests::{Net, event, key, operator, stranger, submitter, user};
use solana_signer::Signer;

fn credits_config(net: &Net) -> credits::state::Config {
    net.vm.read(&address::credits_config()).unwrap()
}

#[test]
fn orders_reach_the_programs_that_they_are_for() {
    let mut net = Net::new();
    let meta = {
        let number = passed(&mut net, fee(550));
        net.ok(&[execute(number, fee(550))], &[&stranger()])
    };
    let executed: ProposalExecuted = event::first(&meta.events);
    assert_eq!((executed.number, executed.action), (0, fee(550)));
    let set =
        meta.events.iter().filter(|e| e.program == credits::ID).find_map(|e| e.get::<credits::events::ParameterSet>());
    let set = set.expect("the credits program says what it did");
    assert_eq!((set.old, set.new), (500, 550));
    assert_eq!((credits_config(&net).fee_bps, proposal(&net, 0).status), (550, Status::Executed));

    let staking = staking::Order::Set { parameter: staking::Parameter::ProverBps, value: 2_000 };
    decide(&mut net, Action::Staking(staking));
    let config: staking::state::Config = net.vm.read(&address::staking_config()).unwrap();
    assert_eq!(config.prover_bps, 2_000);

    let jobs = jobs::Order::Set { parameter: jobs::Parameter::ForfeitBps, value: 2_000 };
    decide(&mut net, Action::Jobs(jobs));
    let config: jobs::state::Config = net.vm.read(&address::jobs_config()).unwrap();
    assert_eq!(config.forfeit_bps, 2_000);
}

#[test]
fn every_order_to_the_credits_program_works() {
    let mut net = Net::new();
    let (old, new) = (submitter(2).pubkey(), key("a new submitter").pubkey());
    decide(&mut net, Action::Credits(credits::Order::ReplaceSubmitter { old, new }));
    let feed: credits::state::Feed = net.vm.read(&address::feed()).unwrap();
    assert!(feed.quotes.iter().any(|q| q.submitter == new) && feed.quotes.iter().all(|q| q.submitter != old));

    let (purpose, authority) = (Purpose::Idle, user(2).pubkey());
    let minter = credits::Order::SetMinter { purpose, authority, total_limit: 7, epoch_limit: 5 };
    decide(&mut net, Action::Credits(minter));
    let emission: credits::state::Emission = net.vm.read(&address::emission()).unwrap();
    let budget = emission.budgets[purpose as usize];
    assert_eq!((budget.authority, budget.total_limit, budget.epoch_limit), (authority, 7, 5));

    let source = PriceSource::Pyth {
        receiver: credits::constants::PYTH_RECEIVERS[0],
        account: user(2).pubkey(),
        feed_id: [7; 32],
    };
    decide(&mut net, Action::Credits(credits::Order::SetPriceSource { source }));
    assert_eq!(credits_config(&net).price_source, source);

    decide(&mut net, Action::Credits(credits::Order::Pause { flags: 5 }));
    assert_eq!(credits_config(&net).paused, 5);
    decide(&mut net, Action::Credits(credits::Order::Pause { flags: 0 }));
    assert_eq!(credits_config(&net).paused, 0);
}

#[test]
fn what_passed_happens_from_eta_to_the_end_of_grace_and_once() {
    let mut net = Net::new();
    let number = propose(&mut net, SIGNAL);
    let execute = || execute(number, SIGNAL);
    net.ok(&[vote(&operator(0), number, governance::Choice::Yes)], &[&operator(0)]);
    net.refused("WrongState", &[execute()], &[&stranger()]);
    finish(&mut net, number);
    net.wait(i64::from(TIMELOCK_S) - 1);
    net.refused("Timelocked", &[execute()], &[&stranger()]);
    net.wait(1);
    let mut late = net.clone();
    net.ok(&[execute()], &[&stranger()]);
    net.refused("WrongState", &[execute()], &[&stranger()]);

    late.wait(i64::from(GRACE_S));
    let mut too_late = late.clone();
    late.ok(&[execute()], &[&stranger()]);
    too_late.wait(1);
    too_late.refused("Expired", &[execute()], &[&stranger()]);
}

#[test]
fn twice_in_one_transaction_is_refused() {
    let mut net = Net::new();
    let number = passed(&mut net, SIGNAL);
    net.refused("WrongState", &[execute(number, SIGNAL), execute(number, SIGNAL)], &[&stranger()]);
}

#[test]
fn what_was_rejected_never_happens() {
    let mut net = Net::new();
    let number = unheard(&mut net);
    net.wait(i64::from(TIMELOCK_S));
    net.refused("WrongState", &[execute(number, SIGNAL)], &[&stranger()]);
}

#[test]
fn a_change_of_the_voting_rules_voids_what_was_proposed_before_it() {
    let mut net = Net::new();
    let number = passed(&mut net, SIGNAL);
    let voided = propose(&mut net, fee(550));
    net.ok(&[vote(&operator(1), voided, governance::Choice::Yes)], &[&operator(1)]);
    let change = rule(Rule::ThresholdBps, 5_500);
    decide(&mut net, change);
    assert_eq!((config(&net).threshold_bps, config(&net).rules_version), (5_500, 1));
    net.refused("RulesChanged", &[execute(number, SIGNAL)], &[&stranger()]);
    net.ok(&[governance_ix::finish(voided)], &[&stranger()]);
    net.wait(i64::from(TIMELOCK_S));
    net.refused("RulesChanged", &[execute(voided, fee(550))], &[&stranger()]);
    // Nothing can come of it any more: the deposit comes back at once.
    net.ok(&[governance_ix::close_proposal(stranger().pubkey(), voided, user(0).pubkey())], &[&stranger()]);
}

#[test]
fn every_rule_can_be_changed_by_a_step_and_no_further() {
    for (which, fine, far) in [
        (Rule::Deposit, 2_000_000_000, 2_000_000_001),
        (Rule::VotingS, 3_600, 3_599),
        (Rule::TimelockS, 7_200, 7_201),
        (Rule::GraceS, 43_200, 43_199),
        (Rule::QuorumBps, 1_500, 1_501),
        (Rule::ThresholdBps, 5_500, 5_501),
    ] {
        let mut net = Net::new();
        let number = passed(&mut net, rule(which, far));
        net.refused("StepTooLarge", &[execute(number, rule(which, far))], &[&stranger()]);
        let number = passed(&mut net, rule(which, fine));
        let meta = net.ok(&[execute(number, rule(which, fine))], &[&stranger()]);
        let executed: ProposalExecuted = event::first(&meta.events);
        assert_eq!((config(&net).get(which), executed.rules_version), (fine, 1));
    }
}

#[test]
fn one_kind_of_change_is_made_once_per_timelock() {
    let mut net = Net::new();
    let pair = [propose(&mut net, fee(550)), propose(&mut net, fee(600))];
    let other = propose(
        &mut net,
        Action::Credits(credits::Order::Set { parameter: credits::Parameter::IncentiveBps, value: 3_000 }),
    );
    for number in [pair[0], pair[1], other] {
        net.ok(&[vote(&operator(0), number, governance::Choice::Yes)], &[&operator(0)]);
    }
    for number in [pair[0], pair[1], other] {
        finish(&mut net, number);
    }
    net.wait(i64::from(TIMELOCK_S));
    net.ok(&[execute(pair[0], fee(550))], &[&stranger()]);
    net.refused("TooSoon", &[execute(pair[1], fee(600))], &[&stranger()]);
    let incentive = proposal(&net, other).action;
    net.ok(&[execute(other, incentive)], &[&stranger()]);
    net.wait(i64::from(TIMELOCK_S) - 1);
    net.refused("TooSoon", &[execute(pair[1], fee(600))], &[&stranger()]);
    net.wait(1);
    net.ok(&[execute(pair[1], fee(600))], &[&stranger()]);
}

#[test]
fn what_the_target_refuses_does_not_happen_and_can_be_tried_again() {
    let mut net = Net::new();
    let number = passed(&mut net, fee(601));
    net.refused("StepTooLarge", &[execute(number, fee(601))], &[&stranger()]);
    assert_eq!(
        (proposal(&net, number).status, config(&net).changed),
        (Status::Passed, [0; governance::constants::KINDS])
    );
}

#[test]
fn only_the_right_programs_accounts_are_taken_and_none_where_none_are_needed() {
    let mut net = Net::new();
    let number = passed(&mut net, fee(550));
    let right = execute(number, fee(550));
    let jobs = Action::Jobs(jobs::Order::Pause { flags: 0 });
    let staking = Action::Staking(staking::Order::Pause { flags: 0 });
    for wrong in [SIGNAL, jobs, staking] {
        net.refused("WrongTarget", &[execute(number, wrong)], &[&stranger()]);
    }
    for missing in [address::feed(), address::emission(), address::credits_config(), credits::ID] {
        let forged = replace(right.clone(), missing, governance::ID);
        net.refused("WrongTarget", &[forged], &[&stranger()]);
    }
    net.refused("WrongTarget", &[replace(right.clone(), credits::ID, jobs::ID)], &[&stranger()]);
    net.refused(
        "AccountOwnedByWrongProgram",
        &[replace(right.clone(), address::credits_config(), address::jobs_config())],
        &[&stranger()],
    );
    net.refused(
        "AccountDiscriminatorMismatch",
        &[replace(right, address::feed(), address::emission())],
        &[&stranger()],
    );

    let signal = passed(&mut net, SIGNAL);
    net.refused("WrongTarget", &[execute(signal, fee(550))], &[&stranger()]);
    net.refused("WrongTarget", &[execute(signal, jobs)], &[&stranger()]);
}

#[test]
fn a_forged_proposal_is_refused() {
    let mut net = Net::new();
    let number = passed(&mut net, SIGNAL);
    let mut forged = net.vm.account(&address::proposal(number)).unwrap();
    forged.owner = jobs::ID;
    let at = client::Pubkey::new_unique();
    net.vm.set_account(at, forged);
    let attempt = replace(execute(number, SIGNAL), address::proposal(number), at);
    net.refused("AccountOwnedByWrongProgram", &[attempt], &[&stranger()]);
}

#[test]
fn kinds_of_change_do_not_share_a_place() {
    use credits::Order as C;
    let rules = Rule::ALL.into_iter().map(|r| rule(r, 0));
    let staking =
        staking::state::Parameter::ALL.map(|parameter| Action::Staking(staking::Order::Set { parameter, value: 0 }));
    let jobs = jobs::state::Parameter::ALL.map(|parameter| Action::Jobs(jobs::Order::Set { parameter, value: 0 }));
    use credits::Parameter::*;
    let parameters = [FeeBps, IncentiveBps, RedemptionCap, MaxPriceAgeS, MaxSpreadBps, IdleBps, StakersBps, LoyaltyBps];
    let credits = parameters.map(|parameter| Action::Credits(C::Set { parameter, value: 0 }));
    let none = client::Pubkey::default();
    let minters = [Purpose::Idle, Purpose::Stakers, Purpose::Treasury]
        .map(|purpose| Action::Credits(C::SetMinter { purpose, authority: none, total_limit: 0, epoch_limit: 0 }));
    let prices = [
        Action::Credits(C::ReplaceSubmitter { old: none, new: none }),
        Action::Credits(C::SetPriceSource { source: PriceSource::Feed }),
    ];
    let all = rules.chain(staking).chain(jobs).chain(credits).chain(minters).chain(prices);
    let kinds: Vec<usize> = all.filter_map(|action| action.kind()).collect();
    let distinct: std::collections::BTreeSet<usize> = kinds.iter().copied().collect();
    assert_eq!((kinds.len(), distinct.len()), (51, 51));
    assert!(kinds.iter().all(|&k| k < governance::constants::KINDS));
}
