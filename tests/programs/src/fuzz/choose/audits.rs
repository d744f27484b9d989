//! Audits: drawn in time or missed, answered right and wrong, and left unanswered.
use super::{Chooser, Kind, kind, work};
use crate::fuzz::step::{Fault, Judged, Step};
use crate::fuzz::world::World;
use crate::net::WRITE_BYTES;
use client::{address, jobs_ix};
use jobs::state::{Audit, Job, Status};
use judge::audit;
use rand::Rng;

pub const KINDS: &[Kind] =
    &[kind("jobs.draw_audit", 70, draw), kind("jobs.open_cell", 60, answer), kind("jobs.expire_audit", 60, expire)];

fn draw(c: &mut Chooser, world: &World) -> Option<Step> {
    let slot = world.state.slot;
    let due = |j: &Job| matches!(j.audit, Audit::Pending { draw_slot, .. } if draw_slot < slot);
    let (address, _) = work::job(c, world, Status::Committed, due)?;
    let caller = c.person();
    Some(Step::send(caller, vec![jobs_ix::draw_audit(caller, address)]))
}

fn expire(c: &mut Chooser, world: &World) -> Option<Step> {
    if !work::is_turn(world, "jobs.expire_audit") {
        return None;
    }
    let now = world.state.now;
    let late = |j: &Job| matches!(j.audit, Audit::Open { deadline, .. } if now > deadline);
    let caller = c.person();
    if let Some((address, job)) = work::job(c, world, Status::Committed, late) {
        return Some(Step::send(caller, vec![jobs_ix::expire_audit(caller, address, &job)]));
    }
    let (address, job) = work::job(c, world, Status::Committed, |j| matches!(j.audit, Audit::Open { .. }))?;
    let Audit::Open { deadline, .. } = job.audit else { return None };
    let expire = Step::send(caller, vec![jobs_ix::expire_audit(caller, address, &job)]);
    c.later(world, "jobs.expire_audit", deadline, expire)
}

/// Cells that are not answered yet, mostly all: the evidence of each is opened, written and judged, with other steps between.
fn answer(c: &mut Chooser, world: &World) -> Option<Step> {
    let now = world.state.now;
    let open = |j: &Job| matches!(j.audit, Audit::Open { deadline, .. } if now <= deadline);
    let (address, job) = work::job(c, world, Status::Committed, open)?;
    let Audit::Open { seed, answered, .. } = job.audit else { return None };
    // Some are answered by nobody.
    if seed[0] < 80 {
        return None;
    }
    let known = c.known.get(&address)?;
    let result = known.results.iter().find(|r| r.commitment == job.commitment)?;
    let (work, wrong) = (result.work.clone(), result.wrong);
    // Somebody may have posted it with another model or number of rows.
    if (job.model_root, job.rows, job.input_root) != (work.model.root(), work.rows, work.input_root()) {
        return None;
    }
    let prover = if c.chance(70) && c.cast.can_sign(&job.device) { job.device } else { c.person() };
    let proof = address::proof(&address, &prover);
    if world.state.proofs.contains_key(&proof) {
        return Some(Step::send(prover, vec![jobs_ix::close_proof(prover, address)]));
    }
    let mut asked: Vec<u8> = (0..job.audit_cells).filter(|i| answered & (1 << i) == 0).collect();
    if c.chance(10) {
        asked = vec![c.rng.random_range(0..34)];
    }
    let mut all = Vec::new();
    for index in asked {
        let cell = audit::cell(&seed, index, &work.model.specs(), job.rows)?;
        let asked = (cell.layer, cell.row, cell.column);
        // Now and then another cell of the same job, or another bit.
        let shown = if c.chance(96) { asked } else { work::cell(c, &work) };
        let mut evidence = work.evidence(shown);
        let honest = evidence.clone();
        if c.chance(4) {
            let at = c.rng.random_range(0..evidence.len());
            evidence[at] ^= 1 << c.rng.random_range(0..8);
        }
        let is_wrong = wrong == Some(asked) || shown != asked || evidence != honest;
        let mut steps = vec![Step::send(prover, vec![jobs_ix::open_proof(prover, address, evidence.len() as u32)])];
        for (i, part) in evidence.chunks(WRITE_BYTES).enumerate() {
            let write = jobs_ix::write_proof(prover, address, (i * WRITE_BYTES) as u32, part.to_vec());
            steps.push(Step::send(prover, vec![write]));
        }
        let commitment = job.commitment;
        let fault = Fault { judged: Judged::Answer, job: address, commitment, proof, evidence, is_wrong };
        let give = Step::send(prover, vec![jobs_ix::open_cell(prover, address, &job, index)]);
        steps.push(Step { fault: Some(fault), ..give });
        all.extend(c.bundled(steps));
    }
    c.follow(all)
}
