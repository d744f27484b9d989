//! Demands for withheld data: made, answered rightly and wrongly, left to expire, closed when their job is gone.
use super::{Chooser, Kind, kind, work};
use crate::fuzz::step::{Answer, Step};
use crate::fuzz::world::World;
use crate::net::WRITE_BYTES;
use anchor_lang::prelude::Pubkey;
use client::{address, jobs_ix};
use jobs::Item;
use jobs::state::{Demand, Job, Status};
use rand::Rng;

pub const KINDS: &[Kind] = &[
    kind("jobs.demand_data", 30, demand),
    kind("jobs.answer_demand", 32, answer),
    kind("jobs.expire_demand", 30, expire),
    kind("jobs.close_demand", 16, close),
];

/// Something that the job has, mostly.
fn item(c: &mut Chooser, world: &World, job: &Job) -> Item {
    let model = world.state.models.values().find(|m| m.root == job.model_root);
    let has = |item: Item| {
        let wanted = item.into();
        model.is_some_and(|m| {
            let about = jobs::instructions::demanded::committed(job, &[0; 32], m, &wanted);
            about.is_ok_and(|about| about.check(&wanted).is_ok())
        })
    };
    let mut tried = any_item(c, job);
    for _ in 0..20 {
        if has(tried) || c.chance(2) {
            break;
        }
        tried = any_item(c, job);
    }
    tried
}

fn any_item(c: &mut Chooser, job: &Job) -> Item {
    let layer = c.rng.random_range(0..3);
    let row = c.rng.random_range(0..job.rows + 1);
    match c.rng.random_range(0..10) {
        0..2 => Item::LayerRoots,
        2..5 => Item::Nodes { layer, row: None, level: c.rng.random_range(0..4), index: 0, depth: 1 },
        5 => Item::Nodes { layer, row: Some(row), level: 1, index: 0, depth: c.rng.random_range(0..3) },
        _ => Item::Segments { layer, row, first: 0, count: c.rng.random_range(0..3) },
    }
}

fn demand(c: &mut Chooser, world: &World) -> Option<Step> {
    let (now, lax) = (world.state.now, c.lax);
    let able = world.state.jobs.iter().filter(|(_, j)| lax || (j.status == Status::Committed && now <= j.window_end));
    let (address, job) = c.any(able.map(|(a, j)| (*a, j.clone())).collect::<Vec<_>>())?;
    let demander = if c.chance(40) { job.user } else { c.person() };
    let item = item(c, world, &job);
    Some(Step::send(demander, vec![jobs_ix::demand_data(demander, address, &job, item)]))
}

/// An open demand whose job lives, and the job.
fn open(c: &mut Chooser, world: &World, fits: impl Fn(&Demand) -> bool) -> Option<(Demand, Job)> {
    let lax = c.lax;
    let open = world.state.demands.values().filter(|d| lax || fits(d));
    let open = open.filter_map(|d| Some((d.clone(), world.state.jobs.get(&d.job)?.clone())));
    c.any(open.collect::<Vec<_>>())
}

/// An answer: opened, written and given, with other steps between.
fn answer(c: &mut Chooser, world: &World) -> Option<Step> {
    let now = world.state.now;
    let (demand, job) = open(c, world, |d| now <= d.deadline)?;
    // As it is again when the answer is given.
    if world.state.jobs.get(&demand.job)?.status != Status::Committed {
        return None;
    }
    let other = if c.chance(6) { Item::LayerRoots } else { demand.item };
    let results = &c.known.get(&demand.job)?.results;
    let work = &results.iter().find(|r| r.commitment == job.commitment)?.work;
    let honest = work.answer(other)?;
    let as_posted = (job.rows, job.model_root) == (work.rows, work.model.root());
    let mut bytes = honest.clone();
    if c.chance(10) {
        let at = c.rng.random_range(0..bytes.len());
        bytes[at] ^= 1 << c.rng.random_range(0..8);
    }
    let is_right = bytes == honest && other == demand.item;
    let prover = if c.chance(60) && c.cast.can_sign(&job.device) { job.device } else { c.person() };
    let proof = address::proof(&demand.job, &prover);
    if world.state.proofs.contains_key(&proof) {
        return Some(Step::send(prover, vec![jobs_ix::close_proof(prover, demand.job)]));
    }
    let mut steps = vec![Step::send(prover, vec![jobs_ix::open_proof(prover, demand.job, bytes.len() as u32)])];
    for (i, part) in bytes.chunks(WRITE_BYTES).enumerate() {
        let write = jobs_ix::write_proof(prover, demand.job, (i * WRITE_BYTES) as u32, part.to_vec());
        steps.push(Step::send(prover, vec![write]));
    }
    let give = Step::send(prover, vec![jobs_ix::answer_demand(prover, &job, &demand)]);
    let account: Pubkey = address::demand(&demand.job, demand.n);
    let expected = Answer { demand: account, job: demand.job, proof, bytes: bytes.clone(), is_right };
    steps.push(Step { answer: as_posted.then_some(expected), ..give });
    let steps = c.bundled(steps);
    c.follow(steps)
}

fn expire(c: &mut Chooser, world: &World) -> Option<Step> {
    if !work::is_turn(world, "jobs.expire_demand") {
        return None;
    }
    let now = world.state.now;
    let caller = c.person();
    let Some((demand, job)) = open(c, world, |d| now > d.deadline) else {
        // Nobody answers: its time passes.
        let (demand, job) = if c.queue.is_empty() && c.chance(40) { open(c, world, |_| true)? } else { return None };
        c.queue.push_front(Step::send(caller, vec![jobs_ix::expire_demand(caller, &job, &demand)]));
        return Some(Step::wait((demand.deadline - now + 1).max(0)));
    };
    Some(Step::send(caller, vec![jobs_ix::expire_demand(caller, &job, &demand)]))
}

fn close(c: &mut Chooser, world: &World) -> Option<Step> {
    let lax = c.lax;
    let left = world.state.demands.values().filter(|d| lax || !world.state.jobs.contains_key(&d.job)).cloned();
    let demand = c.any(left.collect::<Vec<_>>())?;
    Some(Step::send(c.person(), vec![jobs_ix::close_demand(&demand)]))
}
