//! Every backend gives the judge's bits. The GPU's kernels run on a software Vulkan driver, which these tests require.
use compute::gpu::{Dot, TIMEOUT};
use compute::sample::Bytes;
use compute::{Backend, Cpu, Gemm, Gpu, GpuSelect, Kernel, self_test};
use judge::{Layer, Op, Requant, Shape, Window};
use model::{Model, ModelLayer};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

fn software(dot: Dot) -> Gpu {
    Gpu::open_with(&GpuSelect::Software, dot, TIMEOUT).unwrap_or_else(|error| panic!("{error}"))
}

/// Every kernel this machine can run, on one thread and on several.
fn backends() -> Vec<Box<dyn Backend>> {
    let mut all: Vec<Box<dyn Backend>> = Vec::new();
    for kernel in Kernel::available() {
        for threads in [1, 3] {
            all.push(Box::new(Cpu::with(kernel, threads).unwrap()));
        }
    }
    for dot in [Dot::Packed, Dot::Unpacked] {
        all.push(Box::new(software(dot)));
    }
    all
}

fn cases(default: u32) -> ProptestConfig {
    let cases = std::env::var("IO_FUZZ_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Products as the judge defines them.
fn reference(shape: Gemm, a: &[u8], b: &[u8]) -> Vec<i32> {
    let rows = a.chunks_exact(shape.k);
    rows.flat_map(|row| b.chunks_exact(shape.k).map(|column| judge::dot::dot(row, column))).collect()
}

/// Accumulators as the judge defines them.
fn reference_accumulators(model: &Model, activations: &[Vec<u8>]) -> Vec<Vec<i32>> {
    let rows = activations[0].len() / model.input_width() as usize;
    let layers = model.layers.iter();
    layers.map(|layer| layer.reference_accumulators(&model::sources(&layer.spec, activations), rows)).collect()
}

#[test]
fn every_backend_passes_the_self_test() {
    for mut backend in backends() {
        let passed = self_test(backend.as_mut()).unwrap();
        assert!(passed.cases > 30 && passed.cells > 100_000, "{passed:?}");
    }
}

#[test]
fn products_around_every_tile_edge_are_exact() {
    let mut backends = backends();
    for m in [1, 5, 6, 7, 11, 13, 31, 32, 33, 65] {
        for n in [1, 15, 17, 31, 33, 65] {
            for k in [1, 2, 3, 5, 63, 67] {
                let shape = Gemm { m, n, k };
                let fill = |count: usize, step: usize| (0..count).map(|i| (i * step + 128) as u8).collect::<Vec<_>>();
                let (a, b) = (fill(m * k, 37), fill(n * k, 101));
                let expected = reference(shape, &a, &b);
                for backend in &mut backends {
                    let found = backend.gemm(shape, &a, &b).unwrap();
                    assert_eq!(found, expected, "{} at {shape:?}", backend.describe());
                }
            }
        }
    }
}

#[test]
fn threads_that_share_a_large_layer_agree_with_one() {
    let (rows, k, n) = (797u32, 301u32, 299u32);
    let weights: Vec<i8> = (0..k * n).map(|i| (i * 89 + i / 251) as i8).collect();
    let bias: Vec<i32> = (0..n as i32).map(|j| j * 1000 - 150_000).collect();
    let requant = Requant { shift1: 3, mul: 20_000, shift2: 22, zero_point: 1, lo: -100, hi: 120 };
    let layers = vec![
        ModelLayer::new(0, k, n, Some(requant), &weights, &bias).unwrap(),
        ModelLayer::new(1, n, k, None, &weights, &vec![-7; k as usize]).unwrap(),
    ];
    let model = Model::new("large", (-128, 127), layers).unwrap();
    let input: Vec<u8> = (0..rows * k).map(|i| (i * 31 + i / 127) as u8).collect();
    let expected = Cpu::with(Kernel::Portable, 1).unwrap().execute(&model, &input).unwrap();
    assert_eq!(expected.activations, model.run_reference(&input).unwrap());
    for mut backend in backends() {
        assert!(backend.execute(&model, &input).unwrap() == expected, "{}", backend.describe());
    }
}

#[test]
fn products_cut_in_blocks_of_rows_and_depth_are_exact() {
    let mut random = Bytes(31);
    // Around a block's depth of 2,048 and its 192 rows, and the longest sums there are.
    for (m, n, k) in [(3, 33, 2047), (13, 31, 2048), (14, 65, 2049), (5, 17, 4099), (391, 40, 130), (12, 3, 65_536)] {
        let shape = Gemm { m, n, k };
        let extreme = |value: u8, count: usize| vec![value; count];
        for (a, b) in [
            (random.take(m * k), random.take(n * k)),
            (extreme(0x80, m * k), extreme(0x80, n * k)),
            (extreme(0x7f, m * k), extreme(0x80, n * k)),
        ] {
            let expected = reference(shape, &a, &b);
            for kernel in Kernel::available() {
                for threads in [1, 3] {
                    let found = Cpu::with(kernel, threads).unwrap().gemm(shape, &a, &b).unwrap();
                    assert!(found == expected, "{}, {threads} threads, at {shape:?}", kernel.name());
                }
            }
        }
    }
}

#[test]
fn weights_packed_once_multiply_any_number_of_rows() {
    let cpu = Cpu::new();
    let mut random = Bytes(32);
    let b = random.take(70 * 90);
    let packed = cpu.prepare(90, 70, &b).unwrap();
    for m in [1, 50, 7] {
        let a = random.take(m * 90);
        let mut c = vec![-1; m * 70];
        cpu.multiply(&packed, &a, &mut c).unwrap();
        assert_eq!(c, reference(Gemm { m, n: 70, k: 90 }, &a, &b));
        assert!(cpu.multiply(&packed, &a[1..], &mut c).is_err(), "not whole rows");
        assert!(cpu.multiply(&packed, &a, &mut c[1..]).is_err(), "too few cells");
    }
    assert!(cpu.prepare(90, 71, &b).is_err() && cpu.prepare(0, 5, &[]).is_err());
}

#[test]
fn sums_wrap_at_32_bits_in_every_cpu_kernel() {
    // 2^17 products of 2^14 are 2^31: one more than the largest i32.
    let (n, k) = (2, (1 << 17) + 5);
    let expected = i32::MIN.wrapping_add(5 << 14);
    for kernel in Kernel::available() {
        let mut backend = Cpu::with(kernel, 2).unwrap();
        for m in [1, 33] {
            let found = backend.gemm(Gemm { m, n, k }, &vec![0x80; m * k], &vec![0x80; n * k]).unwrap();
            assert_eq!(found, vec![expected; m * n], "{} at {m} rows", backend.describe());
        }
    }
}

fn any_requant() -> impl Strategy<Value = Requant> {
    let shifts = (0u8..=31, 1u16..=32767, 1u8..=30);
    (shifts, any::<i8>(), any::<i8>(), any::<i8>()).prop_map(|((shift1, mul, shift2), zero_point, x, y)| Requant {
        // Mostly shifts that leave something to see.
        shift1: shift1 % 14 + shift1 / 31 * 18,
        mul,
        shift2,
        zero_point,
        lo: x.min(y),
        hi: x.max(y),
    })
}

fn any_model() -> impl Strategy<Value = (Model, Vec<u8>)> {
    let widths = prop::collection::vec(1u32..150, 2..5);
    (widths, 1usize..90, any::<bool>()).prop_flat_map(|(widths, rows, raw_end)| {
        let count = widths.len() - 1;
        let layers: Vec<_> = (0..count)
            .map(|i| {
                let (k, n) = (widths[i], widths[i + 1]);
                let weights = prop::collection::vec(any::<i8>(), (k * n) as usize);
                let bias = prop::collection::vec(-2_000_000_000i32..2_000_000_000, n as usize);
                let small = prop::collection::vec(-30_000i32..30_000, n as usize);
                let requant = any_requant().prop_map(move |q| (i + 1 < count || !raw_end).then_some(q));
                (requant, weights, prop_oneof![1 => bias, 4 => small])
                    .prop_map(move |(q, weights, bias)| ModelLayer::new(i, k, n, q, &weights, &bias).unwrap())
            })
            .collect();
        let input = prop::collection::vec(any::<u8>(), rows * widths[0] as usize);
        (layers, input).prop_map(|(layers, input)| (Model::new("any", (-128, 127), layers).unwrap(), input))
    })
}

#[test]
fn any_model_gives_the_judges_bits_on_every_backend() {
    let mut backends = backends();
    let check = |(model, input): (Model, Vec<u8>)| {
        let activations = model.run_reference(&input).unwrap();
        let accumulators = reference_accumulators(&model, &activations);
        for backend in &mut backends {
            let found = backend.execute(&model, &input).unwrap();
            if found.activations != activations || found.accumulators != accumulators {
                return Err(TestCaseError::fail(format!("{} differs", backend.describe())));
            }
        }
        Ok(())
    };
    let check = std::cell::RefCell::new(check);
    TestRunner::new(cases(48)).run(&any_model(), |case| (check.borrow_mut())(case)).unwrap();
}

#[test]
fn any_graph_gives_the_judges_bits_on_every_backend() {
    let mut backends = backends();
    for seed in 1000..1000 + u64::from(cases(60).cases) {
        let mut random = Bytes(seed);
        let model = random.graph().unwrap();
        let rows = [1, 2, 3, 33, 70][seed as usize % 5];
        let width = model.input_width() as usize;
        let input = match seed % 7 {
            0 => vec![0x80; rows * width],
            1 => vec![0x7f; rows * width],
            _ => random.take(rows * width),
        };
        let activations = model.run_reference(&input).unwrap();
        let accumulators = reference_accumulators(&model, &activations);
        for backend in &mut backends {
            let found = backend.execute(&model, &input).unwrap();
            for (i, (found, expected)) in found.activations.iter().zip(&activations).enumerate() {
                assert!(found == expected, "{}: graph {seed}, activations {i}", backend.describe());
            }
            assert!(found.accumulators == accumulators, "{}: graph {seed}, accumulators", backend.describe());
        }
    }
}

#[test]
fn large_images_are_shared_by_threads_and_agree_with_one() {
    let image = Shape { height: 40, width: 41, channels: 33 };
    let window = Window { kernel: [3, 3], stride: [1, 1], padding: [1; 4], fill: -7 };
    let spec = |from, op, requant| Layer { op, from, input: image, requant, weight_root: [0; 32] };
    let requant = Some(Requant { shift1: 4, mul: 20_000, shift2: 21, zero_point: 1, lo: -100, hi: 120 });
    let mut random = Bytes(77);
    let weights: Vec<i8> = random.take(33 * 33 * 9).into_iter().map(|b| b as i8).collect();
    let layers = vec![
        ModelLayer::weighted(0, spec(0, Op::Conv { window, n: 33 }, requant), &weights, &[7; 33]).unwrap(),
        ModelLayer::of(1, spec(1, Op::MaxPool { window }, None), Vec::new()).unwrap(),
        ModelLayer::of(2, spec(2, Op::AveragePool { window }, requant), Vec::new()).unwrap(),
        ModelLayer::of(3, spec(3, Op::Add { with: 0, multipliers: [999, -99], bias: 3 }, requant), Vec::new()).unwrap(),
        ModelLayer::of(4, spec(4, Op::Lookup, None), random.take(256)).unwrap(),
    ];
    let model = Model::new("image", (-128, 127), layers).unwrap();
    let input = random.take(9 * image.elements());
    let expected = model.run_reference(&input).unwrap();
    for mut backend in backends() {
        assert!(backend.execute(&model, &input).unwrap().activations == expected, "{}", backend.describe());
    }
}
