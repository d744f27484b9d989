//! Random sequences of everything that anybody can send to the four programs, right and wrong, with time, prices and votes; after every
//! step everything that must hold is checked.
//!
//! A run is split into worlds of [`WORLD`] steps, each from its own seed: the first from the run's seed, every other from the
//! one after. What a world does depends on its seed alone.
mod choose;
pub mod names;
mod people;
pub mod permission;
mod shrink;
pub mod step;
mod world;

pub use choose::Chooser;
pub use people::Cast;
pub use shrink::{replay, shrink};
pub use world::{Count, Counts, Outcome, World};

use crate::invariant::Violation;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use step::Step;

/// Steps in a world.
pub const WORLD: u64 = 5_000;
/// From this many steps on every instruction must have succeeded often enough.
pub const ENOUGH_STEPS: u64 = 20_000;
/// How often.
pub const ENOUGH: u64 = 50;
/// A long run says how far it is after this many steps.
const PROGRESS: u64 = 100_000;
/// Longest time that shortening a failure may take.
const SHRINK: Duration = Duration::from_secs(240);

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub steps: u64,
    pub seed: u64,
    pub threads: usize,
    /// No world is started after this.
    pub limit: Duration,
}

impl Options {
    pub fn new(steps: u64, seed: u64) -> Self {
        Options { steps, seed, threads: 1, limit: Duration::MAX }
    }
}

/// A rule that broke.
pub struct Found {
    /// The world's own seed.
    pub seed: u64,
    pub violation: Violation,
    /// All steps up to it.
    pub steps: Vec<Step>,
}

/// What became of a run.
#[derive(Default)]
pub struct Report {
    pub steps: u64,
    pub seed: u64,
    pub seconds: f64,
    pub counts: Counts,
    pub actions: BTreeMap<String, u64>,
    pub refusals: BTreeMap<String, u64>,
    pub found: Vec<Found>,
}

/// Runs everything; stops early in worlds in which a rule breaks.
pub fn run(options: Options) -> Report {
    let start = Instant::now();
    let worlds = options.steps.div_ceil(WORLD);
    let next = AtomicU64::new(0);
    let report = Mutex::new(Report { seed: options.seed, ..Report::default() });
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= worlds || start.elapsed() > options.limit {
                return;
            }
            let steps = WORLD.min(options.steps - index * WORLD);
            let (world, found) = run_world(options.seed + index, steps);
            let mut report = report.lock().unwrap_or_else(|e| e.into_inner());
            let before = report.steps;
            report.add(world, found);
            if before / PROGRESS != report.steps / PROGRESS {
                let per_s = report.steps as f64 / start.elapsed().as_secs_f64();
                eprintln!("{} steps, {per_s:.0} a second, {} rules broken", report.steps, report.found.len());
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..options.threads {
            scope.spawn(work);
        }
        work();
    });
    let mut report = report.into_inner().unwrap_or_else(|e| e.into_inner());
    report.seconds = start.elapsed().as_secs_f64();
    report
}

fn run_world(seed: u64, steps: u64) -> (World, Option<Found>) {
    let (mut world, mut chooser) = (World::new(), Chooser::new(seed));
    let mut taken = Vec::new();
    for _ in 0..steps {
        let step = chooser.next(&world);
        taken.push(step.clone());
        if let Err(violation) = world.apply(&step) {
            return (world, Some(Found { seed, violation, steps: taken }));
        }
    }
    let found = world.check_whole().err().map(|violation| Found { seed, violation, steps: taken });
    (world, found)
}

impl Report {
    fn add(&mut self, world: World, found: Option<Found>) {
        self.steps += world.steps;
        for (name, count) in world.counts {
            let sum = self.counts.entry(name).or_default();
            *sum = Count { ok: sum.ok + count.ok, refused: sum.refused + count.refused };
        }
        for (into, from) in [(&mut self.actions, world.actions), (&mut self.refusals, world.refusals)] {
            from.into_iter().for_each(|(name, count)| *into.entry(name).or_default() += count);
        }
        self.found.extend(found);
    }

    /// Instructions that have not succeeded often enough to say much, with how often they have.
    pub fn rare(&self) -> Vec<(&'static str, u64)> {
        let ok = |name| self.counts.get(name).map_or(0, |c: &Count| c.ok);
        let names = names::ALL.iter().filter(|n| self.steps >= ENOUGH_STEPS && !names::is_over(n));
        names.map(|n| (*n, ok(n))).filter(|(_, ok)| *ok < ENOUGH).collect()
    }

    pub fn to_json(&self) -> Value {
        let instructions = names::ALL.iter().map(|name| {
            let count = self.counts.get(name).copied().unwrap_or_default();
            ((*name).to_string(), json!({ "ok": count.ok, "refused": count.refused }))
        });
        let instructions: Map<String, Value> = instructions.collect();
        let per_s = (self.steps as f64 / self.seconds.max(0.001)).round() as u64;
        json!({
            "steps": self.steps,
            "seed": self.seed,
            "instructions": instructions,
            "votes": self.actions,
            "violations": self.found.len(),
            "seconds": self.seconds.round() as u64,
            "steps_per_s": per_s,
        })
    }
}

impl Found {
    /// The failure in as few steps as could be found, and how to see it again.
    pub fn explain(self) -> String {
        let taken = self.steps.len();
        let (steps, violation) = shrink(self.steps, self.violation, SHRINK);
        let names = Cast::get().addresses();
        let mut text = format!("broken: {violation}\n{} of {taken} steps are enough for it:\n", steps.len());
        for (i, step) in steps.iter().enumerate() {
            text += &format!("{:>4}. {}\n", i + 1, step.describe(&names));
        }
        text + &format!("(hint: `cargo xtask fuzz --steps {taken} --seed {}` runs it again)", self.seed)
    }
}
