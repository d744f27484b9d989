//! Quorum, threshold, and the life of a proposal.
use crate::exact::{big, ceil, config, number, positive};
use economy::parameter::ParameterError;
use economy::vote::{
    Ballot, Choice, DEPOSIT, Deposit, GRACE_S, QUORUM_BPS, Rules, Status, THRESHOLD_BPS, TIMELOCK_S, VOTING_S,
    VoteError, may_vote, quorum, rested, threshold,
};
use num_bigint::BigUint;
use proptest::prelude::*;

const START: i64 = 1_700_000_000;

fn rules() -> impl Strategy<Value = Rules> {
    let span = || prop_oneof![Just(1u32), Just(60), 1u32..=2_592_000];
    let (quorum_bps, threshold_bps) = (100u16..=5_000, 5_000u16..=9_000);
    (span(), span(), span(), quorum_bps, threshold_bps).prop_map(
        |(voting_s, timelock_s, grace_s, quorum_bps, threshold_bps)| Rules {
            voting_s,
            timelock_s,
            grace_s,
            quorum_bps,
            threshold_bps,
        },
    )
}

/// Stake as there can be: at most the coin's cap.
fn stake() -> impl Strategy<Value = u64> {
    number().prop_map(|n| n % (economy::IO_CAP + 1))
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![Just(Choice::Yes), Just(Choice::No), Just(Choice::Abstain)]
}

fn simple() -> Rules {
    Rules { voting_s: 100, timelock_s: 50, grace_s: 60, quorum_bps: 1_000, threshold_bps: 6_667 }
}

/// A vote with these sums, of which `staked` could take part.
fn counted(staked: u64, rules: Rules, yes: u64, no: u64, abstain: u64) -> Ballot {
    Ballot { yes, no, abstain, ..Ballot::open(START, staked, rules).unwrap() }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn quorum_and_threshold_are_exact_and_rounded_up(n in number(), bps in any::<u16>()) {
        prop_assert_eq!(quorum(n, bps), ceil(big(n) * bps, 10_000));
        prop_assert_eq!(threshold(n, bps), ceil(big(n) * bps, 10_000));
    }

    #[test]
    fn a_quorum_is_never_zero_and_never_more_than_all_stake(staked in positive(), rules in rules()) {
        let quorum = quorum(staked, rules.quorum_bps).unwrap();
        prop_assert!((1..=staked).contains(&quorum));
    }

    #[test]
    fn a_proposal_passes_exactly_by_the_definition(
        staked in positive(), rules in rules(), yes in stake(), no in stake(), abstain in stake(),
    ) {
        let mut ballot = counted(staked, rules, yes, no, abstain);
        let (y, n, all) = (big(yes), big(no), big(yes) + no + abstain);
        let enough = all * 10_000u32 >= big(staked) * rules.quorum_bps;
        let accepted = &y * 10_000u32 >= (&y + &n) * rules.threshold_bps && y > n;
        let status = ballot.finish(ballot.voting_end).unwrap();
        prop_assert_eq!(status == Status::Passed, enough && accepted);
        prop_assert_eq!(status, ballot.status);
        prop_assert_eq!(ballot.has_quorum(), Ok(enough));
    }

    #[test]
    fn around_the_threshold_one_unit_decides(decided in 1u64..=economy::IO_CAP, rules in rules()) {
        let yes = threshold(decided, rules.threshold_bps).unwrap();
        let outcome = |yes: u64| counted(1, rules, yes, decided - yes, 0).finish(i64::MAX).unwrap();
        prop_assert_eq!(outcome(yes) == Status::Passed, yes * 2 > decided);
        prop_assert_eq!(outcome(yes - 1), Status::Rejected);
    }

    #[test]
    fn more_yes_never_hurts_and_more_no_never_helps_once_there_is_a_quorum(
        staked in positive(), rules in rules(), yes in stake(), no in stake(), more in stake(),
    ) {
        let passes = |yes, no| counted(staked, rules, yes, no, 0).finish(i64::MAX).unwrap() == Status::Passed;
        prop_assert!(!passes(yes, no) || passes(yes + more, no));
        let quorum = quorum(staked, rules.quorum_bps).unwrap();
        prop_assert!(yes + no < quorum || !passes(yes, no + more) || passes(yes, no));
    }

    #[test]
    fn nothing_passes_without_a_yes(staked in positive(), rules in rules(), no in stake(), abstain in stake()) {
        prop_assert_eq!(counted(staked, rules, 0, no, abstain).finish(i64::MAX), Ok(Status::Rejected));
    }

    #[test]
    fn the_tally_is_the_exact_sum_of_the_votes_or_an_error_that_counts_nothing(
        rules in rules(), votes in proptest::collection::vec((choice(), number()), 0..20),
    ) {
        let mut ballot = Ballot::open(START, 1, rules).unwrap();
        let mut sums = [0u8; 3].map(BigUint::from);
        for (choice, weight) in votes {
            let before = ballot;
            let side = choice as usize;
            let fits = u64::try_from(sums.iter().sum::<BigUint>() + weight).is_ok();
            let expected = match (weight, fits) {
                (0, _) => Err(VoteError::NoWeight),
                (_, false) => Err(VoteError::Overflow),
                _ => Ok(()),
            };
            prop_assert_eq!(ballot.vote(choice, weight, START), expected);
            if expected.is_ok() {
                sums[side] += weight;
            } else {
                prop_assert_eq!(ballot, before);
            }
            prop_assert_eq!([ballot.yes, ballot.no, ballot.abstain].map(big), sums.clone());
        }
        prop_assert_eq!(big(ballot.turnout().unwrap()), sums.iter().sum());
    }

    #[test]
    fn stake_that_is_added_after_a_proposal_never_votes_on_it_and_stake_of_an_earlier_epoch_always_does(
        created in 0i64..4_000_000_000, off in -10_000_000i64..10_000_000, genesis in 0i64..4_000_000_000,
        epoch_s in 1u32..=86_400,
    ) {
        let epoch = |now| economy::epoch::epoch_at(now, genesis, epoch_s);
        let (added, proposed) = (epoch(created + off), epoch(created));
        prop_assert_eq!(may_vote(economy::stake::warm_epoch(added), proposed), added < proposed);
        prop_assert!(off < 0 || !may_vote(economy::stake::warm_epoch(added), proposed));
        prop_assert!(may_vote(0, proposed), "a position without any new stake");
    }

    #[test]
    fn times_follow_each_other_exactly_or_do_not_fit(now in any::<i64>(), rules in rules()) {
        let end = i128::from(now) + i128::from(rules.voting_s);
        let eta = end + i128::from(rules.timelock_s);
        let expires = eta + i128::from(rules.grace_s);
        match Ballot::open(now, 1, rules) {
            Ok(b) => prop_assert_eq!(
                [end, eta, expires], [b.voting_end, b.eta, b.expires].map(i128::from)
            ),
            Err(e) => prop_assert!(e == VoteError::Overflow && expires > i128::from(i64::MAX)),
        }
    }

    #[test]
    fn whatever_happens_in_whatever_order_a_proposal_is_executed_at_most_once_and_in_time(
        rules in rules(), steps in proptest::collection::vec((0u8..5, any::<u64>(), any::<bool>()), 1..60),
    ) {
        let mut b = Ballot::open(START, 1_000, rules).unwrap();
        let (mut now, mut executions, mut ended) = (START, 0, false);
        let span = (b.expires - START) as u64;
        for (step, n, changed) in steps {
            now += (n % (span / 20 + 2)) as i64;
            let before = b;
            let fine = match step {
                0 => b.vote(if changed { Choice::Yes } else { Choice::No }, n % 1_000, now).is_ok(),
                1 => b.finish(now).is_ok(),
                2 => n % 8 == 0 && b.veto().is_ok(),
                3 => b.execute(now, changed && n % 2 == 0).is_ok(),
                _ => {
                    let closed = b.close(now, changed);
                    let unheard = b.status == Status::Rejected && b.has_quorum() == Ok(false);
                    prop_assert_eq!(closed == Ok(Deposit::Burned), unheard);
                    // What can still happen is never put away.
                    let mut later = b;
                    let open = b.status == Status::Voting || later.execute(now.max(b.eta), changed).is_ok();
                    prop_assert_eq!(closed.is_err(), open);
                    false
                }
            };
            prop_assert!(fine || b == before);
            if fine {
                prop_assert!(!ended, "nothing happens after the end");
                match step {
                    0 => prop_assert!(now < b.voting_end),
                    1 => prop_assert!(now >= b.voting_end),
                    3 => {
                        prop_assert!(b.eta <= now && now <= b.expires && before.status == Status::Passed);
                        executions += 1;
                    }
                    _ => {}
                }
            }
            ended |= matches!(b.status, Status::Rejected | Status::Vetoed | Status::Executed);
        }
        prop_assert!(executions <= 1);
    }

    #[test]
    fn every_state_can_be_left_by_anybody_once_its_time_has_passed(
        rules in rules(), yes in stake(), no in stake(), vetoed in any::<bool>(),
    ) {
        let mut b = counted(1_000, rules, yes, no, 0);
        if vetoed {
            b.veto().unwrap();
        } else {
            b.finish(b.voting_end).unwrap();
        }
        prop_assert!(b.close(b.expires + 1, false).is_ok());
    }

    #[test]
    fn a_kind_changes_again_only_after_a_whole_timelock(last in 1i64..4_000_000_000, timelock_s in 1u32.., off in -2i64..3) {
        let now = last + i64::from(timelock_s) + off;
        prop_assert_eq!(rested(last, now, timelock_s), off >= 0);
        prop_assert!(rested(0, now, timelock_s));
    }
}

#[test]
fn votes_count_up_to_the_second_before_the_end_and_finishing_starts_with_it() {
    let mut b = Ballot::open(START, 1_000, simple()).unwrap();
    assert_eq!((b.voting_end, b.eta, b.expires), (START + 100, START + 150, START + 210));
    assert_eq!(b.finish(START + 99), Err(VoteError::VotingOpen));
    assert_eq!(b.vote(Choice::Yes, 100, START + 99), Ok(()));
    assert_eq!(b.vote(Choice::Yes, 100, START + 100), Err(VoteError::VotingEnded));
    assert_eq!(b.finish(START + 100), Ok(Status::Passed));
    assert_eq!(b.vote(Choice::No, 100, START + 99), Err(VoteError::WrongState));
}

#[test]
fn execution_is_possible_from_eta_to_the_end_of_grace_and_closing_after_it() {
    let mut passed = counted(1_000, simple(), 100, 0, 0);
    passed.finish(START + 100).unwrap();
    let execute = |now| passed.clone().execute(now, false);
    assert_eq!(execute(START + 149), Err(VoteError::Timelocked));
    assert_eq!(execute(START + 150), Ok(()));
    assert_eq!(execute(START + 210), Ok(()));
    assert_eq!(execute(START + 211), Err(VoteError::Expired));
    assert_eq!(passed.close(START + 210, false), Err(VoteError::NotExpired));
    assert_eq!(passed.close(START + 211, false), Ok(Deposit::Returned));
}

#[test]
fn finishing_late_moves_no_time() {
    let mut late = counted(1_000, simple(), 100, 0, 0);
    let times = (late.voting_end, late.eta, late.expires);
    late.finish(START + 100_000).unwrap();
    assert_eq!((late.voting_end, late.eta, late.expires), times);
    assert_eq!(late.execute(START + 100_000, false), Err(VoteError::Expired));
}

#[test]
fn other_rules_than_it_was_voted_on_stop_it_and_give_the_deposit_back_at_once() {
    let mut passed = counted(1_000, simple(), 100, 0, 0);
    passed.finish(START + 100).unwrap();
    assert_eq!(passed.execute(START + 150, true), Err(VoteError::RulesChanged));
    assert_eq!(passed.close(START + 150, true), Ok(Deposit::Returned));
}

#[test]
fn the_deposit_is_burned_only_if_too_few_took_part() {
    let close = |yes, no, abstain| {
        let mut b = counted(1_000, simple(), yes, no, abstain);
        b.finish(START + 100).unwrap();
        b.close(START + 1_000, false).unwrap()
    };
    assert_eq!(close(99, 0, 0), Deposit::Burned);
    assert_eq!(close(100, 0, 0), Deposit::Returned);
    assert_eq!(close(0, 100, 0), Deposit::Returned);
    assert_eq!(close(0, 0, 100), Deposit::Returned);
    let mut vetoed = counted(1_000, simple(), 0, 0, 0);
    vetoed.veto().unwrap();
    assert_eq!(vetoed.close(START, false), Ok(Deposit::Returned));
}

#[test]
fn a_tie_never_passes_though_half_is_the_threshold() {
    let half = Rules { threshold_bps: 5_000, ..simple() };
    assert_eq!(counted(1_000, half, 500, 500, 0).finish(i64::MAX), Ok(Status::Rejected));
    assert_eq!(counted(1_000, half, 501, 500, 0).finish(i64::MAX), Ok(Status::Passed));
}

#[test]
fn while_nothing_is_staked_nothing_is_voted_on() {
    assert_eq!(Ballot::open(START, 0, simple()), Err(VoteError::NoWeight));
    let mut forged = Ballot { quorum: 0, ..counted(1, simple(), 0, 0, 0) };
    assert_eq!(forged.finish(i64::MAX), Ok(Status::Rejected));
}

#[test]
fn a_vetoed_proposal_stays_stopped() {
    let mut b = counted(1_000, simple(), 1_000, 0, 0);
    b.finish(START + 100).unwrap();
    b.veto().unwrap();
    assert_eq!(b.execute(START + 150, false), Err(VoteError::WrongState));
    assert_eq!(b.finish(START + 150), Err(VoteError::WrongState));
    assert_eq!(b.veto(), Err(VoteError::WrongState));
}

#[test]
fn voting_rules_are_held_to_their_bounds_and_steps() {
    let io = 100_000_000;
    for (bounds, min, max) in [
        (DEPOSIT, io, 1_000_000 * io),
        (VOTING_S, 1, 2_592_000),
        (TIMELOCK_S, 1, 2_592_000),
        (GRACE_S, 60, 2_592_000),
        (QUORUM_BPS, 100, 5_000),
        (THRESHOLD_BPS, 5_000, 9_000),
    ] {
        assert_eq!((bounds.check(min), bounds.check(max)), (Ok(()), Ok(())));
        assert_eq!(bounds.check(min - 1), Err(ParameterError::OutOfBounds));
        assert_eq!(bounds.check(max + 1), Err(ParameterError::OutOfBounds));
        assert_eq!(bounds.change(min, max), Err(ParameterError::StepTooLarge), "the whole range is more than a step");
    }
    assert_eq!(TIMELOCK_S.change(86_400, 43_200), Ok(()));
    assert_eq!(TIMELOCK_S.change(86_400, 43_199), Err(ParameterError::StepTooLarge));
    assert_eq!(QUORUM_BPS.change(1_000, 500), Ok(()));
    assert_eq!(QUORUM_BPS.change(1_000, 499), Err(ParameterError::StepTooLarge));
}
