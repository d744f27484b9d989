//! Random sequences of everything that can be sent to the programs; everything that must always hold is checked after every step.
//!
//! `IO_FUZZ_STEPS` is the number of steps (default 1,500), `IO_FUZZ_SEED` where they start; a failure prints the shortest sequence that
//! fails and how to run it again. `cargo xtask fuzz` runs more.
use program_tests::fuzz::step::Step;
use program_tests::fuzz::{Chooser, Options, World, replay, run, shrink};
use program_tests::recording::{Amount, record};
use program_tests::user;
use solana_instruction::Instruction;
use solana_signer::Signer;
use std::time::Duration;

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |v| v.parse().unwrap_or_else(|e| panic!("{name} = {v}: {e}")))
}

#[test]
fn what_must_hold_holds_after_every_random_step() {
    let (steps, seed) = (from_env("IO_FUZZ_STEPS", 1_500), from_env("IO_FUZZ_SEED", 1));
    let mut report = run(Options::new(steps, seed));
    if let Some(found) = report.found.pop() {
        panic!("{}", found.explain());
    }
    let (ok, refused) = report.counts.values().fold((0, 0), |(ok, no), c| (ok + c.ok, no + c.refused));
    println!("{steps} steps: {ok} instructions succeeded, {refused} were refused");
    assert!(report.steps < 100 || ok > refused, "too few steps succeed to reach anything");
    assert_eq!(report.rare(), [], "every instruction succeeds often enough");
}

#[test]
fn a_seed_always_leads_to_the_same_steps() {
    let story = || {
        let (mut world, mut chooser) = (World::new(), Chooser::new(77));
        let steps: Vec<_> = (0..150)
            .map(|_| {
                let step = chooser.next(&world);
                world.apply(&step).unwrap_or_else(|v| panic!("{v}"));
                step
            })
            .collect();
        (steps, world.counts)
    };
    let ((steps, counts), (again, same)) = (story(), story());
    assert_eq!(format!("{steps:?}"), format!("{again:?}"));
    assert_eq!(counts, same);
    assert!(replay(&steps).is_none(), "and the steps alone to the same end");
}

#[test]
fn a_seed_is_always_recorded_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |name: &str| {
        let path = folder.path().join(name);
        record(&path, 5, Amount { events: 1_500, blocks: 100 }, |_| {}).unwrap();
        std::fs::read(path).unwrap()
    };
    assert!(bytes("first") == bytes("second"));
}

#[test]
fn a_failure_is_made_short() {
    let (mut world, mut chooser) = (World::new(), Chooser::new(3));
    let mut steps: Vec<Step> = Vec::new();
    for _ in 0..120 {
        steps.push(chooser.next(&world));
        world.apply(&steps[steps.len() - 1]).unwrap_or_else(|v| panic!("{v}"));
    }
    // The runtime itself refuses this one, and nobody named it.
    let nothing = Instruction { program_id: user(0).pubkey(), accounts: Vec::new(), data: Vec::new() };
    steps.insert(70, Step::send(user(1).pubkey(), vec![nothing]));
    let (at, violation) = replay(&steps).expect("it is refused without a name");
    assert_eq!((at, violation.rule), (70, "refusals"));
    let (short, violation) = shrink(steps, violation, Duration::from_secs(60));
    assert_eq!((short.len(), violation.rule), (1, "refusals"));
    assert!(short[0].describe(&Default::default()).contains("other"));
}
