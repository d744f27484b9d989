//! Field arithmetic, the product test, and honest results: properties.
use crate::job::{Job, config};
use num_bigint::BigInt;
use proptest::prelude::*;
use verify::field::{P, add, from_i64, mul};
use verify::freivalds::Kernel;
use verify::{Method, check, freivalds, method};

fn element() -> impl Strategy<Value = u64> {
    prop_oneof![0..P, Just(0), Just(1), Just(P - 1), Just(P / 2), (0u32..61).prop_map(|shift| 1 << shift)]
}

fn modulo(x: BigInt) -> BigInt {
    let p = BigInt::from(P);
    ((x % &p) + &p) % p
}

/// The rows where `C r` differs from `A (W r) + bias r`, with big integers.
fn wrong_rows_exactly(job: &Job, accumulators: &[i32], vector: &[u64]) -> Vec<usize> {
    let layer = &job.model.layers[0];
    let (k, n) = (layer.spec.k() as usize, layer.spec.n() as usize);
    let by_vector = |cells: &mut dyn Iterator<Item = i64>| -> BigInt {
        cells.zip(vector).map(|(cell, &element)| BigInt::from(cell) * element).sum()
    };
    let weights: Vec<BigInt> =
        (0..k).map(|i| by_vector(&mut (0..n).map(|j| i64::from(layer.column(j)[i] as i8)))).collect();
    let biases = by_vector(&mut (0..n).map(|j| layer.bias(j).into()));
    let right = |row: usize| -> BigInt {
        let input = job.input[row * k..][..k].iter().zip(&weights);
        input.map(|(&x, weight)| weight * (x as i8)).sum::<BigInt>() + &biases
    };
    let left = |row: usize| by_vector(&mut accumulators[row * n..][..n].iter().map(|&sum| sum.into()));
    (0..job.rows as usize).filter(|&row| modulo(left(row)) != modulo(right(row))).collect()
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn the_field_agrees_with_big_integers(a in element(), b in element(), x in any::<i64>()) {
        prop_assert_eq!(BigInt::from(add(a, b)), modulo(BigInt::from(a) + b));
        prop_assert_eq!(BigInt::from(mul(a, b)), modulo(BigInt::from(a) * b));
        prop_assert_eq!(BigInt::from(from_i64(x)), modulo(BigInt::from(x)));
    }
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn the_product_test_agrees_with_big_integers(
        seed in any::<u64>(),
        rows in 1u32..6,
        k in 1u32..200,
        n in 1u32..100,
        vector in prop::collection::vec(element(), 100),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<i32>()), 0..4),
    ) {
        let job = Job::new(seed, rows, &[k, n], true);
        let mut sums = job.accumulators[0].clone();
        for (at, value) in changes {
            *at.get_mut(&mut sums) = value;
        }
        let vector = &vector[..n as usize];
        for kernel in Kernel::available() {
            let found = freivalds::wrong_rows_by(kernel, &job.model.layers[0], job.left(), &sums, vector);
            prop_assert_eq!(found, wrong_rows_exactly(&job, &sums, vector));
        }
    }

    #[test]
    fn an_honest_result_is_accepted(
        seed in any::<u64>(),
        rows in 1u32..50,
        widths in prop::collection::vec(1u32..80, 2..5),
        raw_end in any::<bool>(),
    ) {
        let job = Job::new(seed, rows, &widths, raw_end);
        let report = check(&job.case(), &job.result).unwrap();
        for (layer, checked) in job.model.layers.iter().zip(&report.layers) {
            prop_assert_eq!(checked.method, method(&layer.spec, rows));
            prop_assert_eq!(checked.macs, u64::from(rows) * layer.spec.macs());
        }
    }

    #[test]
    fn an_honest_result_of_wide_layers_is_accepted_by_products(seed in any::<u64>(), rows in 50u32..70, n in 60u32..80) {
        let job = Job::new(seed, rows, &[2000, n, 9], false);
        let report = check(&job.case(), &job.result).unwrap();
        prop_assert_eq!(report.layers[0].method, Method::Product);
        prop_assert_eq!(report.layers[1].method, Method::Recompute);
    }
}

#[test]
fn extreme_accumulators_do_not_overflow_the_test() {
    // More than one chunk of accumulators to a row, all at the limits of i32, and the largest elements.
    let job = Job::new(1, 2, &[3, 2048], false);
    let vector = vec![P - 1; 2048];
    for value in [i32::MIN, i32::MAX] {
        let sums = vec![value; 2 * 2048];
        let found = freivalds::wrong_rows(&job.model.layers[0], job.left(), &sums, &vector);
        assert_eq!(found, wrong_rows_exactly(&job, &sums, &vector));
    }
    let found = freivalds::wrong_rows(&job.model.layers[0], job.left(), &job.accumulators[0], &vector);
    assert_eq!(found, [0usize; 0]);
}

#[test]
fn a_changed_accumulator_is_found_in_its_row_whatever_the_change() {
    let job = Job::new(2, 800, &[700, 1024], false);
    let vector = freivalds::draw(1024).unwrap();
    for (row, column, delta) in [(0, 0, 1), (399, 1023, -1), (400, 512, 1 << 24), (799, 1, i32::MIN)] {
        let mut sums = job.accumulators[0].clone();
        let cell = &mut sums[row * 1024 + column];
        *cell = cell.wrapping_add(delta);
        assert_eq!(freivalds::wrong_rows(&job.model.layers[0], job.left(), &sums, &vector), [row]);
    }
}

#[test]
fn drawn_vectors_are_elements_and_differ() {
    let (a, b) = (freivalds::draw(1000).unwrap(), freivalds::draw(1000).unwrap());
    assert!(a.len() == 1000 && a != b);
    assert!(a.iter().all(|&element| element < P));
}
