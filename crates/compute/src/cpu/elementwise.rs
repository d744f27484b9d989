//! Layers without weights: pools, additions and lookups. The loops are plain Rust over channels that lie together, compiled
//! twice: compilers turn them into vector code.
use super::requantise;
use judge::layer::TABLE;
use judge::{Layer, Op, Window};
use std::num::NonZero;

/// Elements read that pay for a thread.
const ELEMENTS_PER_THREAD: usize = 4 << 20;
/// Accumulators requantised at once.
const BLOCK: usize = 1024;

/// The layer's output over `rows` rows; nothing for a product. `vector`: the processor has AVX2 and may use it.
pub(super) fn run(
    layer: &Layer,
    table: &[u8],
    inputs: &[&[u8]; 2],
    rows: usize,
    threads: usize,
    vector: bool,
) -> Vec<u8> {
    let (size, width) = (layer.in_row_bytes() as usize, layer.out_row_bytes() as usize);
    let mut out = vec![0u8; rows * width];
    let reads = layer.window().map_or(1, Window::area) * rows * width;
    let threads = NonZero::new(threads.min(reads / ELEMENTS_PER_THREAD)).map_or(1, NonZero::get);
    let band = rows.div_ceil(threads).max(1);
    let run = |(index, out): (usize, &mut [u8])| {
        for (i, out) in out.chunks_exact_mut(width).enumerate() {
            let inputs = inputs.map(|matrix| &matrix[(index * band + i) * size..][..size]);
            row(layer, table, inputs, out, vector);
        }
    };
    if threads == 1 {
        run((0, &mut out));
    } else {
        std::thread::scope(|scope| {
            for band in out.chunks_mut(band * width).enumerate() {
                scope.spawn(move || run(band));
            }
        });
    }
    out
}

fn row(layer: &Layer, table: &[u8], inputs: [&[u8]; 2], out: &mut [u8], vector: bool) {
    #[cfg(target_arch = "x86_64")]
    if vector {
        assert!(super::Kernel::Avx2.is_available());
        // SAFETY: the assertion above has found the feature.
        return unsafe { row_avx2(layer, table, inputs, out) };
    }
    let _ = vector;
    row_plain(layer, table, inputs, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn row_avx2(layer: &Layer, table: &[u8], inputs: [&[u8]; 2], out: &mut [u8]) {
    row_plain(layer, table, inputs, out);
}

#[inline(always)]
fn row_plain(layer: &Layer, table: &[u8], inputs: [&[u8]; 2], out: &mut [u8]) {
    let channels = usize::from(layer.input.channels);
    match &layer.op {
        Op::MaxPool { window } => {
            for (place, out) in out.chunks_exact_mut(channels).enumerate() {
                greatest(layer, window, inputs[0], place, out);
            }
        }
        Op::AveragePool { window } => {
            let mut sums = vec![0i32; channels];
            for (place, out) in out.chunks_exact_mut(channels).enumerate() {
                sum(layer, window, inputs[0], place, &mut sums);
                requantised(layer, &sums, out);
            }
        }
        Op::Add { multipliers, bias, .. } => {
            let [a, b] = multipliers.map(i32::from);
            let mut sums = [0i32; BLOCK];
            let [x, y] = inputs.map(|row| row.chunks(BLOCK));
            for ((x, y), out) in x.zip(y).zip(out.chunks_mut(BLOCK)) {
                for ((sum, &x), &y) in sums.iter_mut().zip(x).zip(y) {
                    let products = i32::from(x as i8).wrapping_mul(a).wrapping_add(i32::from(y as i8).wrapping_mul(b));
                    *sum = products.wrapping_add(*bias);
                }
                requantised(layer, &sums[..out.len()], out);
            }
        }
        Op::Lookup => {
            if let Some(table) = table.first_chunk::<TABLE>() {
                out.iter_mut().zip(inputs[0]).for_each(|(out, &x)| *out = table[usize::from(x)]);
            }
        }
        Op::Gemm { .. } | Op::Conv { .. } => {}
    }
}

fn requantised(layer: &Layer, sums: &[i32], out: &mut [u8]) {
    if let Some(requant) = &layer.requant {
        requantise(requant, sums, out);
    }
}

/// The greatest of each channel under the window at `place`.
#[inline(always)]
fn greatest(layer: &Layer, window: &Window, image: &[u8], place: usize, out: &mut [u8]) {
    let pixels = layer.window_runs(window, place, Some(0));
    let padded = pixels.clone().count() < window.area();
    out.fill(if padded { window.fill as u8 } else { i8::MIN as u8 });
    for pixel in pixels {
        let pixel = &image[pixel.at..][..out.len()];
        out.iter_mut().zip(pixel).for_each(|(out, &x)| *out = (*out as i8).max(x as i8) as u8);
    }
}

/// The sum of each channel under the window at `place`.
#[inline(always)]
fn sum(layer: &Layer, window: &Window, image: &[u8], place: usize, sums: &mut [i32]) {
    let pixels = layer.window_runs(window, place, Some(0));
    let padded = (window.area() - pixels.clone().count()) as i32;
    sums.fill(padded * i32::from(window.fill));
    for pixel in pixels {
        let pixel = &image[pixel.at..][..sums.len()];
        sums.iter_mut().zip(pixel).for_each(|(sum, &x)| *sum = sum.wrapping_add(i32::from(x as i8)));
    }
}
