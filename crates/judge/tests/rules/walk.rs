//! Whoever recomputes a job finds a wrong cell by demands alone, with evidence that convicts.
use crate::job::{Job, Numbers, Shape, shapes};
use crate::reference::config;
use judge::cell::Witness;
use judge::demand::Holder;
use judge::walk::{Stand, Walk};
use judge::{Committed, Layer, Verdict};
use proptest::prelude::*;

/// Walks down from `own` work to what `cheat` has committed to, who answers on chain and nowhere else. Gives the number of
/// demands and where it ended.
fn walk(own: &Job, cheat: &Job) -> (usize, Stand) {
    let claim = cheat.claim();
    let witness = Witness { activations: &own.activations, columns: &own.columns };
    let mut walk = Walk::new(&claim, &witness).unwrap();
    let held = Holder::new(&claim, &cheat.activations).unwrap();
    let mut demands = 0;
    while let Stand::Ask(wanted) = walk.stand().clone() {
        let answer = held.answer(&wanted).unwrap();
        let row_bytes = wanted.layer().map_or(0, |l| Layer::out_row_bytes(&cheat.layers[l as usize]));
        let (layers, rows) = (cheat.layers.len(), cheat.rows);
        let about = Committed { job: &cheat.id, layers, rows, row_bytes, commitment: &cheat.commitment };
        walk.take(about.judge(&wanted, &answer).unwrap()).unwrap();
        demands += 1;
    }
    (demands, walk.stand().clone())
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn any_changed_byte_is_walked_down_to_and_convicted(shape in shapes(), flip in 1u8..) {
        let own = Job::new(&shape);
        let mut cheat = Job::new(&shape);
        let mut numbers = Numbers(shape.seed ^ 5);
        let layer = numbers.below(cheat.layers.len());
        let at = numbers.below(cheat.activations[layer + 1].len());
        cheat.activations[layer + 1][at] ^= flip;
        cheat.commit();
        let (width, size) = (cheat.layers[layer].cells() as usize, cheat.layers[layer].out_size());
        let cell = (layer as u32, (at / size / width) as u32, (at / size % width) as u32);
        let (_, stand) = walk(&own, &cheat);
        let Stand::Wrong { layer, row, column, evidence } = stand else { panic!("{stand:?}") };
        prop_assert_eq!((layer, row, column), cell);
        let (expected, committed) = (own.committed(cell), cheat.committed(cell));
        prop_assert_eq!(cheat.judge(cell, &evidence), Ok(Verdict::Fault { expected, committed }));
    }

    #[test]
    fn of_many_changed_bytes_a_cell_is_found_that_convicts(shape in shapes(), seed: u64) {
        let own = Job::new(&shape);
        let mut cheat = Job::new(&shape);
        let mut numbers = Numbers(seed);
        for _ in 0..8 {
            let layer = numbers.below(cheat.layers.len());
            let at = numbers.below(cheat.activations[layer + 1].len());
            cheat.activations[layer + 1][at] = cheat.activations[layer + 1][at].wrapping_add(1);
        }
        cheat.commit();
        let (_, stand) = walk(&own, &cheat);
        let Stand::Wrong { layer, row, column, evidence } = stand else { panic!("{stand:?}") };
        let verdict = cheat.judge((layer, row, column), &evidence);
        prop_assert!(matches!(verdict, Ok(Verdict::Fault { .. })), "{:?}", verdict);
    }

    #[test]
    fn an_honest_commitment_asks_for_nothing(shape in shapes()) {
        let job = Job::new(&shape);
        prop_assert_eq!(walk(&job, &job), (0, Stand::Honest));
    }
}

#[test]
fn a_large_batch_with_long_rows_takes_few_demands() {
    let shape = Shape { widths: vec![3, 4_000], accumulators: true, rows: 300, seed: 2 };
    let (own, mut cheat) = (Job::new(&shape), Job::new(&shape));
    let last = cheat.activations[1].len() - 1;
    cheat.activations[1][last] ^= 1;
    cheat.commit();
    // Roots; 300 rows are nine levels; 63 segments are six; the bytes.
    let (demands, stand) = walk(&own, &cheat);
    assert_eq!(demands, 1 + 2 + 1 + 1);
    let Stand::Wrong { layer, row, column, evidence } = stand else { panic!("{stand:?}") };
    assert_eq!((layer, row, column), (0, 299, 3_999));
    assert!(matches!(cheat.judge((layer, row, column), &evidence), Ok(Verdict::Fault { .. })));
}

#[test]
fn data_in_which_nothing_differs_are_not_what_the_chain_has_judged() {
    let shape = Shape { widths: vec![30, 300, 20], accumulators: false, rows: 4, seed: 3 };
    let (own, mut cheat) = (Job::new(&shape), Job::new(&shape));
    cheat.activations[1][700] ^= 1;
    cheat.commit();
    let claim = cheat.claim();
    let witness = Witness { activations: &own.activations, columns: &own.columns };
    let mut walk = Walk::new(&claim, &witness).unwrap();
    let roots = Holder::new(&own.claim(), &own.activations).unwrap().answer(&judge::Wanted::LayerRoots).unwrap();
    assert_eq!(walk.take(&roots), Err(judge::JudgeError::Output));
    assert_eq!(walk.take(&roots[1..]), Err(judge::JudgeError::Length));
}
