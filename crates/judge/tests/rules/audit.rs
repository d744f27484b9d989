//! Draws are of this job alone, in proportion to work, and inside the job.
use crate::job::Numbers;
use crate::nets::table;
use judge::audit::{Cell, cell, is_drawn, seed};
use judge::{Hash, Layer, sha256};
use proptest::prelude::*;

fn digest(n: u64) -> Hash {
    sha256(&[&n.to_le_bytes()])
}

/// Whether `found` of `all` fits a probability, within five standard deviations.
fn fits(found: u64, all: u64, probability: f64) -> bool {
    let expected = all as f64 * probability;
    let deviation = (expected * (1.0 - probability)).sqrt();
    (found as f64 - expected).abs() <= 5.0 * deviation + 1e-9
}

proptest! {
    #[test]
    fn a_drawn_cell_is_always_a_cell_of_the_job(case in any::<u64>(), index in any::<u8>(), rows in 1u32..1 << 20) {
        let layers = table(&mut Numbers(case), case % 2 == 0);
        let drawn = cell(&digest(case), index, &layers, rows).unwrap();
        prop_assert!(drawn.row < rows);
        prop_assert!(drawn.column < layers[drawn.layer as usize].cells());
    }

    #[test]
    fn a_seed_is_of_one_slot_one_commitment_and_one_job(a in any::<u64>(), b in any::<u64>()) {
        prop_assume!(a != b);
        let (x, y) = (digest(a), digest(b));
        let seeds = [seed(&x, &x, &x), seed(&y, &x, &x), seed(&x, &y, &x), seed(&x, &x, &y)];
        for (i, one) in seeds.iter().enumerate() {
            prop_assert!(!seeds[..i].contains(one));
        }
    }
}

#[test]
fn layers_are_drawn_in_proportion_to_their_work_and_rows_and_columns_uniformly() {
    // 8 * 4 + 4, 4 * 40 + 40 and 40 * 2 + 2 of 318.
    let layers = [Layer::gemm(0, 8, 4, None), Layer::gemm(1, 4, 40, None), Layer::gemm(2, 40, 2, None)];
    let (rows, draws) = (5u32, 40_000u64);
    let mut found = [0u64; 3];
    let (mut by_row, mut by_column) = ([0u64; 5], [0u64; 40]);
    for n in 0..draws / 8 {
        for index in 0..8 {
            let Cell { layer, row, column } = cell(&digest(n), index, &layers, rows).unwrap();
            found[layer as usize] += 1;
            by_row[row as usize] += 1;
            by_column[column as usize] += u64::from(layer == 1);
        }
    }
    for (found, work) in found.into_iter().zip([36.0, 200.0, 82.0]) {
        assert!(fits(found, draws, work / 318.0), "{found} of {draws} for {work}");
    }
    assert!(by_row.into_iter().all(|n| fits(n, draws, 0.2)), "{by_row:?}");
    assert!(by_column.into_iter().all(|n| fits(n, found[1], 1.0 / 40.0)), "{by_column:?}");
}

#[test]
fn a_layer_without_products_is_drawn_by_its_cells() {
    let mut lookup = Layer::gemm(0, 6, 6, None);
    lookup.op = judge::Op::Lookup;
    assert_eq!((lookup.macs(), lookup.cells()), (0, 6));
    let layers = [lookup, Layer::gemm(1, 6, 1, None)];
    let drawn = (0..200).filter(|n| cell(&digest(*n), 0, &layers, 1).unwrap().layer == 0).count();
    // 6 of 13.
    assert!(fits(drawn as u64, 200, 6.0 / 13.0), "{drawn}");
}

#[test]
fn the_audited_share_is_the_parameter_within_its_confidence_interval() {
    let seeds = 40_000u64;
    for share in [0u16, 1, 100, 2_500, 5_000, 9_999, 10_000] {
        let drawn = (0..seeds).filter(|n| is_drawn(&digest(*n), share)).count() as u64;
        assert!(fits(drawn, seeds, f64::from(share) / 10_000.0), "{drawn} of {seeds} at {share}");
    }
}

#[test]
fn an_empty_job_has_no_cells() {
    assert_eq!(cell(&digest(0), 0, &[], 1), None);
    assert_eq!(cell(&digest(0), 0, &[Layer::gemm(0, 1, 1, None)], 0), None);
}

/// Other implementations must agree with these.
#[test]
fn known_draws() {
    let seed = seed(&[1; 32], &[2; 32], &[3; 32]);
    let hex: String = seed[..8].iter().map(|b| format!("{b:02x}")).collect();
    let layers = [Layer::gemm(0, 64, 32, None), Layer::gemm(1, 32, 10, None)];
    let cells: Vec<_> = (0..3).filter_map(|i| cell(&seed, i, &layers, 719)).collect();
    let known = [(0, 296, 1), (0, 381, 8), (0, 23, 8)].map(|(layer, row, column)| Cell { layer, row, column });
    assert_eq!((hex.as_str(), cells.as_slice()), ("275d2ee004bedd1c", known.as_slice()));
}
