//! Anybody may bring evidence, register a model and commit to a result: none of it may panic.
use crate::job::Numbers;
use crate::nets;
use crate::operations::requants;
use crate::reference::{self, config};
use judge::layer::{MAX_LAYERS, MAX_WIDTH};
use judge::merkle::{fold, path_len, siblings_len};
use judge::{
    ACTIVATIONS, CellProof, Claim, Domain, Hash, Layer, MAX_EVIDENCE, Op, Requant, Shape, Verdict, Window, cell,
    check_layers, commitment_root, judge_cell, max_rows, row_root,
};
use proptest::prelude::*;

fn hash() -> impl Strategy<Value = Hash> {
    any::<u64>().prop_map(|seed| Numbers(seed).hash())
}

fn width() -> impl Strategy<Value = u16> {
    let most = MAX_WIDTH as u16;
    let edges = vec![0, 1, 255, 256, 257, 1_024, 1_025, 4_095, 4_096, 4_097, most - 1, most];
    prop_oneof![6 => 1..=most, 6 => 1..=64u16, 2 => proptest::sample::select(edges), 1 => any::<u16>()]
}

/// Mostly allowed ones.
fn any_requant() -> impl Strategy<Value = Requant> {
    let raw = (any::<u8>(), any::<u16>(), any::<u8>(), any::<i8>(), any::<i8>(), any::<i8>())
        .prop_map(|(shift1, mul, shift2, zero_point, lo, hi)| Requant { shift1, mul, shift2, zero_point, lo, hi });
    prop_oneof![20 => requants(), 1 => raw]
}

fn any_window() -> impl Strategy<Value = Window> {
    let small = || prop_oneof![20 => 1u8..8, 1 => any::<u8>()];
    let padding = || prop_oneof![4 => 0u8..2, 1 => any::<u8>()];
    let kernel = (small(), small(), small(), small());
    (kernel, [padding(), padding(), padding(), padding()], any::<i8>())
        .prop_map(|((a, b, c, d), padding, fill)| Window { kernel: [a, b], stride: [c, d], padding, fill })
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => width().prop_map(|n| Op::Gemm { n }),
        3 => (any_window(), width()).prop_map(|(window, n)| Op::Conv { window, n }),
        1 => any_window().prop_map(|window| Op::MaxPool { window }),
        1 => any_window().prop_map(|window| Op::AveragePool { window }),
        1 => (0u8..4, any::<[i16; 2]>(), any::<i32>()).prop_map(|(with, multipliers, bias)| Op::Add {
            with,
            multipliers,
            bias: bias >> 1,
        }),
        1 => Just(Op::Lookup),
    ]
}

fn any_layer() -> impl Strategy<Value = Layer> {
    let input = (width(), 1u16..40, width(), any::<bool>());
    (any_op(), 0u8..3, input, proptest::option::weighted(0.8, any_requant()), hash()).prop_map(
        |(op, from, (height, width, channels, flat), requant, weight_root)| {
            let height = if flat { 1 } else { height };
            Layer { op, from, input: Shape { height, width, channels }, requant, weight_root }
        },
    )
}

/// Tables of any length; in most, each layer takes what the one before gives.
fn any_table() -> impl Strategy<Value = Vec<Layer>> {
    let length = prop_oneof![8 => 0..5usize, 1 => MAX_LAYERS - 1..MAX_LAYERS + 2];
    let tables = length.prop_flat_map(|length| proptest::collection::vec(any_layer(), length));
    (tables, 0u8..8).prop_map(|(mut layers, broken)| {
        let rule = Requant { shift1: 0, mul: 1, shift2: 1, zero_point: 0, lo: 0, hi: 1 };
        for i in 0..layers.len() {
            if broken == 0 {
                continue;
            }
            layers[i].from = i as u8;
            if let Op::Add { with, .. } = &mut layers[i].op {
                *with = i as u8;
            }
            match layers[i].op {
                Op::MaxPool { .. } | Op::Lookup => layers[i].requant = None,
                _ => {
                    layers[i].requant.get_or_insert(rule);
                }
            }
            if layers[i].weight_rows() == 0 {
                layers[i].weight_root = [0; 32];
            }
            if i > 0 {
                layers[i].input = layers[i - 1].output();
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
            let widest = t.iter().map(Layer::cells).max().unwrap_or(0);
            (Just(t), index(widest))
        }),
        rows in prop_oneof![1u32..100, any::<u32>()],
        layer in index(3),
        row in index(50),
        seed in any::<u64>(),
        len in prop_oneof![9 => 0usize..12_000, 1 => 0..MAX_EVIDENCE],
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

/// Length of a cell's evidence in a batch of `rows`, longest over the rows.
fn evidence_len(layers: &[Layer], index: usize, column: u32, rows: u32) -> usize {
    let (layer, row_path) = (&layers[index], rows.next_power_of_two().ilog2() as usize);
    let segments = layer.segments(column);
    let row = layer.in_row_bytes() as usize;
    let mut len = 0;
    for source in layer.sources() {
        let path = usize::from(source).checked_sub(1).map_or(0, |before| path_len(before, layers.len()));
        let bytes: usize = segments.iter().map(|&s| (row - s as usize * 256).min(256)).sum();
        len += bytes + 32 * (siblings_len(&segments, row.div_ceil(256)) + row_path + path);
    }
    let weights = path_len(layer.weight_row(column) as usize, layer.weight_rows() as usize);
    let (bytes, segment) = (layer.out_row_bytes() as usize, layer.segment_of(column));
    let output = path_len(segment, bytes.div_ceil(256)) + row_path + path_len(index, layers.len());
    len + layer.column_bytes() as usize + (bytes - segment * 256).min(256) + 32 * (weights + output)
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn no_cells_evidence_in_the_largest_batch_passes_the_limit(layers in any_table(), seed in any::<u64>()) {
        if check_layers(&layers).is_ok() {
            let (rows, mut numbers) = (max_rows(&layers), Numbers(seed));
            for _ in 0..200 {
                let index = numbers.below(layers.len());
                let column = numbers.below(layers[index].cells() as usize) as u32;
                prop_assert!(evidence_len(&layers, index, column, rows) <= MAX_EVIDENCE, "{:#?}", layers[index]);
            }
        }
    }

    #[test]
    fn the_predicted_length_is_that_of_real_evidence(seed in any::<u64>(), rows in 1u32..5) {
        let mut numbers = Numbers(seed);
        let (layers, id) = (nets::table(&mut numbers, seed % 2 == 0), numbers.hash());
        let job = crate::job::Job::of(layers, 1 << (rows / 2), id, &mut numbers);
        let (layer, row, column) = job.any_cell(&mut numbers);
        let predicted = evidence_len(&job.layers, layer as usize, column, job.rows);
        prop_assert_eq!(job.prove((layer, row, column)).len(), predicted);
    }
}

/// A layer table of one allowed layer, and a cell in it.
fn lone_cell() -> impl Strategy<Value = (Layer, u32)> {
    let most = MAX_WIDTH as u16;
    let products = prop_oneof![20 => 1..=2_048u16, 1 => most - 300..=most];
    let widths = (products, prop_oneof![1u16..300, 1_000..=most]);
    (widths, proptest::option::of(requants()))
        .prop_map(|((k, n), requant)| Layer::gemm(0, k, n, requant))
        .prop_flat_map(|layer| (Just(layer), 0..layer.n()))
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
        let (row_at, count, column_at, n) = (row as usize, rows as usize, column as usize, layer.n() as usize);
        let mut path = |index, count| numbers.bytes(32 * path_len(index, count));

        let (row_path, column_path) = (path(row_at, count), path(column_at, n));
        let at = column_at * layer.out_size();
        let (segment, segments) = (at / 256, row_bytes.div_ceil(256) as usize);
        let (in_row, in_matrix) = (path(segment, segments), path(row_at, count));

        let input = numbers.bytes(layer.k() as usize);
        let weights = numbers.bytes(layer.k() as usize + 4);
        let output = numbers.bytes((row_bytes as usize - segment * 256).min(256));

        let input_root = row_root(&activations(0, layer.k()), row, &input).unwrap();
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

        let one = Layer { op: Op::Gemm { n: 1 }, ..layer };
        let expected = reference::cell(&one, &input, &input, &weights, 0);
        let value = &output[at % 256..][..layer.out_size()];
        let committed =
            <[u8; 4]>::try_from(value).map_or_else(|_| i32::from(value[0] as i8), i32::from_le_bytes);
        let right = if expected == committed { Verdict::Honest } else { Verdict::Fault { expected, committed } };
        prop_assert_eq!(verdict, Ok(right));
    }
}
