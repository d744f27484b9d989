//! Time passes: mostly to when something is due, a second before, at and after it.
use super::{Chooser, Kind, kind};
use crate::fuzz::step::Step;
use crate::fuzz::world::World;
use crate::state::one;
use crate::vm::SECONDS_PER_SLOT;
use jobs::state::{Audit, Status};
use rand::Rng;

pub const KINDS: &[Kind] = &[kind("wait", 36, wait)];

fn wait(c: &mut Chooser, world: &World) -> Option<Step> {
    let (now, epoch_s) = (world.state.now, i64::from(crate::net::EPOCH_S));
    // What has been begun is mostly finished first.
    if !c.queue.is_empty() && c.chance(75) {
        return None;
    }
    let start = one(&world.state.credits)?.genesis_time;
    let next = start + (world.epoch() as i64 + 1) * epoch_s;
    let mut due: Vec<i64> = vec![next];
    due.extend(world.state.jobs.values().map(|j| match j.status {
        Status::Posted => j.claim_deadline,
        Status::Claimed => j.commit_deadline,
        _ => j.window_end,
    }));
    due.extend(world.state.jobs.values().filter_map(|j| match j.audit {
        Audit::Open { deadline, .. } => Some(deadline),
        Audit::Pending { draw_slot, .. } => {
            let slots = (draw_slot + 1).saturating_sub(world.state.slot);
            Some(now + (slots * SECONDS_PER_SLOT) as i64)
        }
        _ => None,
    }));
    due.extend(world.state.demands.values().map(|d| d.deadline));
    due.extend(world.state.proposals.values().flat_map(|p| [p.voting_end, p.eta, p.expires]));
    due.extend(world.state.positions.values().map(|p| p.locked_until));
    let pools = world.state.positions.values().flat_map(|p| [p.warm_epoch, p.cool_epoch]);
    due.extend(pools.map(|epoch| start + epoch as i64 * epoch_s));
    due.retain(|time| *time > now);
    let near = due.iter().min().copied();
    let to = match c.rng.random_range(0..100) {
        0..42 => now + c.rng.random_range(0..25),
        42..68 => near? + c.rng.random_range(-1..=1),
        68..84 => c.any(due.into_iter().filter(|d| *d < now + 3 * epoch_s))? + c.rng.random_range(-1..=1),
        84..96 => next + c.rng.random_range(-1..=1),
        96..99 => now + c.rng.random_range(0..4 * epoch_s),
        _ => now + c.rng.random_range(0..30 * epoch_s),
    };
    Some(Step::wait((to - now).max(0)))
}
