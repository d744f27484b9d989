use super::plan::band_rows;
use super::*;
use crate::sample::Bytes;
use crate::{BackendKind, Cpu, Failover};
use bindings::{layout, pipeline};
use judge::{Op, Shape, Window};

fn software() -> Gpu {
    Gpu::open(&GpuSelect::Software).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn bands_of_rows_give_the_same_result_as_one_pass() {
    let mut random = Bytes(3);
    let model = random.model(&[70, 130, 9], true).unwrap();
    let expected = |input: &[u8]| Cpu::new().execute(&model, input).unwrap();
    let mut gpu = software();
    // 130 accumulators of 4 bytes to a row: 20 rows to a band, so 61 rows are three whole bands and one row.
    gpu.device.max_binding = 20 * 130 * 4;
    for rows in [61, 20, 7] {
        let input = random.take(rows * 70);
        assert_eq!(gpu.execute(&model, &input).unwrap(), expected(&input), "{rows} rows");
    }
    gpu.device.max_binding = 64 << 20;
    let input = random.take(61 * 70);
    assert_eq!(gpu.execute(&model, &input).unwrap(), expected(&input), "working memory grows");
}

#[test]
fn a_convolution_gathered_in_parts_gives_the_same_result_as_in_one() {
    let mut random = Bytes(6);
    let input = Shape { height: 20, width: 20, channels: 8 };
    let window = Window { kernel: [3, 3], stride: [1, 1], padding: [1; 4], fill: 9 };
    let spec = judge::Layer { op: Op::Conv { window, n: 7 }, from: 0, input, requant: None, weight_root: [0; 32] };
    let weights: Vec<i8> = random.take(7 * 72).into_iter().map(|b| b as i8).collect();
    let layer = ModelLayer::weighted(0, spec, &weights, &[5; 7]).unwrap();
    let model = Model::new("conv", (-128, 127), vec![layer]).unwrap();
    let batch = random.take(3 * input.elements());
    let expected = Cpu::new().execute(&model, &batch).unwrap();
    let mut gpu = software();
    // A row's 400 patches of 18 words and 2,800 accumulators: one row to a band, and parts of 155, 227 or 400 patches.
    for max_binding in [11_200, 16_384, 30_000, 1 << 20] {
        gpu.device.max_binding = max_binding;
        gpu.models = ModelCache::new();
        assert_eq!(gpu.execute(&model, &batch).unwrap(), expected, "{max_binding} bytes to a binding");
    }
}

#[test]
fn bands_respect_every_limit() {
    let gpu = software();
    let columns = Columns::plain(64, 2048, &[0; 64 * 2048]);
    let layers: Vec<Layer> =
        (0..12).map(|_| upload_columns(&gpu.device, columns, Size::plain(64, 2048)).unwrap()).collect();
    let all = Wanted { outputs: vec![true; 12], accumulators: vec![true; 12] };
    let order = Order { wanted: &all, hashing: None };
    let rows = |count: usize, max_binding| band_rows(&layers[..count], &order, max_binding, 1 << 40);
    let back = 4usize * 2048; // accumulators
    assert_eq!(rows(1, 128 << 20), (64 << 20) / back, "read-back");
    assert_eq!(rows(1, 8 << 20), (8 << 20) / (2048 * 4), "binding");
    assert_eq!(rows(12, 128 << 20), 1 << ((64 << 20) / (12 * back)).ilog2(), "read-back of all layers");
    let deep = Columns::plain(1 << 21, 4, &[0; 1 << 23]);
    let deep = upload_columns(&gpu.device, deep, Size::plain(1 << 21, 4)).unwrap();
    assert_eq!(band_rows(&[deep], &order, u64::MAX, 1 << 40), (16 << 30) >> 23, "work");
    assert_eq!(rows(12, 1), 1, "never zero");
    assert_eq!(band_rows(&layers, &order, 128 << 20, 3), 3, "no more than there are");
}

fn refused(gpu: &mut Gpu, shape: Gemm) -> String {
    let (a, b) = (vec![0; shape.m * shape.k], vec![0; shape.n * shape.k]);
    gpu.gemm(shape, &a, &b).unwrap_err().to_string()
}

#[test]
fn what_is_over_a_limit_is_refused_with_both_numbers() {
    let mut gpu = software();
    let text = refused(&mut gpu, Gemm { m: 1, n: 1, k: (1 << 16) + 1 });
    assert!(text.ends_with(": elements in a sum: 65537, the limit is 65536"), "{text}");
    gpu.device.max_binding = 256;
    let text = refused(&mut gpu, Gemm { m: 1, n: 1, k: 257 });
    assert!(text.ends_with(": bytes of a column: 272, the limit is 256"), "{text}");
}

#[test]
fn sums_wrap_at_32_bits() {
    let gpu = software();
    let spec = judge::Layer::gemm(0, 1, 1, None);
    let columns = [&[0xff][..], &i32::MIN.to_le_bytes()].concat();
    let layer = model::ModelLayer { spec, columns };
    let layers = vec![upload(&gpu.device, &layer).unwrap()];
    let mut resident = Resident { layers, slots: Vec::new() };
    let wanted = Wanted { outputs: vec![false], accumulators: vec![true] };
    let order = Order { wanted: &wanted, hashing: None };
    for rows in [1, 40] {
        let found = gpu.run(&mut resident, &vec![1; rows], &order).unwrap().0;
        assert_eq!(found.accumulators, [vec![i32::MAX; rows]], "-1 more than the least");
    }
}

#[test]
fn a_validation_error_is_returned_and_does_not_panic() {
    let mut gpu = software();
    let bindings = layout(&gpu.device, 1);
    gpu.requant = pipeline(&gpu.device, "broken", "this is no shader", &bindings);
    let error = gpu.device.check().unwrap_err();
    assert!(matches!(&error, ComputeError::Device { adapter, .. } if adapter.contains("llvmpipe")), "{error}");
    let product = gpu.gemm(Gemm { m: 1, n: 1, k: 1 }, &[2], &[3]);
    assert_eq!(product.unwrap(), [6], "the device itself still works");
    let mut random = Bytes(4);
    let model = random.model(&[8, 8], false).unwrap();
    let error = gpu.execute(&model, &random.take(8)).unwrap_err();
    assert!(matches!(error, ComputeError::Device { .. }), "{error}");
}

#[test]
fn a_lost_device_answers_with_errors() {
    let mut gpu = software();
    let shape = Gemm { m: 2, n: 2, k: 2 };
    gpu.device.handle.destroy();
    for _ in 0..2 {
        let error = gpu.gemm(shape, &[1; 4], &[1; 4]).unwrap_err();
        assert!(matches!(error, ComputeError::Lost { .. } | ComputeError::Device { .. }), "{error:?}");
    }
}

#[test]
fn a_run_over_the_time_limit_is_abandoned() {
    let mut gpu = Gpu::open_with(&GpuSelect::Software, Dot::Packed, Duration::from_nanos(1)).unwrap();
    let (m, n, k) = (256, 512, 512);
    let (a, b) = (vec![1; m * k], vec![1; n * k]);
    for _ in 0..2 {
        let error = gpu.gemm(Gemm { m, n, k }, &a, &b).unwrap_err();
        assert!(matches!(error, ComputeError::Timeout { .. }), "{error:?}");
    }
}

#[test]
fn a_right_matrix_larger_than_a_binding_is_worked_in_bands_of_columns() {
    let mut random = Bytes(8);
    let (m, n, k) = (40, 75, 50);
    let (a, b) = (random.take(m * k), random.take(n * k));
    let shape = Gemm { m, n, k };
    let expected = Cpu::new().gemm(shape, &a, &b).unwrap();
    let mut gpu = software();
    // Columns of 64 bytes: 16, 31 and 75 to a band; rows of 300 bytes of accumulators.
    for max_binding in [1024, 2000, 1 << 20] {
        gpu.device.max_binding = max_binding;
        assert_eq!(gpu.gemm(shape, &a, &b).unwrap(), expected, "{max_binding} bytes to a binding");
    }
}

#[test]
fn commitments_hashed_band_by_band_are_the_judges_on_device_and_host() {
    let mut random = Bytes(9);
    // Rows of 1, 2, 3 and 5 segments, none of them whole, the last of i32.
    let model = random.model(&[30, 200, 513, 700, 301], true).unwrap();
    let job = [7; 32];
    let mut gpu = software();
    for (rows, max_binding) in [(1, 128 << 20), (45, 128 << 20), (45, 8 * 2800), (70, 2800)] {
        gpu.device.max_binding = 128 << 20;
        gpu.models = ModelCache::new();
        let input = random.take(rows * 30);
        let expected = Cpu::new().commit(&job, &model, &input, &Wanted::everything(&model)).unwrap();
        assert_eq!(expected.roots.len(), 4);
        gpu.execute(&model, &input[..30]).unwrap();
        gpu.device.max_binding = max_binding;
        for place in [HashPlace::Device, HashPlace::Host] {
            let found = gpu.commit_at(place, &job, &model, &input, &Wanted::everything(&model)).unwrap();
            assert!(found == expected, "{rows} rows, {max_binding} bytes to a binding, hashed on {place:?}");
            let nothing = Wanted { outputs: vec![false; 4], accumulators: vec![false; 4] };
            let found = gpu.commit_at(place, &job, &model, &input, &nothing).unwrap();
            assert_eq!(found.roots, expected.roots, "nothing but roots wanted");
            assert!(found.execution.activations[1..].iter().all(Vec::is_empty));
            assert!(found.execution.accumulators.iter().all(Vec::is_empty));
        }
    }
}

#[test]
fn leaves_of_every_padding_are_the_judges() {
    // Where the padding ends in the segment's last block, fills it, or needs one more.
    let widths = [16, 1, 2, 3, 4, 51, 54, 55, 56, 57, 60, 61, 63, 64, 65, 119, 120, 121, 247, 248, 249, 255, 256, 257];
    let mut random = Bytes(10);
    let model = random.model(&widths, false).unwrap();
    let input = random.take(3 * 16);
    let wanted = Wanted::everything(&model);
    let expected = Cpu::new().commit(&[9; 32], &model, &input, &wanted).unwrap();
    let found = software().commit_at(HashPlace::Device, &[9; 32], &model, &input, &wanted).unwrap();
    for (i, (found, expected)) in found.roots.iter().zip(&expected.roots).enumerate() {
        assert_eq!(found, expected, "rows of {} bytes", widths[i + 1]);
    }
}

#[test]
fn a_challenge_on_the_chip_is_the_judges() {
    use judge::challenge;
    let seed = [0x5a; 32];
    let mut gpu = software();
    // One band, and bands of 64 rows with two under way.
    for (rows, max_binding) in [(64, 128 << 20), (320, 64 * 4096 * 4)] {
        gpu.device.max_binding = 128 << 20;
        let expected = Cpu::new().challenge(&seed, rows).unwrap();
        gpu.device.max_binding = max_binding.max(4 << 20);
        let answer = gpu.challenge(&seed, rows).unwrap();
        assert_eq!(answer.root(), expected.root(), "{rows} rows");
        let cells = [(0, 0), (rows - 1, 4095), (rows / 2, 1000)];
        for (cell, opening) in cells.into_iter().zip(answer.open(&cells).unwrap()) {
            let judged = challenge::judge(&seed, rows, &answer.root(), cell, &opening.segment, &opening.path).unwrap();
            assert!(judged.is_right(), "{cell:?}");
        }
        assert!(answer.open(&[(rows, 0)]).is_err() && answer.open(&[(0, 4096)]).is_err());
    }
    for rows in [0, 1, 65] {
        assert!(matches!(gpu.challenge(&seed, rows), Err(ComputeError::Shape { .. })), "{rows} rows");
    }
}

#[test]
fn a_job_survives_the_loss_of_its_device_with_equal_bits() {
    let mut random = Bytes(12);
    let model = random.model(&[256, 512, 256], true).unwrap();
    let (job, input) = ([1; 32], random.take(2000 * 256));
    let wanted = Wanted::everything(&model);
    let expected = Cpu::new().commit(&job, &model, &input, &wanted).unwrap();
    // Lost before the run, and at some moment of it.
    for wait in [None, Some(Duration::from_millis(20))] {
        let mut gpu = software();
        gpu.device.max_binding = 512 * 512 * 4;
        let handle = gpu.device.handle.clone();
        let mut backend = Failover::new(Box::new(gpu), None);
        backend.gemm(Gemm { m: 1, n: 1, k: 1 }, &[2], &[3]).unwrap();
        assert_eq!((backend.describe().kind, backend.gmacs_since()), (BackendKind::SoftwareGpu, None));
        let destroy = move || {
            wait.into_iter().for_each(std::thread::sleep);
            handle.destroy();
        };
        let found = match wait {
            None => {
                destroy();
                backend.commit(&job, &model, &input, &wanted)
            }
            Some(_) => std::thread::scope(|scope| {
                scope.spawn(destroy);
                backend.commit(&job, &model, &input, &wanted)
            }),
        };
        assert!(found.unwrap() == expected, "lost after {wait:?}");
        assert_eq!(backend.gemm(Gemm { m: 1, n: 1, k: 1 }, &[2], &[3]).unwrap(), [6]);
        assert_eq!(backend.describe().kind, BackendKind::Cpu, "the CPU has taken over");
        assert!(backend.gmacs_since().unwrap() > 0.0, "its speed is known");
    }
}

#[test]
fn another_adapter_takes_over_before_the_cpu_does() {
    let mut gpu = software();
    gpu.device.handle.destroy();
    gpu.device.description.driver = "the driver of another adapter".into();
    let mut backend = Failover::new(Box::new(gpu), Some(GpuSelect::Software));
    assert_eq!(backend.gemm(Gemm { m: 1, n: 1, k: 1 }, &[2], &[3]).unwrap(), [6]);
    assert_eq!(backend.describe().kind, BackendKind::SoftwareGpu);
}

#[test]
fn a_hang_is_named_and_the_work_repeated() {
    let gpu = Gpu::open_with(&GpuSelect::Software, Dot::Packed, Duration::from_nanos(1)).unwrap();
    let mut backend = Failover::new(Box::new(gpu), None);
    let (m, n, k) = (128, 256, 512);
    let found = backend.gemm(Gemm { m, n, k }, &vec![1; m * k], &vec![1; n * k]).unwrap();
    assert_eq!(found, vec![k as i32; m * n]);
    assert_eq!(backend.describe().kind, BackendKind::Cpu);
}

#[test]
fn an_error_of_the_input_makes_nothing_take_over() {
    let mut backend = Failover::new(Box::new(software()), None);
    let error = backend.gemm(Gemm { m: 1, n: 1, k: 2 }, &[1], &[1, 2]).unwrap_err();
    assert!(matches!(error, ComputeError::Shape { .. }), "{error}");
    assert_eq!(backend.describe().kind, BackendKind::SoftwareGpu);
}
