//! What is put to the vote: everything that can be, most of it near what is.
use super::{Chooser, ORACLE, RECEIVER};
use crate::fuzz::world::World;
use crate::net::IO;
use crate::state::{State, one};
use anchor_lang::prelude::Pubkey;
use client::address;
use credits::{PriceSource, Purpose};
use economy::parameter::{Bounds, Step};
use governance::state::{Action, Proposal, Rule, Status};
use rand::Rng;

const FEED_ID: [u8; 32] = [7; 32];

/// Programs with something paused, as the action that lifts it.
pub fn paused(state: &State) -> Vec<Action> {
    let credits = one(&state.credits).filter(|c| c.paused != 0);
    let staking = one(&state.staking).filter(|c| c.paused != 0);
    let jobs = one(&state.jobs_config).filter(|c| c.paused != 0);
    let own = one(&state.governance).filter(|c| c.paused != 0);
    let lifts = [
        credits.map(|_| Action::Credits(credits::Order::Pause { flags: 0 })),
        staking.map(|_| Action::Staking(staking::Order::Pause { flags: 0 })),
        jobs.map(|_| Action::Jobs(jobs::Order::Pause { flags: 0 })),
        own.map(|_| Action::Rules { rule: Rule::Paused, value: 0 }),
    ];
    lifts.into_iter().flatten().collect()
}

pub fn action(c: &mut Chooser, world: &World) -> Option<Action> {
    // What is paused must run again, and what was given away must come back, or little else happens.
    let state = &world.state;
    let pending = |action: &Action| state.proposals.values().any(|p| p.action == *action && state.now <= p.expires);
    let urgent: Vec<Action> = paused(state).into_iter().chain(minters(c, world)).filter(|a| !pending(a)).collect();
    if c.chance(80)
        && let Some(action) = c.any(urgent)
    {
        return Some(action);
    }
    let scarce = scarce(c, world);
    if c.chance(70)
        && let Some(action) = c.any(scarce)
    {
        return Some(action);
    }
    Some(match c.rng.random_range(0..100) {
        0..20 => Action::Credits(credits_order(c, world)?),
        20..30 => Action::Staking(staking_order(c, world)?),
        30..40 => Action::Jobs(jobs_order(c, world)?),
        40..60 => {
            let to = heir(c);
            c.any(offers(to))?
        }
        60..68 => rule(c, state)?,
        68..72 => Action::Guardian { new: if c.chance(95) { c.person() } else { Pubkey::default() } },
        72..95 => payment(c, world)?,
        _ => Action::Signal { text: c.rng.random() },
    })
}

/// Who is meant to mint from each budget.
fn minter(purpose: Purpose) -> Pubkey {
    match purpose {
        Purpose::Idle => address::jobs_authority(),
        Purpose::Stakers => address::staking_authority(),
        Purpose::Treasury => address::governance_authority(),
    }
}

fn set_minter(c: &mut Chooser, state: &State, purpose: Purpose, authority: Pubkey) -> Option<credits::Order> {
    let minted = one(&state.emissions)?.budgets[purpose as usize].minted;
    let total_limit = minted + c.rng.random_range(1_000 * IO..1_000_000 * IO);
    let epoch_limit = c.rng.random_range(100 * IO..10_000 * IO);
    Some(credits::Order::SetMinter { purpose, authority, total_limit, epoch_limit })
}

/// Budgets whose minter is not who is meant to be, or cannot mint any more.
fn minters(c: &mut Chooser, world: &World) -> Vec<Action> {
    let state = &world.state;
    let Some(emission) = one(&state.emissions) else { return Vec::new() };
    let lost = |purpose: &Purpose| {
        let b = emission.budgets[*purpose as usize];
        b.authority != minter(*purpose) || b.minted.saturating_add(IO) > b.total_limit
    };
    // What idle devices are paid from is a person's now and then, as long as that is scarcer.
    let idle = world.succeeded("jobs.claim_idle_pay") < world.succeeded("credits.mint_scheduled");
    let meant = [Purpose::Stakers, Purpose::Treasury].into_iter().chain(idle.then_some(Purpose::Idle));
    let lost: Vec<Purpose> = meant.filter(lost).collect();
    lost.into_iter().filter_map(|p| set_minter(c, state, p, minter(p)).map(Action::Credits)).collect()
}

/// A value near the old one that stays between `soft` ones, mostly: the network must go on working.
fn near(c: &mut Chooser, old: u64, bounds: Bounds, soft: (u64, u64)) -> u64 {
    if c.chance(6) {
        return c.amount(bounds.max);
    }
    let (low, high) = match bounds.step {
        Step::By(most) => (old.saturating_sub(most), old.saturating_add(most)),
        Step::Ratio(most) => (old / most, old.saturating_mul(most)),
    };
    let (low, high) = (low.max(soft.0).min(soft.1), high.min(soft.1).max(soft.0));
    let (low, high) = (low.clamp(bounds.min, bounds.max), high.clamp(bounds.min, bounds.max));
    c.rng.random_range(low.min(high)..=high.max(low))
}

pub fn credits_order(c: &mut Chooser, world: &World) -> Option<credits::Order> {
    use credits::Parameter::*;
    use credits::{Order, Parameter};
    let config = one(&world.state.credits)?;
    let all: [Parameter; 8] =
        [FeeBps, IncentiveBps, RedemptionCap, MaxPriceAgeS, MaxSpreadBps, IdleBps, StakersBps, LoyaltyBps];
    Some(match c.rng.random_range(0..100) {
        0..50 => {
            let parameter = c.any(all)?;
            let soft = match parameter {
                FeeBps => (200, 2_000),
                IncentiveBps => (2_000, 10_000),
                RedemptionCap => (100 * IO, 100_000 * IO),
                MaxPriceAgeS => (30, 600),
                MaxSpreadBps => (60, 1_000),
                IdleBps | StakersBps => (1_000, 5_000),
                LoyaltyBps => (50, 1_000),
            };
            Order::Set { parameter, value: near(c, config.get(parameter), parameter.bounds(), soft) }
        }
        50..58 => Order::Pause { flags: pause(c) },
        58..66 => Order::OfferAuthority { to: heir(c) },
        66..76 => submitters(c, world)?,
        76..84 => Order::SetPriceSource { source: source(c, config.price_source) },
        _ => {
            let purpose = c.any([Purpose::Idle, Purpose::Idle, Purpose::Stakers, Purpose::Treasury])?;
            let usual = if purpose == Purpose::Idle { c.person() } else { minter(purpose) };
            let authority = if c.chance(90) { usual } else { c.person() };
            set_minter(c, &world.state, purpose, authority)?
        }
    })
}

fn source(c: &mut Chooser, old: PriceSource) -> PriceSource {
    let receiver = if c.chance(90) { RECEIVER } else { c.person() };
    match old {
        PriceSource::Feed => PriceSource::Pyth { receiver, account: ORACLE, feed_id: FEED_ID },
        PriceSource::Pyth { .. } => PriceSource::Feed,
    }
}

/// Two to five submitters, all of them people.
fn submitters(c: &mut Chooser, world: &World) -> Option<credits::Order> {
    let now: Vec<Pubkey> = one(&world.state.feeds)?.quotes.iter().map(|q| q.submitter).collect();
    let (old, new) = (c.any(now.iter().copied())?, c.person());
    Some(match now.len() {
        0..3 => credits::Order::ReplaceSubmitter { old: Pubkey::default(), new },
        5.. => credits::Order::ReplaceSubmitter { old, new: Pubkey::default() },
        _ => match c.rng.random_range(0..4) {
            0 => credits::Order::ReplaceSubmitter { old: Pubkey::default(), new },
            1 => credits::Order::ReplaceSubmitter { old, new: Pubkey::default() },
            _ => credits::Order::ReplaceSubmitter { old, new },
        },
    })
}

pub fn staking_order(c: &mut Chooser, world: &World) -> Option<staking::Order> {
    use staking::{Order, Parameter};
    let config = one(&world.state.staking)?;
    Some(match c.rng.random_range(0..100) {
        0..65 => {
            let parameter = c.any(Parameter::ALL)?;
            let soft = match parameter {
                Parameter::DisputeS => (500, 8_000),
                Parameter::MaxCommissionBps => (500, 5_000),
                _ => (0, 5_000),
            };
            Order::Set { parameter, value: near(c, config.get(parameter), parameter.bounds(), soft) }
        }
        65..80 => Order::Pause { flags: pause(c) },
        _ => Order::OfferAuthority { to: heir(c) },
    })
}

pub fn jobs_order(c: &mut Chooser, world: &World) -> Option<jobs::Order> {
    use jobs::{Order, Parameter};
    let config = one(&world.state.jobs_config)?;
    Some(match c.rng.random_range(0..100) {
        0..70 => {
            let parameter = c.any(Parameter::ALL)?;
            let soft = match parameter {
                Parameter::ChallengeWindowS => (60, 1_500),
                Parameter::ReserveBps => (0, 30_000),
                Parameter::ForfeitBps => (0, 10_000),
                Parameter::AuditBps => (2_000, 10_000),
                Parameter::AuditCells => (1, 5),
                Parameter::AnswerS => (60, 900),
                Parameter::DemandBond => (500_000, 8_000_000),
                Parameter::DemandAnswerS => (60, 900),
                _ => (20 * IO, 1_500 * IO),
            };
            Order::Set { parameter, value: near(c, config.get(parameter), parameter.bounds(), soft) }
        }
        70..82 => Order::Pause { flags: pause(c) },
        _ => Order::OfferAuthority { to: heir(c) },
    })
}

fn rule(c: &mut Chooser, state: &State) -> Option<Action> {
    let config = one(&state.governance)?;
    let rule = c.any(Rule::ALL)?;
    let soft = match rule {
        Rule::Deposit => (IO, 100 * IO),
        Rule::VotingS => (3_000, 12_000),
        Rule::TimelockS => (1_000, 5_000),
        Rule::GraceS => (4_000, 200_000),
        Rule::QuorumBps => (100, 2_000),
        Rule::ThresholdBps => (5_000, 7_000),
        Rule::Paused => (0, 0),
    };
    let value = near(c, config.get(rule), rule.bounds(), soft);
    Some(Action::Rules { rule, value })
}

/// Each program goes to a person.
fn offers(to: Pubkey) -> [Action; 3] {
    [
        Action::Credits(credits::Order::OfferAuthority { to }),
        Action::Staking(staking::Order::OfferAuthority { to }),
        Action::Jobs(jobs::Order::OfferAuthority { to }),
    ]
}

fn payment(c: &mut Chooser, world: &World) -> Option<Action> {
    let budget = one(&world.state.emissions)?.budgets[Purpose::Treasury as usize];
    let most = budget.mintable(world.epoch()) / 10;
    Some(Action::Pay { to: c.person(), amount: c.amount(most) })
}

/// What leads to instructions that have hardly succeeded yet: an offer of each program, if none is on its way, and payments.
fn scarce(c: &mut Chooser, world: &World) -> Vec<Action> {
    let state = &world.state;
    let pending = |program: fn(&Action) -> bool| {
        let live = |p: &&Proposal| matches!(p.status, Status::Voting | Status::Passed) && state.now <= p.expires;
        state.proposals.values().filter(live).filter(|p| program(&p.action)).count()
    };
    let programs: [fn(&Action) -> bool; 3] = [
        |a| matches!(a, Action::Credits(credits::Order::OfferAuthority { .. })),
        |a| matches!(a, Action::Staking(staking::Order::OfferAuthority { .. })),
        |a| matches!(a, Action::Jobs(jobs::Order::OfferAuthority { .. })),
    ];
    let mut actions: Vec<Action> =
        offers(c.person()).into_iter().zip(programs).filter(|(_, p)| pending(*p) < 3).map(|(offer, _)| offer).collect();
    if world.succeeded("governance.execute_payment") < super::RARE && pending(|a| matches!(a, Action::Pay { .. })) < 8 {
        actions.extend((0..3).filter_map(|_| payment(c, world)));
    }
    actions
}

fn pause(c: &mut Chooser) -> u8 {
    match c.rng.random_range(0..10) {
        0..8 => 0,
        8 => 1 << c.rng.random_range(0..3),
        _ => c.rng.random_range(0..12),
    }
}

/// To whom a program is offered: people, who give it back.
fn heir(c: &mut Chooser) -> Pubkey {
    match c.rng.random_range(0..20) {
        0 => Pubkey::default(),
        1..5 => address::governance_authority(),
        _ => c.person(),
    }
}
