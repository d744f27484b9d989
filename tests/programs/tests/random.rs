//! Random sequences of valid and invalid instructions; everything that must always hold is checked after every step.
//!
//! `IO_FUZZ_STEPS` is the number of steps (default 1,000), `IO_FUZZ_SEED` where they start; a failure prints its seed.
mod steps;

use program_tests::Net;
use rand::SeedableRng;
use rand::rngs::StdRng;
use steps::Story;

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |v| v.parse().unwrap_or_else(|e| panic!("{name} = {v}: {e}")))
}

/// Says which seed failed, however it failed.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("(hint: IO_FUZZ_SEED={} runs this sequence again)", self.0);
        }
    }
}

#[test]
fn what_must_hold_holds_after_every_random_step() {
    let steps = from_env("IO_FUZZ_STEPS", 1_000);
    let seed = Seed(from_env("IO_FUZZ_SEED", 1));
    let mut story = Story::new(Net::new(), StdRng::seed_from_u64(seed.0));
    for _ in 0..steps {
        story.step();
    }
    println!("{} of {steps} random instructions succeeded: {:?}", story.succeeded(), story.outcomes);
    assert!(steps < 100 || story.succeeded() * 5 > steps, "too few steps succeed to reach anything");
}
