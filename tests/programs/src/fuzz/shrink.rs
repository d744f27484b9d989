//! A long failing sequence made short: steps are left out, in large pieces and then in small ones, while it still fails by the same rule.
use super::step::Step;
use super::world::World;
use crate::invariant::Violation;
use std::time::{Duration, Instant};

/// What comes of taking `steps` in a new network: where the first rule broke, and which.
pub fn replay(steps: &[Step]) -> Option<(usize, Violation)> {
    let mut world = World::new();
    for (at, step) in steps.iter().enumerate() {
        if let Err(violation) = world.apply(step) {
            return Some((at, violation));
        }
    }
    world.check_whole().err().map(|violation| (steps.len().saturating_sub(1), violation))
}

/// The shortest sequence found within `time` that breaks the same rule as `steps`, with how it does.
pub fn shrink(steps: Vec<Step>, violation: Violation, time: Duration) -> (Vec<Step>, Violation) {
    let end = Instant::now() + time;
    let (mut best, mut why) = (steps, violation);
    let mut piece = best.len().div_ceil(2);
    while piece > 0 && Instant::now() < end {
        let (mut at, mut shorter) = (0, false);
        while at < best.len() && Instant::now() < end {
            let rest = at + piece.min(best.len() - at);
            let without: Vec<Step> = best[..at].iter().chain(&best[rest..]).cloned().collect();
            match replay(&without) {
                Some((last, found)) if found.rule == why.rule => {
                    best = without;
                    best.truncate(last + 1);
                    (why, shorter) = (found, true);
                }
                _ => at += piece,
            }
        }
        // One more round with single steps as long as it helps.
        piece = if piece == 1 && shorter { 1 } else { piece / 2 };
    }
    (best, why)
}
