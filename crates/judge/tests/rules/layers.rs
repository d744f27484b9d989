//! Which layer tables are allowed, and their identity.
use judge::commitment::MAX_ROW_BYTES;
use judge::layer::{MAX_LAYERS, MAX_WIDTH};
use judge::{Hash, Layer, LayerError, Op, RECORD, Requant, Shape, Window, check_layers, max_rows, model_root};
use std::collections::BTreeSet;

const REQUANT: Requant = Requant { shift1: 3, mul: 9_000, shift2: 15, zero_point: 2, lo: -100, hi: 99 };
const WINDOW: Window = Window { kernel: [3, 2], stride: [2, 1], padding: [1, 0, 2, 1], fill: -4 };

fn gemm(from: u8, k: u16, n: u16) -> Layer {
    Layer { weight_root: [k as u8; 32], ..Layer::gemm(from, k, n, Some(REQUANT)) }
}

fn accumulating(from: u8, k: u16, n: u16) -> Layer {
    Layer { requant: None, ..gemm(from, k, n) }
}

fn image(height: u16, width: u16, channels: u16) -> Shape {
    Shape { height, width, channels }
}

fn on(input: Shape, op: Op) -> Layer {
    let requant = if matches!(op, Op::MaxPool { .. } | Op::Lookup) { None } else { Some(REQUANT) };
    Layer { op, from: 0, input, requant, weight_root: [0; 32] }
}

fn add(from: u8, with: u8, width: u16) -> Layer {
    Layer { from, ..on(Shape::flat(width), Op::Add { with, multipliers: [3, -5], bias: 7 }) }
}

fn with(requant: Requant) -> Result<(), LayerError> {
    check_layers(&[Layer { requant: Some(requant), ..gemm(0, 1, 1) }])
}

fn every_kind() -> Vec<Layer> {
    let input = image(5, 4, 3);
    vec![
        on(input, Op::Conv { window: WINDOW, n: 2 }),
        on(input, Op::MaxPool { window: WINDOW }),
        on(input, Op::AveragePool { window: WINDOW }),
        on(input, Op::Add { with: 0, multipliers: [3, -5], bias: -7 }),
        on(input, Op::Lookup),
        gemm(0, 60, 7),
    ]
}

#[test]
fn a_table_has_one_to_forty_eight_layers() {
    assert_eq!(MAX_LAYERS, 48);
    assert_eq!(check_layers(&[]), Err(LayerError::Count));
    let chain = |count| (0..count).map(|i| gemm(i as u8, 4, 4)).collect::<Vec<_>>();
    for count in 1..=MAX_LAYERS {
        assert_eq!(check_layers(&chain(count)), Ok(()), "{count} layers");
    }
    assert_eq!(check_layers(&chain(MAX_LAYERS + 1)), Err(LayerError::Count));
}

#[test]
fn sizes_are_one_to_the_widest() {
    let most = MAX_WIDTH as u16;
    for (k, n) in [(1, 1), (most, 1), (1, most), (most, most)] {
        assert_eq!(check_layers(&[gemm(0, k, n)]), Ok(()), "{k} to {n}");
    }
    assert_eq!(MAX_WIDTH, u32::from(u16::MAX), "no record can hold a larger size");
    for table in [gemm(0, 0, 1), gemm(0, 1, 0), accumulating(0, 0, 1), accumulating(0, 1, 0)] {
        assert_eq!(check_layers(&[table]), Err(LayerError::Width));
    }
    for shape in [image(0, 1, 1), image(1, 0, 1), image(1, 1, 0)] {
        assert_eq!(check_layers(&[on(shape, Op::Lookup)]), Err(LayerError::Width));
    }
}

#[test]
fn a_cell_has_at_most_the_widest_layers_products() {
    let conv = |channels| {
        let window = Window { kernel: [4, 4], stride: [1, 1], padding: [0; 4], fill: 0 };
        check_layers(&[on(image(4, 4, channels), Op::Conv { window, n: 1 })])
    };
    assert_eq!(conv(4_095), Ok(()));
    assert_eq!(conv(4_096), Err(LayerError::Width));
    let read_as_image = Layer { input: image(255, 257, 1), ..gemm(0, 1, 1) };
    assert_eq!(check_layers(&[read_as_image]), Ok(()));
    assert_eq!(check_layers(&[Layer { input: image(256, 256, 1), ..read_as_image }]), Err(LayerError::Width));
}

#[test]
fn rows_have_a_longest_length_before_and_after_a_layer() {
    assert_eq!(MAX_ROW_BYTES, 1 << 20);
    assert_eq!(check_layers(&[on(image(512, 512, 4), Op::Lookup)]), Ok(()));
    assert_eq!(check_layers(&[on(image(512, 513, 4), Op::Lookup)]), Err(LayerError::Width));
    let one = Window { kernel: [1, 1], stride: [1, 1], padding: [0; 4], fill: 0 };
    let conv = |n| on(image(512, 512, 1), Op::Conv { window: one, n });
    assert_eq!(check_layers(&[conv(4)]), Ok(()));
    assert_eq!(check_layers(&[conv(5)]), Err(LayerError::Width));
    assert_eq!(check_layers(&[Layer { requant: None, ..conv(1) }]), Ok(()));
    assert_eq!(check_layers(&[Layer { requant: None, ..conv(2) }]), Err(LayerError::Width));
}

#[test]
fn windows_fit_their_images_and_are_larger_than_their_padding() {
    let plain = Window { kernel: [3, 3], stride: [1, 1], padding: [0; 4], fill: 0 };
    let check = |window, shape| {
        let ops = [Op::Conv { window, n: 2 }, Op::MaxPool { window }, Op::AveragePool { window }];
        let found = ops.map(|op| check_layers(&[on(shape, op)]));
        assert!(found[0] == found[1] && found[1] == found[2], "{found:?}");
        found[0]
    };
    assert_eq!(check(plain, image(3, 3, 2)), Ok(()));
    assert_eq!(check(plain, image(2, 3, 2)), Err(LayerError::Window));
    assert_eq!(check(plain, image(3, 2, 2)), Err(LayerError::Window));
    let padded = Window { padding: [2, 0, 2, 0], ..plain };
    assert_eq!(check(padded, image(1, 3, 2)), Ok(()));
    for side in 0..4 {
        let mut window = plain;
        window.padding[side] = 3;
        assert_eq!(check(window, image(9, 9, 1)), Err(LayerError::Window), "side {side}");
    }
    for window in [Window { kernel: [0, 3], ..plain }, Window { stride: [1, 0], ..plain }] {
        assert_eq!(check(window, image(9, 9, 1)), Err(LayerError::Window));
    }
}

#[test]
fn a_layer_takes_any_earlier_output_with_as_many_elements() {
    let check = |layers: &[Layer]| check_layers(layers);
    assert_eq!(check(&[gemm(0, 3, 5), gemm(1, 5, 7)]), Ok(()));
    assert_eq!(check(&[gemm(0, 3, 5), gemm(1, 6, 7)]), Err(LayerError::Wiring));
    assert_eq!(check(&[gemm(0, 3, 5), gemm(1, 5, 7), gemm(2, 5, 7)]), Err(LayerError::Wiring));
    for from in [1, 2, 255] {
        assert_eq!(check(&[gemm(from, 3, 5)]), Err(LayerError::Wiring), "layer 0 from {from}");
    }
    assert_eq!(check(&[gemm(0, 4, 4), gemm(2, 4, 4)]), Err(LayerError::Wiring), "from itself");
    assert_eq!(check(&[gemm(0, 4, 4), gemm(0, 4, 4), add(1, 2, 4)]), Ok(()));
    assert_eq!(check(&[gemm(0, 4, 4), gemm(0, 4, 5), add(1, 2, 4)]), Err(LayerError::Wiring));
    assert_eq!(check(&[gemm(0, 4, 4), gemm(0, 5, 4), add(1, 2, 4)]), Err(LayerError::Wiring), "the input's width");
    assert_eq!(check(&[add(0, 0, 4)]), Ok(()));
    assert_eq!(check(&[add(0, 1, 4)]), Err(LayerError::Wiring));
    let image = on(image(2, 3, 4), Op::Lookup);
    assert_eq!(check(&[gemm(0, 2, 24), Layer { from: 1, ..image }, gemm(2, 24, 1)]), Ok(()), "read as an image");
}

#[test]
fn every_output_but_the_last_is_used() {
    assert_eq!(check_layers(&[gemm(0, 4, 4), gemm(0, 4, 4)]), Err(LayerError::Unused));
    assert_eq!(check_layers(&[gemm(0, 4, 4), gemm(0, 4, 4), gemm(1, 4, 4)]), Err(LayerError::Unused));
    assert_eq!(check_layers(&[gemm(0, 4, 4), gemm(0, 4, 4), gemm(2, 4, 4), add(3, 1, 4)]), Ok(()));
}

#[test]
fn only_the_last_layer_may_give_accumulators() {
    assert_eq!(check_layers(&[gemm(0, 3, 5), accumulating(1, 5, 7)]), Ok(()));
    let inner = Err(LayerError::InnerAccumulator);
    assert_eq!(check_layers(&[accumulating(0, 3, 5), gemm(1, 5, 7)]), inner);
    assert_eq!(check_layers(&[accumulating(0, 3, 5), accumulating(1, 5, 7)]), inner);
}

#[test]
fn averages_and_sums_are_requantised_and_maxima_and_lookups_are_not() {
    for layer in every_kind() {
        assert_eq!(check_layers(&[layer]), Ok(()), "{layer:?}");
        let other = Layer { requant: layer.requant.xor(Some(REQUANT)), ..layer };
        let expected = if layer.is_product() { Ok(()) } else { Err(LayerError::Requant) };
        assert_eq!(check_layers(&[other]), expected, "{layer:?}");
    }
}

#[test]
fn layers_without_weights_have_no_weight_root() {
    for layer in every_kind() {
        let other = Layer { weight_root: [1; 32], ..layer };
        let expected = if layer.weight_rows() == 0 { Err(LayerError::WeightRoot) } else { Ok(()) };
        assert_eq!(check_layers(&[other]), expected, "{layer:?}");
    }
}

#[test]
fn an_additions_bias_cannot_overflow() {
    let most = i32::MAX - (1 << 23);
    let with = |bias| check_layers(&[on(Shape::flat(4), Op::Add { with: 0, multipliers: [i16::MIN; 2], bias })]);
    assert_eq!([with(most), with(-most)], [Ok(()); 2]);
    assert_eq!([with(most + 1), with(-most - 1), with(i32::MIN)], [Err(LayerError::Bias); 3]);
}

#[test]
fn windows_that_touch_too_many_segments_are_refused() {
    let pool = |size: u8, channels| {
        let window = Window { kernel: [size; 2], stride: [size; 2], padding: [0; 4], fill: 0 };
        check_layers(&[on(image(size.into(), size.into(), channels), Op::AveragePool { window })])
    };
    assert_eq!([pool(7, 512), pool(16, 2_048)], [Ok(()); 2]);
    assert_eq!(pool(17, 2_048), Err(LayerError::Evidence), "289 segments");
    let conv = |size: u8, width| {
        let window = Window { kernel: [size; 2], stride: [1; 2], padding: [0; 4], fill: 0 };
        check_layers(&[on(image(size.into(), width, 1), Op::Conv { window, n: 1 })])
    };
    assert_eq!(conv(255, 256), Ok(()));
    assert_eq!(conv(255, 512), Err(LayerError::Evidence), "two segments to each line of the window");
}

#[test]
fn a_pools_window_has_a_largest_size() {
    for op in [|window| Op::MaxPool { window }, |window| Op::AveragePool { window }] {
        let check = |height, width| {
            let window = Window { kernel: [height, width], stride: [1; 2], padding: [0; 4], fill: 0 };
            check_layers(&[on(image(height.into(), width.into(), 1), op(window))])
        };
        assert_eq!([check(32, 32), check(8, 128)], [Ok(()); 2]);
        assert_eq!([check(32, 33), check(5, 255)], [Err(LayerError::Pool); 2]);
    }
}

#[test]
fn the_largest_batch_follows_from_the_longest_evidence() {
    // Fully connected layers of any size and depth are judged in the largest batch.
    let widest = MAX_WIDTH as u16;
    let deep: Vec<Layer> = (0..47).map(|i| gemm(i, widest, widest)).chain([accumulating(47, widest, widest)]).collect();
    assert_eq!([max_rows(&[gemm(0, widest, widest)]), max_rows(&deep)], [1 << 20; 2]);
    // 255 lines of two segments each could lack two siblings each, level by level.
    let window = Window { kernel: [255, 200], stride: [1; 2], padding: [0; 4], fill: 0 };
    assert_eq!(max_rows(&[on(image(255, 256, 1), Op::Conv { window, n: 1 })]), 1 << 20);
    assert_eq!(max_rows(&[on(image(255, 300, 1), Op::Conv { window, n: 1 })]), 0);
}

#[test]
fn requantisation_has_exact_bounds() {
    for shift1 in 0..=u8::MAX {
        let expected = if shift1 <= 31 { Ok(()) } else { Err(LayerError::Requant) };
        assert_eq!(with(Requant { shift1, ..REQUANT }), expected, "shift1 {shift1}");
    }
    for shift2 in 0..=u8::MAX {
        let expected = if (1..=30).contains(&shift2) { Ok(()) } else { Err(LayerError::Requant) };
        assert_eq!(with(Requant { shift2, ..REQUANT }), expected, "shift2 {shift2}");
    }
    for (mul, allowed) in [(0, false), (1, true), (32_767, true), (32_768, false), (u16::MAX, false)] {
        assert_eq!(with(Requant { mul, ..REQUANT }).is_ok(), allowed, "mul {mul}");
    }
    for (lo, hi, allowed) in [(-128, 127, true), (5, 5, true), (6, 5, false), (127, -128, false)] {
        assert_eq!(with(Requant { lo, hi, ..REQUANT }).is_ok(), allowed, "{lo} to {hi}");
    }
}

#[test]
fn refusals_say_the_bounds() {
    assert_eq!(LayerError::Count.to_string(), "a model has 1 to 48 layers");
    let width = "sizes and products of a cell are 1 to 65535 and rows at most 1048576 bytes";
    assert_eq!(LayerError::Width.to_string(), width);
}

#[test]
fn changing_any_field_changes_the_models_root() {
    let base = every_kind();
    let mut tables: Vec<Vec<Layer>> = vec![base.clone(), base[1..].to_vec(), base[..5].to_vec(), Vec::new()];
    tables.push(base.iter().rev().copied().collect());
    let changes: [fn(&mut Layer); 12] = [
        |l| l.from += 1,
        |l| l.input.height += 1,
        |l| l.input.width += 256,
        |l| l.input.channels += 1,
        |l| l.weight_root[0] ^= 1,
        |l| l.weight_root[31] ^= 128,
        |l| l.requant = l.requant.xor(Some(Requant { shift1: 0, mul: 0, shift2: 0, zero_point: 0, lo: 0, hi: 0 })),
        |l| l.requant = Some(Requant { shift1: 4, ..REQUANT }),
        |l| l.requant = Some(Requant { mul: 9_256, ..REQUANT }),
        |l| l.requant = Some(Requant { shift2: 16, ..REQUANT }),
        |l| l.requant = Some(Requant { zero_point: 3, ..REQUANT }),
        |l| l.requant = Some(Requant { lo: -99, hi: 98, ..REQUANT }),
    ];
    let windows: [fn(&mut Window); 9] = [
        |w| w.kernel[0] += 1,
        |w| w.kernel[1] += 1,
        |w| w.stride[0] += 1,
        |w| w.stride[1] += 1,
        |w| w.padding[0] += 1,
        |w| w.padding[1] += 1,
        |w| w.padding[2] += 1,
        |w| w.padding[3] += 1,
        |w| w.fill += 1,
    ];
    for index in 0..base.len() {
        let mut table = |change: &dyn Fn(&mut Layer)| {
            let mut table = base.clone();
            change(&mut table[index]);
            tables.push(table);
        };
        changes.iter().for_each(|change| table(change));
        if base[index].window().is_some() {
            windows.iter().for_each(|change| {
                table(&|layer| match &mut layer.op {
                    Op::Conv { window, .. } | Op::MaxPool { window } | Op::AveragePool { window } => change(window),
                    _ => unreachable!(),
                });
            });
        }
    }
    let ops = [
        Op::Gemm { n: 8 },
        Op::Conv { window: WINDOW, n: 3 },
        Op::Add { with: 1, multipliers: [3, -5], bias: -7 },
        Op::Add { with: 0, multipliers: [4, -5], bias: -7 },
        Op::Add { with: 0, multipliers: [3, -6], bias: -7 },
        Op::Add { with: 0, multipliers: [3, -5], bias: -8 },
    ];
    tables.extend(ops.map(|op| vec![Layer { op, ..base[3] }]));
    let roots: BTreeSet<Hash> = tables.iter().map(|t| model_root(t)).collect();
    assert_eq!(roots.len(), tables.len());
}

#[test]
fn records_come_back_and_no_other_bytes_are_records() {
    for layer in every_kind().into_iter().chain([accumulating(3, 5, 7)]) {
        let record = layer.record();
        assert_eq!(Layer::from_record(&record), Some(layer));
        for at in 0..RECORD {
            for bit in 0..8 {
                let mut other = record;
                other[at] ^= 1 << bit;
                if let Some(read) = Layer::from_record(&other) {
                    assert!(read != layer && read.record() == other, "byte {at} of {layer:?}");
                }
            }
        }
        assert_eq!(Layer::from_record(&[0; RECORD]), None);
    }
}

#[test]
fn a_root_does_not_change_between_versions() {
    let conv = Layer { from: 1, weight_root: [9; 32], ..on(image(5, 1, 1), Op::Conv { window: WINDOW, n: 2 }) };
    let adding = Layer { from: 2, ..on(image(3, 1, 2), Op::Add { with: 2, multipliers: [-2, 258], bias: -3 }) };
    let root = model_root(&[gemm(0, 3, 5), conv, adding, accumulating(3, 6, 7)]);
    let mut text = b"IOMD".to_vec();
    text.extend([0, 1, 0, 0, 4, 0, 0, 0]);
    text.extend([1, 1, 3, 15, 0x28, 0x23, 2, 0x9c, 99, 0, 1, 0, 1, 0, 3, 0, 5, 0, 0, 0]);
    text.extend([0; 12]);
    text.extend([3; 32]);
    text.extend([2, 1, 3, 15, 0x28, 0x23, 2, 0x9c, 99, 1, 5, 0, 1, 0, 1, 0, 2, 0, 0xfc, 0]);
    text.extend([3, 2, 2, 1, 1, 0, 2, 1, 0, 0, 0, 0]);
    text.extend([9; 32]);
    text.extend([5, 1, 3, 15, 0x28, 0x23, 2, 0x9c, 99, 2, 3, 0, 1, 0, 2, 0, 0, 0, 0, 2]);
    text.extend([0xfe, 0xff, 2, 1, 0xfd, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    text.extend([0; 32]);
    text.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0, 1, 0, 6, 0, 7, 0, 0, 0]);
    text.extend([0; 12]);
    text.extend([6; 32]);
    assert_eq!(root, crate::reference::sha256(&text));
}
