//! Whatever is imported gives ONNX's bits, for every way of writing a requantisation and every damage to a file.
mod graphs;

use graphs::{Chain, Random, digits, evaluate, tensor};
use judge::Requant;
use model::Model;
use model::onnx::proto::{ModelProto, element};
use prost::Message;

/// Rows that drive a column to its extremes, and random ones.
fn rows(random: &mut Random, model: &Model) -> Vec<Vec<i8>> {
    let (lo, hi) = model.input_range;
    let width = model.input_width() as usize;
    let mut rows = vec![vec![lo; width], vec![hi; width]];
    for j in 0..model.layers[0].spec.n() as usize {
        let column = model.layers[0].column(j);
        rows.push(column.iter().map(|&w| if (w as i8) < 0 { lo } else { hi }).collect());
        rows.push(column.iter().map(|&w| if (w as i8) < 0 { hi } else { lo }).collect());
    }
    for _ in 0..16 {
        rows.push((0..width).map(|_| random.between(lo.into(), hi.into()) as i8).collect());
    }
    rows
}

fn assert_same_bits(random: &mut Random, proto: &ModelProto, model: &Model) {
    for row in rows(random, model) {
        let bytes: Vec<u8> = row.iter().map(|&v| v as u8).collect();
        let activations = model.run_reference(&bytes).unwrap();
        let found = activations.last().unwrap();
        let expected = evaluate(proto, &row.iter().map(|&v| v.into()).collect::<Vec<i32>>());
        let expected: Vec<u8> = match model.layers.last().unwrap().spec.requant {
            Some(_) => expected.iter().map(|&v| v as u8).collect(),
            None => expected.iter().flat_map(|v| v.to_le_bytes()).collect(),
        };
        assert_eq!(*found, expected, "row {row:?} of {proto:#?}");
    }
}

/// One layer with a requantisation that is right, nearly right or wrong.
fn random_layer(random: &mut Random, mut chain: Chain, k: usize) -> (Chain, i32, usize) {
    let n = random.between(1, 4) as usize;
    let weights: Vec<i8> = (0..k * n).map(|_| random.between(-128, 127) as i8).collect();
    let bits = random.between(1, 30);
    let bias: Vec<i32> = (0..n).map(|_| random.between(-1 << bits, 1 << bits) as i32).collect();
    chain = chain.matmul(k, n, &weights).bias(&bias);
    let (s1, s2) = (random.between(0, 16), random.between(1, 24));
    let to = random.pick(&[element::UINT8, element::INT8]);
    // Negative values survive Div only behind an offset.
    let offset = if random.one_in(3) { random.between(0, 1 << 14) } else { 0 };
    let back = random.between(0, 100);
    let mul = random.between(1, 32767);
    let steps = [
        ("Add", offset << s1, offset > 0),
        ("Max", random.pick(&[0, 0, 0, 5, -3, -128]), true),
        ("Relu", 0, random.one_in(4)),
        ("Div", 1 << s1, true),
        ("Min", random.pick(&[32767, 32767, 32767, 40000, 1000]), true),
        ("Mul", mul, true),
        ("Add", (1 << (s2 - 1)) + if random.one_in(20) { 1 } else { 0 }, true),
        ("Add", back << s2, random.one_in(4)),
        ("Div", 1 << s2, true),
        ("Div", 1 << random.between(0, 4), random.one_in(20)),
        ("Sub", back, random.one_in(2)),
        ("Add", random.between(-150, 150), random.one_in(4)),
        ("Max", if to == element::UINT8 { 0 } else { -128 }, random.one_in(2)),
        ("Min", random.pick(&[127, 127, 100, 255]), true),
    ];
    for (op, c, wanted) in steps {
        if wanted != random.one_in(25) {
            chain = match (op, i32::try_from(c)) {
                ("Relu", _) => chain.node("Relu", vec![], vec![]),
                (_, Ok(c)) => chain.op(op, c),
                (_, Err(_)) => chain,
            };
        }
    }
    (chain.cast(to), to, n)
}

#[test]
fn every_imported_requantisation_gives_onnx_bits() {
    let mut random = Random(0x5eed);
    let (mut imported, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let k = random.between(1, 6) as usize;
        let (chain, to, n) = {
            let input = random.pick(&[element::UINT8, element::INT8]);
            random_layer(&mut random, Chain::new(input, k as i64), k)
        };
        let proto = if random.one_in(3) {
            let weights: Vec<i8> = (0..n * 2).map(|_| random.between(-128, 127) as i8).collect();
            chain.matmul(n, 2, &weights).build(element::INT32, 2)
        } else {
            chain.build(to, n as i64)
        };
        match model::onnx::import("random", &proto.encode_to_vec()) {
            Ok(model) => {
                imported += 1;
                assert_same_bits(&mut random, &proto, &model);
            }
            Err(_) => refused += 1,
        }
    }
    // Otherwise the cases above would prove little.
    assert!(imported > 3_000 && refused > 3_000, "{imported} imported, {refused} refused");
}

fn one_layer(requantise: impl FnOnce(Chain) -> Chain) -> ModelProto {
    let chain = Chain::new(element::INT8, 4).matmul(4, 1, &[127, -128, 3, 90]).bias(&[1000]);
    requantise(chain).build(element::INT8, 1)
}

fn requant_of(proto: &ModelProto) -> Requant {
    let model = model::onnx::import("m", &proto.encode_to_vec()).unwrap();
    assert_same_bits(&mut Random(7), proto, &model);
    model.layers[0].spec.requant.unwrap()
}

#[test]
fn an_offset_before_div_keeps_signed_outputs_exact() {
    // The accumulator lies within +-45,720 and 1,000; 16 is the offset, in output units.
    let proto = one_layer(|c| {
        let scaled = c.op("Add", 1 << 17).op("Div", 8).op("Sub", 1 << 14).op("Mul", 100).op("Add", 1 << 15);
        scaled.op("Add", 16 << 16).op("Div", 1 << 16).op("Sub", 16).op("Add", 3).op("Min", 100).cast(element::INT8)
    });
    let expected = Requant { shift1: 3, mul: 100, shift2: 16, zero_point: 3, lo: -128, hi: 100 };
    assert_eq!(requant_of(&proto), expected);
}

#[test]
fn divisions_in_a_row_add_up() {
    // ((y * 9 + 768) >> 8) + 5 >> 4 rounds half up: 768 + (5 << 8) is half of 2^12.
    let proto = one_layer(|c| {
        let once = c.op("Max", 0).op("Div", 2).op("Div", 4).op("Mul", 9).op("Add", 768).op("Div", 1 << 8);
        once.op("Add", 5).op("Div", 1 << 4).op("Min", 127).cast(element::INT8)
    });
    let expected = Requant { shift1: 3, mul: 9, shift2: 12, zero_point: 0, lo: 0, hi: 127 };
    assert_eq!(requant_of(&proto), expected);
}

#[test]
fn factors_beyond_16_bits_are_refused_unless_clamped() {
    // The accumulator lies within +-45,720 and the bias; the judge saturates it at 16 bits.
    let rescale = |c: Chain| {
        let rounded = c.op("Mul", 50).op("Add", (128 << 16) + (1 << 15));
        rounded.op("Div", 1 << 16).op("Sub", 128).cast(element::INT8)
    };
    let refusal = |proto: ModelProto| model::onnx::import("m", &proto.encode_to_vec()).unwrap_err().to_string();
    let low = refusal(one_layer(|c| rescale(c.op("Min", 32767))));
    assert!(low.contains("apply Max -32768 before Mul"), "{low}");
    let high = refusal(one_layer(|c| rescale(c.op("Max", -32768))));
    assert!(high.contains("apply Min 32767 before Mul"), "{high}");
    let requant = requant_of(&one_layer(|c| rescale(c.op("Max", -32768).op("Min", 32767))));
    assert_eq!((requant.mul, requant.shift2, requant.zero_point), (50, 16, 0));
    assert_eq!((requant.lo, requant.hi), (-25, 25));
}

#[test]
fn division_alone_is_a_requantisation() {
    let proto = one_layer(|c| c.node("Relu", vec![], vec![]).op("Div", 1 << 9).op("Min", 60).cast(element::INT8));
    let expected = Requant { shift1: 9, mul: 2, shift2: 1, zero_point: 0, lo: 0, hi: 60 };
    assert_eq!(requant_of(&proto), expected);
}

#[test]
fn commuted_operands_mean_the_same() {
    let scalar = |c| vec![tensor("", element::INT32, &[], vec![c])];
    let proto = one_layer(|c| {
        let scaled = c.node("Max", scalar(0), vec![]).op("Div", 2).node("Mul", scalar(9), vec![]);
        let rounded = scaled.node("Add", scalar(1 << 11), vec![]).op("Div", 1 << 12);
        rounded.node("Min", scalar(127), vec![]).cast(element::INT8)
    });
    let expected = Requant { shift1: 1, mul: 9, shift2: 12, zero_point: 0, lo: 0, hi: 127 };
    assert_eq!(requant_of(&proto), expected);
}

#[test]
fn clip_is_max_and_min() {
    let bounds = |lo, hi| [lo, hi].map(|c| tensor("", element::INT32, &[], vec![c])).to_vec();
    let with_clip = one_layer(|c| c.node("Clip", vec![], bounds(0, 127)).cast(element::INT8));
    let spelled_out = one_layer(|c| c.op("Max", 0).op("Min", 127).cast(element::INT8));
    let import = |p: &ModelProto| model::onnx::import("m", &p.encode_to_vec()).unwrap();
    assert_eq!(import(&with_clip), import(&spelled_out));
}

#[test]
fn uint8_weights_with_zero_point_128_are_int8_weights() {
    let signed = Chain::new(element::UINT8, 2).matmul(2, 2, &[-128, 0, 5, 127]).build(element::INT32, 2);
    let weights = tensor("", element::UINT8, &[2, 2], vec![0, 128, 133, 255]);
    let zeros = [tensor("", element::UINT8, &[], vec![0]), tensor("", element::UINT8, &[], vec![128])];
    let [of_input, of_weights] = zeros;
    let unsigned = Chain::new(element::UINT8, 2)
        .node("MatMulInteger", vec![], vec![weights, of_input, of_weights])
        .build(element::INT32, 2);
    let import = |p: &ModelProto| model::onnx::import("m", &p.encode_to_vec()).unwrap();
    assert_eq!(import(&unsigned), import(&signed));
}

#[test]
fn constants_may_come_from_constant_nodes() {
    use model::onnx::proto::{AttributeProto, NodeProto};
    let expected = graphs::edited(|_| {});
    let moved = graphs::edited(|g| {
        let constants = std::mem::take(&mut g.initializer).into_iter().map(|t| NodeProto {
            output: vec![t.name.clone()],
            op_type: "Constant".into(),
            attribute: vec![AttributeProto { name: "value".into(), t: Some(t), r#type: 4, ..Default::default() }],
            ..Default::default()
        });
        g.node = constants.chain(std::mem::take(&mut g.node)).collect();
    });
    assert_eq!(model::onnx::import("m", &moved).unwrap(), model::onnx::import("m", &expected).unwrap());
}

#[test]
fn damaged_files_never_panic() {
    for file in ["digits-mlp-int8.onnx", "digits-cnn-int8.onnx"] {
        damage(&digits(file));
    }
}

fn damage(original: &[u8]) {
    let mut random = Random(0xda3a6e);
    // The weights are most of the file and damage to them is just another model: aim at the rest.
    let headers: Vec<usize> = (0..original.len()).filter(|&i| original[i].is_ascii_alphanumeric()).collect();
    for _ in 0..5_000 {
        let mut bytes = original.to_vec();
        for _ in 0..random.between(1, 4) {
            let at = if random.one_in(2) { random.below(bytes.len() as u64) as usize } else { random.pick(&headers) };
            let at = at.min(bytes.len() - 1);
            match random.below(4) {
                0 => bytes[at] ^= 1 << random.below(8),
                1 => bytes[at] = random.next() as u8,
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, random.next() as u8),
            }
        }
        if let Ok(model) = model::onnx::import("damaged", &bytes) {
            assert_eq!(Model::from_bytes(&model.to_bytes()).as_ref(), Ok(&model));
        }
    }
}

#[test]
fn garbage_is_refused() {
    let mut random = Random(99);
    for length in [0, 1, 2, 7, 64, 1000] {
        let bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        assert!(model::onnx::import("garbage", &bytes).is_err());
    }
}

#[test]
fn a_lookup_is_exact_where_its_sums_would_not_fit_32_bits() {
    // (x / 2 + 2^30 - 1) fits, x + 2^31 - 2 does not.
    let chain = Chain::new(element::UINT8, 3).cast(element::INT32).op("Div", 2).op("Add", (1 << 30) - 1);
    let proto = chain.op("Min", 127).cast(element::UINT8).build(element::UINT8, 3);
    let model = model::onnx::import("m", &proto.encode_to_vec()).unwrap();
    assert_eq!(model.run_reference(&[0, 64, 127]).unwrap()[1], [127, 127, 127]);
    assert_eq!(evaluate(&proto, &[0, 64, 127]), [127, 127, 127]);
}

#[test]
fn a_zero_point_of_the_activations_goes_into_the_bias() {
    let weights = tensor("", element::INT8, &[2, 2], vec![3, -7, 100, 5]);
    let zero = tensor("", element::INT8, &[], vec![-128]);
    let proto = Chain::new(element::INT8, 2).node("MatMulInteger", vec![], vec![weights, zero]);
    let model = model::onnx::import("m", &proto.build(element::INT32, 2).encode_to_vec()).unwrap();
    assert_eq!([0, 1].map(|j| model.layers[0].bias(j)), [128 * 103, 128 * -2]);
    let found = model.run_reference(&[127, 0x80]).unwrap()[1].clone();
    assert_eq!(found, [255i32 * 3, 255 * -7].map(i32::to_le_bytes).concat());
}
