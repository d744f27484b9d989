//! One of every event of the governance program.
use super::event_data;
use super::samples::{Sample, stamp};
use super::story::key;
use governance::events::*;
use governance::state::Status;
use governance::{Action, Choice, Rule, Target};
use indexer::Program;

fn of(kind: &'static str, data: Vec<u8>) -> Sample {
    (Program::Governance, kind, data)
}

/// One of every sort.
pub fn actions() -> Vec<Action> {
    let (k, none) = (key(77), Default::default());
    let pyth = credits::PriceSource::Pyth { receiver: k, account: k, feed_id: [9; 32] };
    let (purpose, most) = (credits::Purpose::Idle, u64::MAX);
    vec![
        Action::Credits(credits::Order::Set { parameter: credits::Parameter::RedemptionCap, value: most }),
        Action::Credits(credits::Order::Pause { flags: 0 }),
        Action::Credits(credits::Order::OfferAuthority { to: k }),
        Action::Credits(credits::Order::ReplaceSubmitter { old: k, new: k }),
        Action::Credits(credits::Order::ReplaceSubmitter { old: none, new: k }),
        Action::Credits(credits::Order::ReplaceSubmitter { old: k, new: none }),
        Action::Credits(credits::Order::SetPriceSource { source: credits::PriceSource::Feed }),
        Action::Credits(credits::Order::SetPriceSource { source: pyth }),
        Action::Credits(credits::Order::SetMinter { purpose, authority: k, total_limit: most, epoch_limit: 1 }),
        Action::Staking(staking::Order::Set { parameter: staking::Parameter::DisputeS, value: 60 }),
        Action::Staking(staking::Order::Pause { flags: 3 }),
        Action::Staking(staking::Order::OfferAuthority { to: k }),
        Action::Jobs(jobs::Order::Set { parameter: jobs::Parameter::ClassStake0, value: 1 }),
        Action::Jobs(jobs::Order::Pause { flags: 7 }),
        Action::Jobs(jobs::Order::OfferAuthority { to: k }),
        Action::Rules { rule: Rule::QuorumBps, value: 1_050 },
        Action::Guardian { new: none },
        Action::Pay { to: k, amount: most },
        Action::Signal { text: [0; 32] },
        Action::Signal { text: *b"a line\nbreak and then some\0\0\0\0\0\0" },
    ]
}

pub fn samples() -> Vec<Sample> {
    let (k, max, stamp) = (key(77), u64::MAX, stamp());
    let mut all: Vec<Sample> = actions().into_iter().map(|action| created(action)).collect();
    let executed = |action| ProposalExecuted {
        stamp,
        proposal: k,
        number: max,
        action,
        old: max,
        rules_version: u32::MAX,
        guardian: k,
        paused: 1,
    };
    let cast =
        |choice| VoteCast { stamp, proposal: k, position: k, voter: k, choice, weight: max, yes: 1, no: 2, abstain: 3 };
    let finished = |status| ProposalFinished { stamp, proposal: k, status, quorum: max, yes: 1, no: 2, abstain: 3 };
    let closed = ProposalClosed {
        stamp,
        proposal: k,
        number: 1,
        proposer: k,
        status: Status::Passed,
        deposit_returned: max,
        deposit_burned: 0,
        deposits_burned: 2,
    };
    all.extend(actions().into_iter().map(|action| of("ProposalExecuted", event_data(&executed(action)))));
    all.extend([Choice::Yes, Choice::No, Choice::Abstain].map(|choice| of("VoteCast", event_data(&cast(choice)))));
    all.extend([Status::Passed, Status::Rejected].map(|s| of("ProposalFinished", event_data(&finished(s)))));
    all.extend([
        of("ShardOpened", event_data(&ShardOpened { stamp })),
        of("ProposalVetoed", event_data(&ProposalVetoed { stamp, proposal: k, guardian: k })),
        of("ProposalClosed", event_data(&closed)),
        of("VoteClosed", event_data(&VoteClosed { stamp, proposal: k, position: k })),
        of("GuardianOffered", event_data(&GuardianOffered { stamp, to: k })),
        of("GuardianAccepted", event_data(&GuardianAccepted { stamp, guardian: k })),
    ]);
    for target in [Target::Credits, Target::Staking, Target::Jobs, Target::Governance] {
        all.push(of("PausedByGuardian", event_data(&PausedByGuardian { stamp, guardian: k, target, flags: 1 })));
        all.push(of("ProgramAuthorityAccepted", event_data(&ProgramAuthorityAccepted { stamp, target })));
    }
    all
}

fn created(action: Action) -> Sample {
    let event = ProposalCreated {
        stamp: stamp(),
        proposal: key(77),
        number: u64::MAX,
        proposer: key(77),
        action,
        deposit: 1,
        rules_version: 2,
        voting_end: i64::MAX,
        eta: i64::MIN,
        expires: 0,
        quorum: u64::MAX,
        threshold_bps: 5_000,
    };
    of("ProposalCreated", event_data(&event))
}
