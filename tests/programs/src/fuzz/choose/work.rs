//! Operators, devices, models, and jobs from post to end.
use super::{Chooser, Committed, Kind, Known, kind, money, new_model};
use crate::fuzz::step::{Fault, Judged, Step};
use crate::fuzz::world::World;
use crate::net::{IOSD, WRITE_BYTES, commit_args, model_args, post_args};
use crate::registry;
use crate::state::one;
use crate::work::{Cell, Work};
use anchor_lang::prelude::Pubkey;
use client::{address, jobs_ix};
use credits::constants::PAUSE_LOCK;
use economy::claim::{ClaimTerms, reservation};
use jobs::PostArgs;
use jobs::constants::{PAUSE_CLAIM, PAUSE_POST, PAUSE_REGISTER};
use jobs::state::{Audit, Config as JobsConfig, Job, Status};
use rand::Rng;
use solana_instruction::Instruction;
use staking::PoolKind;

pub const KINDS: &[Kind] = &[
    kind("jobs.open_user", 1, open_user),
    kind("jobs.register_operator", 1, register_operator),
    kind("jobs.register_device", 3, register_device),
    kind("jobs.retire_device", 1, retire_device),
    kind("jobs.register_model", 1, register_model),
    kind("jobs.open_draft", 2, draft),
    kind("jobs.close_draft", 5, close_draft),
    kind("jobs.post_job", 26, post),
    kind("jobs.claim_job", 54, claim),
    kind("jobs.commit_result", 54, commit),
    kind("jobs.accept_result", 2, accept),
    kind("jobs.settle_job", 40, settle),
    kind("jobs.cancel_job", 1, cancel),
    kind("jobs.expire_job", 1, expire),
    kind("jobs.expire_claim", 2, expire_claim),
    kind("jobs.dispute_cell", 10, dispute),
    kind("jobs.close_proof", 2, close_proof),
];

/// Live jobs beyond this many must end first.
const BUSY: usize = 24;
/// What a job can come to: each takes it from the others. One that nobody claimed in time has no choice.
const ENDS: [&str; 7] = [
    "jobs.accept_result",
    "jobs.settle_job",
    "jobs.cancel_job",
    "jobs.expire_claim",
    "jobs.dispute_cell",
    "jobs.expire_audit",
    "jobs.expire_demand",
];
/// What leads to them.
pub(super) const LEADS: [&str; 4] = ["jobs.post_job", "jobs.claim_job", "jobs.commit_result", "jobs.draw_audit"];
/// How far one of them may be ahead of the scarcest.
const AHEAD: u64 = 4;

pub(super) fn scarcest_end(world: &World) -> u64 {
    ENDS.iter().map(|name| world.succeeded(name)).min().unwrap_or(0)
}

/// Whether a job may end like this now: what is easy to come to would leave no job for the rest.
pub(super) fn is_turn(world: &World, end: &str) -> bool {
    world.succeeded(end) <= scarcest_end(world) + AHEAD || world.state.jobs.len() + 2 > BUSY
}

fn open_user(c: &mut Chooser, world: &World) -> Option<Step> {
    let has = |p: &Pubkey| world.state.users.values().any(|u| u.owner == *p);
    let owner = c.any(c.cast.people.iter().filter(|p| !has(p)).copied().collect::<Vec<_>>())?;
    let owner = c.mostly(owner);
    Some(Step::send(owner, vec![jobs_ix::open_user(owner)]))
}

fn register_operator(c: &mut Chooser, world: &World) -> Option<Step> {
    let has = |p: &Pubkey| world.state.operators.values().any(|o| o.owner == *p);
    let able = world.state.earnings.values().map(|e| e.owner).filter(|p| !has(p) && c.cast.can_sign(p));
    let owner = c.any(able.collect::<Vec<_>>())?;
    let owner = c.mostly(owner);
    Some(Step::send(owner, vec![jobs_ix::register_operator(owner)]))
}

fn register_device(c: &mut Chooser, world: &World) -> Option<Step> {
    let config = one(&world.state.jobs_config)?;
    if is_paused(c, world, PAUSE_REGISTER) {
        return None;
    }
    // Mostly a class whose challenge is small: who does not answer is not hired.
    let class = match c.rng.random_range(0..100) {
        0..70 => 0,
        70..97 => c.rng.random_range(1..4u8),
        _ => 4,
    };
    let needed = config.class_stake.get(usize::from(class)).copied().unwrap_or(0);
    let all = c.lax;
    let carries = |o: &jobs::state::Operator| {
        let pool = world.state.pools.values().find(|p| p.owner == o.owner && p.kind == PoolKind::Operator);
        all || pool.is_some_and(|p| p.active + p.reserved >= o.required_stake + needed && o.devices < 6)
    };
    let able: Vec<Pubkey> = world.state.operators.values().filter(|o| carries(o)).map(|o| o.owner).collect();
    let owner = c.any(able)?;
    let taken = |m: &Pubkey| world.state.devices.values().any(|d| d.key == *m);
    let free: Vec<Pubkey> = c.cast.machines.iter().filter(|m| all || !taken(m)).copied().collect();
    let machine = c.any(free)?;
    let name = if c.chance(98) { "fuzz".into() } else { String::new() };
    Some(Step::send(owner, vec![jobs_ix::register_device(owner, machine, name, class)]))
}

fn retire_device(c: &mut Chooser, world: &World) -> Option<Step> {
    let (few, busy) = (world.state.devices.len() < 10, c.lax);
    if few && !c.lax {
        return None;
    }
    let able = world.state.devices.values().filter(|d| busy || d.live_job == Pubkey::default());
    let (owner, key) = c.any(able.map(|d| (d.operator, d.key)).collect::<Vec<_>>())?;
    let owner = c.mostly(owner);
    Some(Step::send(owner, vec![jobs_ix::retire_device(owner, key)]))
}

fn register_model(c: &mut Chooser, _: &World) -> Option<Step> {
    let model = new_model(&mut c.rng);
    let publisher = c.person();
    let mut args = model_args(&model);
    match c.rng.random_range(0..20) {
        0 => args.root[0] ^= 1,
        1 => args.layers[0].bytes[16] ^= 1, // its columns
        2 => args.name.clear(),
        _ => {}
    }
    let register = jobs_ix::register_model(publisher, args);
    c.models.truncate(5);
    c.models.push(model);
    Some(Step::send(publisher, vec![register]))
}

/// A table that goes through a draft, whole or its end; or a draft that is never used.
fn draft(c: &mut Chooser, _: &World) -> Option<Step> {
    let model = new_model(&mut c.rng);
    let (publisher, mut args) = (c.person(), model_args(&model));
    let (root, inline) = (args.root, c.rng.random_range(0..args.layers.len()));
    let records = args.layers.split_off(inline);
    let bytes = records.iter().flat_map(|record| record.bytes).collect();
    c.queue.push_back(Step::send(publisher, vec![registry::write_draft(publisher, root, 0, bytes)]));
    if c.rng.random_range(0..3) > 0 {
        c.models.truncate(5);
        c.models.push(model);
        c.queue.push_back(Step::send(publisher, vec![registry::register_with_draft(publisher, args)]));
    }
    Some(Step::send(publisher, vec![registry::open_draft(publisher, root, records.len() as u8)]))
}

fn close_draft(c: &mut Chooser, world: &World) -> Option<Step> {
    let left = world.state.drafts.values().map(|draft| (draft.publisher, draft.root));
    let (publisher, root) = c.any(left.collect::<Vec<_>>())?;
    Some(Step::send(publisher, vec![registry::close_draft(publisher, root)]))
}

fn post(c: &mut Chooser, world: &World) -> Option<Step> {
    let locks = one(&world.state.credits)?.paused & PAUSE_LOCK == 0;
    if world.state.jobs.len() > BUSY || is_paused(c, world, PAUSE_POST) || !(locks || c.lax) {
        return None;
    }
    let all = c.lax;
    let points = |owner: &Pubkey| all || world.state.loyalty.values().any(|l| l.user == *owner);
    let able = world.state.users.values().filter(|u| points(&u.owner));
    let able = able.map(|u| (u.owner, u.next_seq, world.state.balance(&address::iosd_account(&u.owner))));
    let (owner, seq, purse) = c.any(able.filter(|(.., purse)| *purse > 0).collect::<Vec<_>>())?;
    let known = c.models.iter().filter(|m| world.state.models.values().any(|k| k.root == m.root())).cloned();
    let model = c.any(known.collect::<Vec<_>>())?;
    let rows = c.rng.random_range(1..4);
    let work = Work::honest(&model, address::job(&owner, seq), rows);
    let price = match c.rng.random_range(0..20) {
        0..12 => c.rng.random_range(1..200_000),
        12..18 => c.rng.random_range(1..30 * IOSD).min(purse),
        _ => c.amount(purse),
    };
    let (claim_s, execute_s) = (c.rng.random_range(30..1_500), c.rng.random_range(10..900));
    let mut args = PostArgs { price, claim_s, execute_s, ..post_args(seq, &work) };
    match c.rng.random_range(0..80) {
        0 => args.seq = seq.wrapping_sub(1),
        1 => args.rows = 0,
        2 => args.claim_s = 0,
        3 => args.execute_s = u32::MAX,
        _ => {}
    }
    let (address, price) = (work.job, args.price);
    c.known.insert(address, Known { work, results: Vec::new() });
    let mut instructions = vec![jobs_ix::post_job(owner, &model.root(), args)];
    // Now and then it is claimed at once, and even finished.
    if c.chance(30)
        && let Some((device, claim)) = claimed(c, world, address, price)
    {
        instructions.push(claim);
        if c.chance(80) {
            instructions.push(committed(c, address, device)?);
        }
    }
    Some(Step::send(owner, instructions))
}

/// Its audit is open: it is mostly left to that.
fn is_audited(job: &Job) -> bool {
    matches!(job.audit, Audit::Open { .. })
}

/// A live job in `status` for which `fits` holds.
pub(super) fn job(
    c: &mut Chooser,
    world: &World,
    status: Status,
    fits: impl Fn(&Job) -> bool,
) -> Option<(Pubkey, Job)> {
    let lax = c.lax;
    let jobs = world.state.jobs.iter().filter(|(_, j)| lax || (j.status == status && fits(j)));
    c.any(jobs.map(|(a, j)| (*a, j.clone())).collect::<Vec<_>>())
}

/// What is paused is seldom tried.
fn is_paused(c: &Chooser, world: &World, flag: u8) -> bool {
    one(&world.state.jobs_config).is_some_and(|j| j.paused & flag != 0) && !c.lax
}

fn claim(c: &mut Chooser, world: &World) -> Option<Step> {
    let now = world.state.now;
    let (address, job) = job(c, world, Status::Posted, |j| now <= j.claim_deadline)?;
    let (device, claim) = claimed(c, world, address, job.price)?;
    Some(Step::send(device, vec![claim]))
}

/// A device that can claim the job at `address`, and its claim.
fn claimed(c: &mut Chooser, world: &World, address: Pubkey, job_price: u64) -> Option<(Pubkey, Instruction)> {
    let now = world.state.now;
    if is_paused(c, world, PAUSE_CLAIM) {
        return None;
    }
    let config = one(&world.state.credits)?;
    let price = one(&world.state.feeds)?.read_price(now, config).and_then(|p| p.buying());
    if price.is_err() && !c.lax {
        return None;
    }
    let busy = c.lax;
    let (jobs, staking) = (one(&world.state.jobs_config)?, one(&world.state.staking)?);
    let JobsConfig { reserve_bps, audit_bps, .. } = *jobs;
    let terms = ClaimTerms { reserve_bps, audit_bps, prover_bps: staking.prover_bps };
    let needed = price.ok().and_then(|price| reservation(job_price, terms, price).ok()).unwrap_or(0);
    let able = world.state.devices.values().filter(|d| {
        let pool = address::operator_pool(&d.operator);
        let own = world.state.positions.values().find(|p| p.holder == d.operator && p.pool == pool);
        let hireable = d.require_hireable(jobs.settled_round).is_ok();
        busy || (hireable && d.live_job == Pubkey::default() && own.is_some_and(|p| p.active >= needed))
    });
    let (key, operator) = c.any(able.map(|d| (d.key, d.operator)).collect::<Vec<_>>())?;
    Some((key, jobs_ix::claim_job(key, operator, money::price_account(world), address)))
}

/// A random cell of a result.
pub(super) fn cell(c: &mut Chooser, work: &Work) -> Cell {
    let layer = c.rng.random_range(0..work.model.layers.len());
    let columns = work.model.layers[layer].spec.cells();
    (layer as u32, c.rng.random_range(0..work.rows), c.rng.random_range(0..columns))
}

fn commit(c: &mut Chooser, world: &World) -> Option<Step> {
    let now = world.state.now;
    let (address, job) = job(c, world, Status::Claimed, |j| now <= j.commit_deadline)?;
    let device = if c.chance(96) || !c.cast.can_sign(&job.device) { job.device } else { c.person() };
    Some(Step::send(device, vec![committed(c, address, device)?]))
}

/// A result for the job at `address`, often with a wrong cell.
fn committed(c: &mut Chooser, address: Pubkey, device: Pubkey) -> Option<Instruction> {
    let honest = c.known.get(&address)?.work.clone();
    let wrong = if c.chance(35) { Some(cell(c, &honest)) } else { None };
    let work = wrong.map_or_else(|| honest.clone(), |cell| honest.tampered(cell));
    let args = commit_args(&work);
    c.known.get_mut(&address)?.results.push(Committed { commitment: args.commitment, work, wrong });
    Some(jobs_ix::commit_result(device, address, args))
}

fn accept(c: &mut Chooser, world: &World) -> Option<Step> {
    if !is_turn(world, "jobs.accept_result") {
        return None;
    }
    // Mostly one whose data is demanded: its demands are to be closed then.
    let (asked, spare) = (c.chance(66), c.chance(70));
    let fits = |j: &Job| (!asked || j.demands.any_open()) && !(spare && is_audited(j));
    let (address, job) = job(c, world, Status::Committed, fits)?;
    let owner = c.mostly(job.user);
    Some(Step::send(owner, vec![jobs_ix::accept_result(owner, address, &job)]))
}

fn settle(c: &mut Chooser, world: &World) -> Option<Step> {
    if !is_turn(world, "jobs.settle_job") {
        return None;
    }
    let now = world.state.now;
    let quiet = |j: &Job| j.audit.settled().is_ok() && !j.demands.any_open();
    let caller = c.person();
    if let Some((address, job)) = job(c, world, Status::Committed, |j| now > j.window_end && quiet(j)) {
        return Some(Step::send(caller, vec![jobs_ix::settle_job(address, &job)]));
    }
    let (address, job) = job(c, world, Status::Committed, quiet)?;
    let settle = Step::send(caller, vec![jobs_ix::settle_job(address, &job)]);
    c.later(world, "jobs.settle_job", job.window_end, settle)
}

fn cancel(c: &mut Chooser, world: &World) -> Option<Step> {
    if !is_turn(world, "jobs.cancel_job") {
        return None;
    }
    let (address, job) = job(c, world, Status::Posted, |_| true)?;
    let owner = c.mostly(job.user);
    Some(Step::send(owner, vec![jobs_ix::cancel_job(owner, address, &job)]))
}

fn expire(c: &mut Chooser, world: &World) -> Option<Step> {
    let now = world.state.now;
    let (address, job) = job(c, world, Status::Posted, |j| now > j.claim_deadline)?;
    Some(Step::send(c.person(), vec![jobs_ix::expire_unclaimed(address, &job)]))
}

fn expire_claim(c: &mut Chooser, world: &World) -> Option<Step> {
    if !is_turn(world, "jobs.expire_claim") {
        return None;
    }
    let now = world.state.now;
    let caller = c.person();
    if let Some((address, job)) = job(c, world, Status::Claimed, |j| now > j.commit_deadline) {
        return Some(Step::send(caller, vec![jobs_ix::expire_claim(address, &job)]));
    }
    let (address, job) = job(c, world, Status::Claimed, |_| true)?;
    let expire = Step::send(caller, vec![jobs_ix::expire_claim(address, &job)]);
    c.later(world, "jobs.expire_claim", job.commit_deadline, expire)
}

/// Evidence about a cell: opened, written and judged, with other steps between.
fn dispute(c: &mut Chooser, world: &World) -> Option<Step> {
    if !is_turn(world, "jobs.dispute_cell") {
        return None;
    }
    let known = |j: &Job, k: &Known| k.results.iter().any(|r| r.commitment == j.commitment && r.wrong.is_some());
    let spare = c.chance(70);
    let fits = |a: &Pubkey, j: &Job| {
        let wrong = j.status == Status::Committed && c.known.get(a).is_some_and(|k| known(j, k));
        wrong && !(spare && is_audited(j))
    };
    let open: Vec<Pubkey> = world.state.jobs.iter().filter(|(a, j)| fits(a, j)).map(|(a, _)| *a).collect();
    let address = if c.lax { job(c, world, Status::Committed, |_| true)?.0 } else { c.any(open)? };
    let job = world.state.jobs.get(&address)?.clone();
    let results = &c.known.get(&address)?.results;
    let result = results.iter().find(|r| r.commitment == job.commitment).or(results.first())?;
    let (work, wrong, commitment) = (result.work.clone(), result.wrong, result.commitment);
    let judged = wrong.filter(|_| c.chance(80)).unwrap_or_else(|| cell(c, &work));
    let honest = work.evidence(judged);
    let mut evidence = honest.clone();
    if c.chance(12) {
        let at = c.rng.random_range(0..evidence.len());
        evidence[at] ^= 1 << c.rng.random_range(0..8);
    }
    let is_wrong = wrong == Some(judged) && evidence == honest;
    let prover = c.person();
    let proof = address::proof(&address, &prover);
    if world.state.proofs.contains_key(&proof) {
        return Some(Step::send(prover, vec![jobs_ix::close_proof(prover, address)]));
    }
    let size = evidence.len() as u32;
    let opened = if c.chance(35) { size } else { c.rng.random_range(1..=size) };
    let mut steps = vec![Step::send(prover, vec![jobs_ix::open_proof(prover, address, opened)])];
    if opened < size {
        steps.push(Step::send(prover, vec![jobs_ix::grow_proof(prover, address, size)]));
    }
    for (i, part) in evidence.chunks(WRITE_BYTES).enumerate() {
        let write = jobs_ix::write_proof(prover, address, (i * WRITE_BYTES) as u32, part.to_vec());
        steps.push(Step::send(prover, vec![write]));
    }
    // Somebody may have posted it with another input or model, or committed to nothing that is known.
    let posted = (job.input_root, job.rows, job.model_root, job.commitment);
    let as_posted = posted == (work.input_root(), work.rows, work.model.root(), commitment);
    let fault = Fault { judged: Judged::Dispute, job: address, commitment: job.commitment, proof, evidence, is_wrong };
    let dispute = jobs_ix::dispute_cell(prover, address, &job, judged);
    steps.push(Step { fault: as_posted.then_some(fault), ..Step::send(prover, vec![dispute]) });
    let steps = c.bundled(steps);
    c.follow(steps)
}

/// Buffers that nobody needs any more, first those of jobs that have ended.
fn close_proof(c: &mut Chooser, world: &World) -> Option<Step> {
    let busy = !c.queue.is_empty();
    let left = world.state.proofs.values().filter(|p| !busy || !world.state.jobs.contains_key(&p.job));
    let (prover, job) = c.any(left.map(|p| (p.prover, p.job)).collect::<Vec<_>>())?;
    Some(Step::send(prover, vec![jobs_ix::close_proof(prover, job)]))
}
