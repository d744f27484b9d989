//! Anybody may bring evidence, register a model and commit to a result: none of it may panic.
use crate::job::Numbers;
use crate::operations::requants;
use crate::reference::{self, config};
use judge::layer::{MAX_LAYERS, MAX_WIDTH};
use judge::merkle::{fold, path_len};
use judge::{
    ACTIVATIONS, CellProof, Claim, Domain, Hash, Layer, Requant, Verdict, cell, check_layers, commitment_root,
    judge_cell, row_root,
};
use proptest::prelude::*;

fn hash() -> impl Strategy<Value = Hash> {
    any::<u64>().prop_map(|seed| Numbers(seed).hash())
}

fn width() -> impl Strategy<Value = u32> {
    let edges = vec![0, 1, 255, 256, 257, 1_024, 1_025, MAX_WIDTH - 1, MAX_WIDTH, MAX_WIDTH + 1, 1 << 30, u32::MAX];
    prop_oneof![6 => 1..=MAX_WIDTH, 2 => proptest::sample::select(edges), 1 => any::<u32>()]
}

/// Mostly allowed ones.
fn any_requant() -> impl Strategy<Value = Requant> {
    let raw = (any::<u8>(), any::<u16>(), any::<u8>(), any::<i8>(), any::<i8>(), any::<i8>())
        .prop_map(|(shift1, mul, shift2, zero_point, lo, hi)| Requant { shift1, mul, shift2, zero_point, lo, hi });
    prop_oneof![20 => requants(), 1 => raw]
}

fn any_layer() -> impl Strategy<Value = Layer> {
    (width(), width(), proptest::option::weighted(0.8, any_requant()), hash())
        .prop_map(|(k, n, requant, weight_root)| Layer { k, n, requant, weight_root })
}

/// Tables of any length; in most, each layer takes what the one before gives.
fn any_table() -> impl Strategy<Value = Vec<Layer>> {
    (proptest::collection::vec(any_layer(), 0..=MAX_LAYERS + 2), 0u8..8).prop_map(|(mut layers, broken)| {
        for i in 1..layers.len() {
            if broken > 0 {
                layers[i].k = layers[i - 1].n;
                layers[i - 1].requant.get_or_insert(Requant {
                    shift1: 0,
                    mul: 1,
                    shift2: 1,
                    zero_point: 0,
                    lo: 0,
                    hi: 1,
                });
            }
        }
        layers
    })
}

fn index(limit: u32) -> impl Strategy<Value = u32> {
    prop_oneof![6 => 0..limit.max(1), 1 => limit.saturating_sub(2)..=limit.saturating_add(1), 1 => any::<u32>()]
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn arbitrary_tables_cells_and_evidence_do_not_panic(
        (layers, column) in any_table().prop_flat_map(|t| {
            let widest = t.iter().map(|l| l.n.min(MAX_WIDTH)).max().unwrap_or(0);
            (Just(t), index(widest))
        }),
        rows in prop_oneof![1u32..100, any::<u32>()],
        layer in index(3),
        row in index(50),
        seed in any::<u64>(),
        len in 0usize..12_000,
    ) {
        judge::model_root(&layers);
        if check_layers(&layers).is_ok() {
            let mut numbers = Numbers(seed);
            let hashes = [numbers.hash(), numbers.hash(), numbers.hash()];
            let claim =
                Claim { job: &hashes[0], layers: &layers, rows, input_root: &hashes[1], commitment: &hashes[2] };
            let evidence = numbers.bytes(len);
            let verdict = judge_cell(&claim, &CellProof { layer, row, column, evidence: &evidence });
            // Roots are beyond guessing, so this never gets as far as a verdict.
            prop_assert!(verdict.is_err());
        }
    }
}

/// A layer table of one allowed layer, and a cell in it.
fn lone_cell() -> impl Strategy<Value = (Layer, u32)> {
    let widths = (1..=MAX_WIDTH, prop_oneof![1u32..300, 1_000..=MAX_WIDTH]);
    (widths, proptest::option::of(requants()))
        .prop_map(|((k, n), requant)| {
            let n = if requant.is_some() { n } else { n.min(1_024) };
            Layer { k, n, requant, weight_root: [0; 32] }
        })
        .prop_flat_map(|layer| (Just(layer), 0..layer.n))
}

proptest! {
    #![proptest_config(config(300))]

    /// Roots are made to fit the evidence, so the judgement reaches the comparison with a committer who committed to
    /// noise: any weights, any input, any path, any batch.
    #[test]
    fn commitments_to_noise_are_judged_by_the_reference(
        (mut layer, column) in lone_cell(),
        (rows, row) in prop_oneof![1u32..100, 1u32..].prop_flat_map(|rows| (Just(rows), 0..rows)),
        seed in any::<u64>(),
    ) {
        let mut numbers = Numbers(seed);
        let id = numbers.hash();
        let row_bytes = layer.out_row_bytes();
        let activations = |layer, row_bytes| Domain { tag: ACTIVATIONS, id: &id, layer, rows, row_bytes };
        let (row_at, count, column_at, n) = (row as usize, rows as usize, column as usize, layer.n as usize);
        let mut path = |index, count| numbers.bytes(32 * path_len(index, count));

        let (row_path, column_path) = (path(row_at, count), path(column_at, n));
        let at = column_at * layer.out_size();
        let (segment, segments) = (at / 256, row_bytes.div_ceil(256) as usize);
        let (in_row, in_matrix) = (path(segment, segments), path(row_at, count));

        let input = numbers.bytes(layer.k as usize);
        let weights = numbers.bytes(layer.k as usize + 4);
        let output = numbers.bytes((row_bytes as usize - segment * 256).min(256));

        let input_root = row_root(&activations(0, layer.k), row, &input).unwrap();
        let input_root = fold(input_root, row_at, count, &row_path).unwrap();
        let weight_root = row_root(&cell::weights(0, &layer), column, &weights).unwrap();
        layer.weight_root = fold(weight_root, column_at, n, &column_path).unwrap();
        let leaf = activations(1, row_bytes).leaf(row, segment as u32, &output);
        let leaf = fold(leaf, segment, segments, &in_row).unwrap();
        let commitment = commitment_root(&[fold(leaf, row_at, count, &in_matrix).unwrap()]);

        let layers = [layer];
        prop_assert_eq!(check_layers(&layers), Ok(()));
        let claim = Claim { job: &id, layers: &layers, rows, input_root: &input_root, commitment: &commitment };
        let evidence = [&input, &row_path, &weights, &column_path, &output, &in_row, &in_matrix].map(Vec::as_slice);
        let evidence = evidence.concat();
        let verdict = judge_cell(&claim, &CellProof { layer: 0, row, column, evidence: &evidence });

        let expected = reference::cell(&layer, &input, &weights);
        let value = &output[at % 256..][..layer.out_size()];
        let committed =
            <[u8; 4]>::try_from(value).map_or_else(|_| i32::from(value[0] as i8), i32::from_le_bytes);
        let right = if expected == committed { Verdict::Honest } else { Verdict::Fault { expected, committed } };
        prop_assert_eq!(verdict, Ok(right));
    }
}
