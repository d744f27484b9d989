//! Proposals from first to last, the guardian, and authorities that change hands.
use super::{Chooser, Kind, actions, kind};
use crate::fuzz::step::Step;
use crate::fuzz::world::World;
use crate::state::{State, one};
use anchor_lang::prelude::Pubkey;
use client::{address, credits_ix, governance_ix, jobs_ix, staking_ix};
use credits::constants::{PAUSE_BUY, PAUSE_SCHEDULE};
use governance::constants::PAUSE_PROPOSALS;
use governance::state::{Action, Choice, Proposal, Status, Target};
use jobs::constants::PAUSE_REGISTER;
use rand::Rng;
use solana_instruction::Instruction;
use staking::constants::PAUSE_OPEN;
use staking::state::Position;

pub const KINDS: &[Kind] = &[
    kind("governance.propose", 44, propose),
    kind("governance.vote", 60, vote),
    kind("governance.finish", 16, finish),
    kind("governance.veto", 1, veto),
    kind("governance.execute", 40, execute),
    kind("governance.execute_payment", 16, pay),
    kind("governance.close_proposal", 6, close_proposal),
    kind("governance.close_vote", 6, close_vote),
    kind("governance.offer_guardian", 1, offer_guardian),
    kind("governance.accept_guardian", 2, accept_guardian),
    kind("governance.guardian_pause", 2, pause),
    kind("governance.accept_program_authority", 16, accept_program),
    kind("credits.accept_authority", 18, accept_credits),
    kind("staking.accept_authority", 18, accept_staking),
    kind("jobs.accept_authority", 18, accept_jobs),
    kind("administer", 150, administer),
];

/// At most one pause, and one veto, in this many steps.
const PAUSE_STEPS: u64 = 250;
/// Proposals beyond this many must be put away first.
const BUSY: usize = 18;

fn propose(c: &mut Chooser, world: &World) -> Option<Step> {
    if world.state.proposals.len() >= BUSY {
        return None;
    }
    let config = one(&world.state.governance)?;
    let who = c.person();
    let action = actions::action(c, world)?;
    if config.require_running(&action).is_err() && !c.lax {
        return None;
    }
    let number = if c.chance(99) { config.next_proposal } else { config.next_proposal + 1 };
    Some(Step::send(who, vec![governance_ix::propose(who, number, action)]))
}

fn proposal(c: &mut Chooser, world: &World, fits: impl Fn(&Proposal) -> bool) -> Option<Proposal> {
    let lax = c.lax;
    let fitting = world.state.proposals.values().filter(|p| lax || fits(p));
    c.any(fitting.cloned().collect::<Vec<_>>())
}

/// A holder speaks, mostly on several open proposals at once.
fn vote(c: &mut Chooser, world: &World) -> Option<Step> {
    let now = world.state.now;
    let p = proposal(c, world, |p| p.status == Status::Voting && now < p.voting_end)?;
    let (all, staking) = (c.lax, one(&world.state.staking)?);
    let may = |p: &Proposal, address: &Pubkey, s: &Position| {
        let here = address::proposal(p.number);
        let voted = || world.state.votes.values().any(|v| v.proposal == here && v.position == *address);
        s.active + s.reserved > 0 && s.warm_epoch <= staking.epoch_at(p.created) && !voted()
    };
    let able = world.state.positions.iter().filter(|(a, s)| all || may(&p, a, s));
    let mut able: Vec<_> = able.map(|(a, s)| (s.active + s.reserved, *a)).collect();
    // The largest quarter decides; the others speak too.
    able.sort_unstable();
    if c.chance(70) {
        able.drain(..able.len() / 4 * 3);
    }
    let (_, position) = c.any(able)?;
    let holder = world.state.positions.get(&position)?;
    let others = world.state.proposals.values().filter(|o| {
        o.number != p.number && o.status == Status::Voting && now < o.voting_end && may(o, &position, holder)
    });
    let others: Vec<Proposal> = others.take(c.rng.random_range(0..4)).cloned().collect();
    let payer = c.mostly(holder.holder);
    let vote = |p: &Proposal| {
        let choice = match c.rng.random_range(0..100) {
            0..91 => Choice::Yes,
            91..96 => Choice::No,
            _ => Choice::Abstain,
        };
        governance_ix::vote(payer, holder.holder, holder.pool, p.number, choice)
    };
    Some(Step::send(payer, [p].iter().chain(&others).map(vote).collect()))
}

fn finish(c: &mut Chooser, world: &World) -> Option<Step> {
    let now = world.state.now;
    let p = proposal(c, world, |p| p.status == Status::Voting && now >= p.voting_end)?;
    Some(Step::send(c.person(), vec![governance_ix::finish(p.number)]))
}

fn veto(c: &mut Chooser, world: &World) -> Option<Step> {
    if world.succeeded("governance.veto") * PAUSE_STEPS > world.steps {
        return None;
    }
    let all = c.chance(20);
    let stoppable = |p: &Proposal| {
        let spared = !all && is_way_back(&p.action);
        matches!(p.status, Status::Voting | Status::Passed) && p.action.is_vetoable() && !spared
    };
    let p = proposal(c, world, stoppable)?;
    let guardian = guardian(c, world)?;
    Some(Step::send(guardian, vec![governance_ix::veto(guardian, p.number)]))
}

/// Without these nothing would work any more for long, or they are rare enough.
fn is_way_back(action: &Action) -> bool {
    use credits::Order as C;
    match action {
        Action::Credits(order) => matches!(order, C::Pause { .. } | C::SetMinter { .. } | C::OfferAuthority { .. }),
        Action::Staking(order) => !matches!(order, staking::Order::Set { .. }),
        Action::Jobs(order) => !matches!(order, jobs::Order::Set { .. }),
        Action::Pay { .. } => true,
        _ => false,
    }
}

/// Mostly the guardian.
fn guardian(c: &mut Chooser, world: &World) -> Option<Pubkey> {
    let guardian = one(&world.state.governance)?.guardian;
    let guardian = c.mostly(guardian);
    c.cast.can_sign(&guardian).then_some(guardian)
}

fn ready(world: &World) -> impl Fn(&Proposal) -> bool {
    let (now, version) = (world.state.now, one(&world.state.governance).map_or(0, |g| g.rules_version));
    move |p| p.status == Status::Passed && (p.eta..=p.expires).contains(&now) && p.rules_version == version
}

fn execute(c: &mut Chooser, world: &World) -> Option<Step> {
    let ready = ready(world);
    let tried = c.tried.clone();
    let p = proposal(c, world, |p| {
        // What is refused will be refused again.
        ready(p) && can_order(world, &p.action) && tried.get(&p.number).is_none_or(|n| *n < 2)
    })?;
    *c.tried.entry(p.number).or_default() += 1;
    Some(Step::send(c.person(), vec![governance_ix::execute(p.number, &p.action)]))
}

/// Whether it is not a payment and its program listens to votes now.
fn can_order(world: &World, action: &Action) -> bool {
    let s = &world.state;
    let authority = match action {
        Action::Credits(_) => one(&s.credits).map(|c| c.authority),
        Action::Staking(_) => one(&s.staking).map(|c| c.authority),
        Action::Jobs(_) => one(&s.jobs_config).map(|c| c.authority),
        Action::Pay { .. } => return false,
        _ => return true,
    };
    authority == Some(address::governance_authority())
}

fn pay(c: &mut Chooser, world: &World) -> Option<Step> {
    if one(&world.state.credits)?.paused & PAUSE_SCHEDULE != 0 && !c.lax {
        return None;
    }
    let ready = ready(world);
    let tried = c.tried.clone();
    let p = proposal(c, world, |p| {
        ready(p) && matches!(p.action, Action::Pay { .. }) && tried.get(&p.number).is_none_or(|n| *n < 3)
    })?;
    *c.tried.entry(p.number).or_default() += 1;
    let payer = c.person();
    let to = p.action.payment().map_or(payer, |(to, _)| to);
    Some(Step::send(payer, vec![governance_ix::execute_payment(payer, p.number, to)]))
}

fn close_proposal(c: &mut Chooser, world: &World) -> Option<Step> {
    let (now, config) = (world.state.now, one(&world.state.governance)?.clone());
    let p = proposal(c, world, |p| p.ballot().close(now, p.is_stale(&config)).is_ok())?;
    let payer = c.person();
    Some(Step::send(payer, vec![governance_ix::close_proposal(payer, p.number, p.proposer)]))
}

fn close_vote(c: &mut Chooser, world: &World) -> Option<Step> {
    let (now, all) = (world.state.now, c.lax);
    let over: Vec<_> = world.state.votes.values().filter(|v| all || now >= v.voting_end).cloned().collect();
    let v = c.any(over)?;
    let proposal = world.state.proposals.get(&v.proposal);
    // The proposal may be gone: any number leads to its address.
    let known = one(&world.state.governance)?.next_proposal;
    let number = match proposal {
        Some(p) => p.number,
        None => (0..known).rev().find(|n| address::proposal(*n) == v.proposal)?,
    };
    Some(Step::send(c.person(), vec![governance_ix::close_vote(number, v.position, v.payer)]))
}

fn offer_guardian(c: &mut Chooser, world: &World) -> Option<Step> {
    let guardian = guardian(c, world)?;
    let to = if c.chance(90) { c.person() } else { Pubkey::default() };
    Some(Step::send(guardian, vec![governance_ix::offer_guardian(guardian, to)]))
}

fn accept_guardian(c: &mut Chooser, world: &World) -> Option<Step> {
    let pending = one(&world.state.governance)?.pending_guardian;
    if !c.cast.can_sign(&pending) && !c.lax {
        return None;
    }
    let who = c.mostly(pending);
    c.cast.can_sign(&who).then(|| Step::send(who, vec![governance_ix::accept_guardian(who)]))
}

fn pause(c: &mut Chooser, world: &World) -> Option<Step> {
    // Something must be running for the rest, and votes lift it slowly.
    let many = world.succeeded("governance.guardian_pause") * PAUSE_STEPS > world.steps;
    if many || (!actions::paused(&world.state).is_empty() && c.chance(60)) {
        return None;
    }
    let guardian = guardian(c, world)?;
    let target = c.any([Target::Credits, Target::Staking, Target::Jobs, Target::Governance])?;
    // Rather what little else needs.
    let (mild, hard) = match target {
        Target::Credits => (PAUSE_BUY, 1 << c.rng.random_range(0..3)),
        Target::Staking => (PAUSE_OPEN, 1 << c.rng.random_range(0..3)),
        Target::Jobs => (PAUSE_REGISTER, 1 << c.rng.random_range(0..3)),
        Target::Governance => (PAUSE_PROPOSALS, c.rng.random()),
    };
    let flags = if c.chance(80) { mild } else { hard };
    let set = match target {
        Target::Credits => one(&world.state.credits)?.paused,
        Target::Staking => one(&world.state.staking)?.paused,
        Target::Jobs => one(&world.state.jobs_config)?.paused,
        Target::Governance => one(&world.state.governance)?.paused,
    };
    if set | flags == set && !c.lax {
        return None;
    }
    Some(Step::send(guardian, vec![governance_ix::guardian_pause(guardian, target, flags)]))
}

/// Authority and offered authority of each program.
fn authorities(state: &State) -> Option<[(Target, Pubkey, Pubkey); 3]> {
    let (credits, staking, jobs) = (one(&state.credits)?, one(&state.staking)?, one(&state.jobs_config)?);
    Some([
        (Target::Credits, credits.authority, credits.pending_authority),
        (Target::Staking, staking.authority, staking.pending_authority),
        (Target::Jobs, jobs.authority, jobs.pending_authority),
    ])
}

fn accept_program(c: &mut Chooser, world: &World) -> Option<Step> {
    let governance = address::governance_authority();
    let all = c.lax;
    let offered = authorities(&world.state)?.into_iter().filter(|(_, _, to)| all || *to == governance);
    let (target, ..) = c.any(offered.collect::<Vec<_>>())?;
    Some(Step::send(c.person(), vec![governance_ix::accept_program_authority(target)]))
}

fn accept_authority(target: Target, who: Pubkey) -> Instruction {
    match target {
        Target::Credits => credits_ix::accept_authority(who),
        Target::Staking => staking_ix::accept_authority(who),
        Target::Jobs | Target::Governance => jobs_ix::accept_authority(who),
    }
}

fn accept_credits(c: &mut Chooser, world: &World) -> Option<Step> {
    accept(c, world, Target::Credits)
}

fn accept_staking(c: &mut Chooser, world: &World) -> Option<Step> {
    accept(c, world, Target::Staking)
}

fn accept_jobs(c: &mut Chooser, world: &World) -> Option<Step> {
    accept(c, world, Target::Jobs)
}

/// The person to whom a program is offered takes it, or another person who has it offers it.
fn accept(c: &mut Chooser, world: &World, target: Target) -> Option<Step> {
    let (_, holder, to) = authorities(&world.state)?.into_iter().find(|(t, ..)| *t == target)?;
    if c.cast.can_sign(&to) {
        let who = c.mostly(to);
        return Some(Step::send(who, vec![accept_authority(target, who)]));
    }
    let free = c.cast.can_sign(&holder) && to != address::governance_authority();
    free.then(|| offer(c, world, target, holder))
}

/// How often people have taken the program over.
fn accepted(world: &World, target: Target) -> u64 {
    match target {
        Target::Credits => world.succeeded("credits.accept_authority"),
        Target::Staking => world.succeeded("staking.accept_authority"),
        Target::Jobs | Target::Governance => world.succeeded("jobs.accept_authority"),
    }
}

/// Back to the voters, or to somebody else as long as that is scarcer; now and then through several hands at once.
fn offer(c: &mut Chooser, world: &World, target: Target, who: Pubkey) -> Step {
    let back = accepted(world, target) > world.succeeded("governance.accept_program_authority") + 2;
    if c.chance(if back { 70 } else { 5 }) {
        let take = governance_ix::accept_program_authority(target);
        let mut instructions = vec![give(target, who, address::governance_authority()), take];
        instructions.truncate(c.rng.random_range(1..3));
        return Step::send(who, instructions);
    }
    let (mut holder, mut instructions) = (who, Vec::new());
    for _ in 0..c.rng.random_range(1..3) {
        let next = c.person();
        instructions.extend([give(target, holder, next), accept_authority(target, next)]);
        holder = next;
    }
    if c.chance(40) {
        instructions.pop();
    }
    Step::send(who, instructions)
}

/// `who` offers its program to somebody.
fn give(target: Target, who: Pubkey, to: Pubkey) -> Instruction {
    match target {
        Target::Credits => credits_ix::administer(who, credits::Order::OfferAuthority { to }),
        Target::Staking => staking_ix::administer(who, staking::Order::OfferAuthority { to }),
        Target::Jobs | Target::Governance => jobs_ix::administer(who, jobs::Order::OfferAuthority { to }),
    }
}

/// A person who has a program uses it, and gives it away before long.
fn administer(c: &mut Chooser, world: &World) -> Option<Step> {
    let governance = address::governance_authority();
    let held = authorities(&world.state)?.into_iter().filter(|(_, who, to)| c.cast.can_sign(who) && *to != governance);
    let (target, who, _) = held.min_by_key(|(target, ..)| (accepted(world, *target), c.rng.random::<u8>()))?;
    let who = c.mostly(who);
    if c.chance(70) {
        return Some(offer(c, world, target, who));
    }
    let lift = c.chance(40);
    let instruction = match target {
        Target::Credits if lift => credits_ix::administer(who, credits::Order::Pause { flags: 0 }),
        Target::Credits => credits_ix::administer(who, actions::credits_order(c, world)?),
        Target::Staking if lift => staking_ix::administer(who, staking::Order::Pause { flags: 0 }),
        Target::Staking => staking_ix::administer(who, actions::staking_order(c, world)?),
        _ if lift => jobs_ix::administer(who, jobs::Order::Pause { flags: 0 }),
        _ => jobs_ix::administer(who, actions::jobs_order(c, world)?),
    };
    Some(Step::send(who, vec![instruction]))
}
