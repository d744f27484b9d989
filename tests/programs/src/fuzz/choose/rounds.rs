//! Challenge rounds: opened, answered or not, cheated in, shared out, closed.
use super::{Chooser, Kind, kind};
use crate::challenge::Answer;
use crate::fuzz::step::Step;
use crate::fuzz::world::World;
use crate::net::ROUNDS;
use crate::state::one;
use anchor_lang::prelude::Pubkey;
use client::{address, rounds_ix};
use credits::Purpose;
use credits::constants::PAUSE_SCHEDULE;
use jobs::state::{Config, Device, Phase, Round};
use judge::challenge::{COLUMNS, drawn_cell, seed};
use rand::Rng;
use rand::seq::IteratorRandom;

pub const KINDS: &[Kind] = &[
    kind("jobs.open_round", 12, open),
    kind("jobs.advance_round", 16, advance),
    kind("jobs.commit_challenge", 18, commit),
    kind("jobs.answer_cell", 30, answer),
    kind("jobs.fail_challenge", 4, fail),
    kind("jobs.prove_cell", 10, prove),
    kind("jobs.punish_device", 10, punish),
    kind("jobs.share_idle_pay", 20, share),
    kind("jobs.claim_idle_pay", 3, claim),
    kind("jobs.close_round", 4, close),
    kind("jobs.set_offer", 6, offer),
    kind("jobs.set_class", 3, class),
];

/// Devices that answer in a round: their work is real.
const ANSWERS: u32 = 5;
/// At most one round in this many steps.
const ROUND_STEPS: u64 = 190;

fn config(world: &World) -> Option<&Config> {
    one(&world.state.jobs_config)
}

fn live(world: &World) -> Option<&Round> {
    let config = config(world)?;
    world.state.rounds.values().find(|r| config.round_live && r.number == config.round)
}

fn device(c: &mut Chooser, world: &World, fits: impl Fn(&Device) -> bool) -> Option<Device> {
    c.any(world.state.devices.values().filter(|d| fits(d)).cloned().collect::<Vec<_>>())
}

/// The next thing that the live round waits for: left to chance, hardly any device would pass.
pub(super) fn tend(c: &mut Chooser, world: &World) -> Option<Step> {
    let round = live(world)?;
    match round.phase {
        Phase::Open => commit(c, world).or_else(|| advance(c, world)),
        Phase::Drawn { answers_until, .. } if world.state.now <= answers_until => {
            answer(c, world).or_else(|| advance(c, world))
        }
        _ => advance(c, world),
    }
}

fn open(c: &mut Chooser, world: &World) -> Option<Step> {
    let config = config(world)?;
    let due = !config.round_live && world.state.now >= config.next_round_at;
    if (!due && !c.lax) || world.state.devices.is_empty() {
        return None;
    }
    // Jobs need devices that have passed: let most of the time be between rounds.
    if world.succeeded("jobs.open_round") * ROUND_STEPS > world.steps {
        return None;
    }
    let number = if c.lax { c.rng.random_range(0..config.round + 4) } else { config.round + 1 };
    let opener = c.person();
    Some(Step::send(opener, vec![rounds_ix::open_round(opener, number)]))
}

fn advance(c: &mut Chooser, world: &World) -> Option<Step> {
    let (round, now) = (live(world)?, world.state.now);
    let wait = match round.phase {
        Phase::Open => round.window_end + 1 - now,
        Phase::Closed { draw_slot } => (draw_slot + 1).saturating_sub(world.state.slot) as i64,
        Phase::Drawn { answers_until, .. } => round.proofs_until(answers_until) + 1 - now,
        _ => 0,
    };
    // A window without an answer, and cells without theirs, should be seldom.
    let patient = match round.phase {
        Phase::Open => round.committed < ANSWERS,
        Phase::Drawn { .. } => round.passed < round.committed,
        _ => false,
    };
    if patient && c.chance(75) {
        return None;
    }
    let step = Step::send(c.person(), vec![rounds_ix::advance_round(round.number)]);
    if wait > 0 && !c.lax {
        // What has been begun is finished first.
        if !c.queue.is_empty() {
            return None;
        }
        c.queue.push_back(step);
        return Some(Step::wait(wait));
    }
    Some(step)
}

/// What the device has to compute; the same again for one that has committed.
fn honest(device: &Device, round: &Round) -> Answer {
    let of = seed(&round.slot_hash, round.number, &device.key.to_bytes());
    let rows = round.rules.rows[usize::from(device.class)];
    let rows = if device.challenge.round == round.number { device.challenge.rows } else { rows };
    Answer::honest(of, rows)
}

/// The cell that some devices have wrong: it follows from the seed, so that it need not be remembered.
fn wrong_cell(seed: &[u8; 32]) -> (u32, u32) {
    (u32::from(seed[0]) % 64, u32::from(seed[1]) * 16 % COLUMNS)
}

/// Half of all answers have a wrong cell.
fn given(honest: &Answer) -> Answer {
    if honest.seed[2].is_multiple_of(2) { honest.tampered(wrong_cell(&honest.seed)) } else { honest.clone() }
}

/// As many devices as still answer, at once: the window is short.
fn commit(c: &mut Chooser, world: &World) -> Option<Step> {
    let round = live(world)?;
    let left = ANSWERS.saturating_sub(round.committed) as usize;
    if round.phase != Phase::Open || world.state.now > round.window_end {
        return None;
    }
    let lax = c.lax;
    let small = |d: &Device| round.rules.rows[usize::from(d.class)] <= ROUNDS.rows[0];
    let backed = |d: &Device| {
        let pool = address::operator_pool(&d.operator);
        world.state.positions.values().any(|p| p.holder == d.operator && p.pool == pool && p.active + p.reserved > 0)
    };
    let new = |d: &Device| d.since_round < round.number && d.challenge.round < round.number;
    let fits = |d: &Device| new(d) && small(d) && backed(d);
    let able = world.state.devices.values().filter(|d| lax || fits(d));
    let devices: Vec<Device> = able.cloned().choose_multiple(&mut c.rng, left);
    let steps: Vec<Step> = devices.iter().map(|device| committed(c, world, round, device)).collect();
    c.follow(steps)
}

fn committed(c: &mut Chooser, world: &World, round: &Round, device: &Device) -> Step {
    let (me, last) = (device.key, config(world).map_or(0, |config| config.settled_round));
    let answer = given(&honest(device, round));
    let mut instructions = Vec::new();
    if device.pay_weight > 0 && last >= device.pay_round && c.chance(95) {
        instructions.push(rounds_ix::share_idle_pay(me, device.operator, device.pay_round));
    }
    if last > device.since_round && last > device.good_round && last > device.failed_round && c.chance(95) {
        instructions.push(rounds_ix::fail_challenge(me, device.operator));
    }
    instructions.push(rounds_ix::commit_challenge(me, device.operator, round.number, answer.root()));
    Step::send(me, instructions)
}

fn answer(c: &mut Chooser, world: &World) -> Option<Step> {
    let round = live(world)?;
    let Phase::Drawn { slot_hash, .. } = round.phase else { return None };
    let lax = c.lax;
    let clean = |d: &Device| lax || d.challenge.caught_by == Pubkey::default();
    let fits = |d: &Device| {
        let counts = lax || d.failed_round < round.number;
        d.challenge.round == round.number && d.challenge.answered != u16::MAX && counts && clean(d)
    };
    let device = device(c, world, fits)?;
    let answer = given(&honest(&device, round));
    let left: Vec<u8> = (0..16).filter(|i| device.challenge.answered & (1 << i) == 0).collect();
    let shown = left.into_iter().map(|index| {
        let drawn = drawn_cell(&slot_hash, &answer.seed, answer.rows, index);
        let (segment, mut path) = answer.evidence(drawn);
        if c.chance(1) {
            path[0] ^= 1;
        }
        rounds_ix::answer_cell(device.key, round.number, index, segment, path)
    });
    let shown: Vec<_> = shown.collect();
    // A cluster's transaction holds one, but that is no rule of the program: mostly all at once, for the steps' sake.
    let count = if c.chance(92) { shown.len() } else { 1 };
    let steps: Vec<Step> = shown.chunks(count).map(|some| Step::send(c.person(), some.to_vec())).collect();
    c.follow(steps)
}

fn fail(c: &mut Chooser, world: &World) -> Option<Step> {
    let last = config(world)?.settled_round;
    let lax = c.lax;
    let behind = |d: &Device| last > d.since_round && last > d.good_round && last > d.failed_round;
    let device = device(c, world, |d| lax || behind(d))?;
    Some(Step::send(c.person(), vec![rounds_ix::fail_challenge(device.key, device.operator)]))
}

fn prove(c: &mut Chooser, world: &World) -> Option<Step> {
    let round = live(world)?;
    let lax = c.lax;
    let is_wrong = |d: &Device| {
        d.challenge.round == round.number && d.failed_round < round.number && d.challenge.seed[2].is_multiple_of(2)
    };
    let device = device(c, world, |d| is_wrong(d) || (lax && d.challenge.round == round.number))?;
    let answer = given(&honest(&device, round));
    let mut cell = wrong_cell(&answer.seed);
    if c.chance(10) {
        cell = (c.rng.random_range(0..answer.rows), c.rng.random_range(0..COLUMNS));
    }
    let (segment, path) = answer.evidence(cell);
    let prover = c.person();
    let prove = rounds_ix::prove_cell(prover, device.key, round.number, cell, segment, path);
    Some(Step::send(prover, vec![prove]))
}

fn punish(c: &mut Chooser, world: &World) -> Option<Step> {
    let device = device(c, world, |d| d.challenge.caught_by != Pubkey::default())?;
    let prover = device.challenge.caught_by;
    let sender = c.person();
    let mut instructions = Vec::new();
    if !world.state.tokens.contains_key(&address::io_account(&prover)) {
        instructions.push(client::credits_ix::create_io_account(sender, prover));
    }
    instructions.push(rounds_ix::punish_device(device.key, device.operator, prover));
    Some(Step::send(sender, instructions))
}

fn share(c: &mut Chooser, world: &World) -> Option<Step> {
    let last = config(world)?.settled_round;
    let lax = c.lax;
    let device = device(c, world, |d| d.pay_weight > 0 && (lax || d.pay_round <= last))?;
    Some(Step::send(c.person(), vec![rounds_ix::share_idle_pay(device.key, device.operator, device.pay_round)]))
}

fn claim(c: &mut Chooser, world: &World) -> Option<Step> {
    let lax = c.lax;
    let minter = one(&world.state.emissions)?.budgets[Purpose::Idle as usize].authority;
    let works = one(&world.state.credits)?.paused & PAUSE_SCHEDULE == 0 && minter == address::jobs_authority();
    if !works && !lax {
        return None;
    }
    let has = |owner: &Pubkey| world.state.tokens.contains_key(&address::io_account(owner));
    let owed = world.state.operators.values().filter(|o| (lax || o.idle_owed > 0) && has(&o.owner)).map(|o| o.owner);
    let owner = c.any(owed.collect::<Vec<_>>())?;
    Some(Step::send(c.person(), vec![rounds_ix::claim_idle_pay(owner)]))
}

fn close(c: &mut Chooser, world: &World) -> Option<Step> {
    let lax = c.lax;
    let over = |r: &Round| lax || (matches!(r.phase, Phase::Ended | Phase::Void) && r.unshared == 0);
    let round = world.state.rounds.values().filter(|r| over(r)).map(|r| (r.number, r.opener));
    let (number, opener) = c.any(round.collect::<Vec<_>>())?;
    Some(Step::send(c.person(), vec![rounds_ix::close_round(number, opener)]))
}

fn offer(c: &mut Chooser, world: &World) -> Option<Step> {
    let device = device(c, world, |_| true)?;
    let owner = c.mostly(device.operator);
    let price = match c.rng.random_range(0..10) {
        0 => 0,
        1 => u64::MAX,
        2 => ROUNDS.ceiling[usize::from(device.class)] + 1,
        _ => c.rng.random_range(1..=ROUNDS.ceiling[3]), // The lowest.
    };
    Some(Step::send(owner, vec![rounds_ix::set_offer(owner, device.key, price)]))
}

fn class(c: &mut Chooser, world: &World) -> Option<Step> {
    let last = config(world)?.settled_round;
    let lax = c.lax;
    let able = |d: &Device| lax || (d.require_hireable(last).is_ok() && (d.class > 0 || d.measured > 0));
    let device = device(c, world, able)?;
    let least = |class: u8| ROUNDS.throughput.get(usize::from(class)).copied().unwrap_or(u64::MAX);
    let up = device.measured >= least(device.class + 1);
    let class = if up && c.chance(80) { device.class + 1 } else { device.class.saturating_sub(1) };
    let owner = c.mostly(device.operator);
    Some(Step::send(owner, vec![rounds_ix::set_class(owner, device.key, class)]))
}
