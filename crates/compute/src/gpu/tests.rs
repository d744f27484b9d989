use super::plan::band_rows;
use super::*;
use crate::Cpu;
use crate::sample::Bytes;
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
    let columns = Columns::plain(2048, 2048, &[0; 2048 * 2048]);
    let layers: Vec<Layer> =
        (0..12).map(|_| upload_columns(&gpu.device, columns, Size::plain(2048, 2048)).unwrap()).collect();
    let rows = |count: usize, max_binding| band_rows(&layers[..count], max_binding, usize::MAX);
    let back = 4 * 2048; // accumulators
    assert_eq!(rows(1, 128 << 20), (64 << 20) / back, "read-back");
    assert_eq!(rows(1, 8 << 20), (8 << 20) / (2048 * 4), "binding");
    assert_eq!(rows(12, 128 << 20), (64 << 20) / (12 * back), "read-back of all layers");
    let deep = Columns::plain(1 << 21, 4, &[0; 1 << 23]);
    let deep = upload_columns(&gpu.device, deep, Size::plain(1 << 21, 4)).unwrap();
    assert_eq!(band_rows(&[deep], u64::MAX, usize::MAX), (64 << 30) >> 23, "work");
    assert_eq!(rows(12, 1), 1, "never zero");
    assert_eq!(band_rows(&layers, 128 << 20, 3), 3, "no more than there are");
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
    let text = refused(&mut gpu, Gemm { m: 1, n: 65, k: 4 });
    assert!(text.ends_with(": bytes of weights: 260, the limit is 256"), "{text}");
}

#[test]
fn sums_wrap_at_32_bits() {
    let gpu = software();
    let spec = judge::Layer::gemm(0, 1, 1, None);
    let columns = [&[0xff][..], &i32::MIN.to_le_bytes()].concat();
    let layer = model::ModelLayer { spec, columns };
    let layers = vec![upload(&gpu.device, &layer).unwrap()];
    let mut resident = Resident { layers, scratch: None };
    for rows in [1, 40] {
        let found = gpu.run(&mut resident, &vec![1; rows]).unwrap();
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
