//! Which kernels a device works with: tried and timed on a real GPU, fixed on software drivers, whose speed nobody needs.
use super::bindings::{Arena, Notes, bind, buffer};
use super::device::Device;
use super::hash::{self, Nodes};
use super::params::{HashParams, Params, Size};
use super::product::{Dot, Products, Tiled, Variant};
use super::{Gpu, HashPlace, TIMEOUT, Usage, bands};
use crate::sample::Bytes;
use crate::{BackendKind, ComputeError, Description, roots};
use judge::merkle::Tree;
use judge::{ACTIVATIONS, Domain};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The kernels that did best on an adapter.
#[derive(Clone, Copy)]
struct Tuned {
    dot: Dot,
    large: Variant,
    small: Variant,
}

/// Adapters that have been tried in this process: a worker opens one again after it was lost.
static KNOWN: Mutex<Vec<(Description, Dot, Tuned)>> = Mutex::new(Vec::new());

/// `[m, n, k]` of a product with an edge in every direction, whose cells are compared.
const CHECKED: [usize; 3] = [70, 150, 200];
/// `[m, n, k]` of the products that are timed: one that fills any GPU, and a small batch.
const LARGE: [usize; 3] = [2048, 2048, 2048];
const SMALL: [usize; 3] = [128, 1024, 1024];
/// Runs of each in one submission, and the work after which there are no more.
const REPEATS: u32 = 8;
const ENOUGH_MACS: u64 = 64 << 30;

/// The fastest kernels that multiply right.
///
/// # Errors
/// If every kernel is wrong, or the device fails.
pub(super) fn products(device: &Device, dot: Dot) -> Result<Products, ComputeError> {
    if device.description.kind != BackendKind::Gpu {
        return Ok(Products::new(device, Tiled::new(device, Variant::SMALL.with(dot)), None));
    }
    let Tuned { dot, large, small } = tuned(device, dot)?;
    let other = (small != large).then(|| Tiled::new(device, small.with(dot)));
    Ok(Products::new(device, Tiled::new(device, large.with(dot)), other))
}

fn tuned(device: &Device, dot: Dot) -> Result<Tuned, ComputeError> {
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let found =
        known().iter().find(|(known, asked, _)| *known == device.description && *asked == dot).map(|known| known.2);
    if let Some(tuned) = found {
        return Ok(tuned);
    }
    let best = trials(device, dot, [LARGE, SMALL])?;
    known().push((device.description.clone(), dot, best));
    Ok(best)
}

fn trials(device: &Device, dot: Dot, [large, small]: [[usize; 3]; 2]) -> Result<Tuned, ComputeError> {
    let mut best: Option<(Tuned, [f64; 2])> = None;
    // With the instruction asked for, every shape; the fastest then also without it, in case the driver only imitates it.
    let limits = device.handle.limits();
    let fitting = Variant::ALL.iter().filter(|variant| variant.fits(&limits));
    let mut candidates: Vec<Variant> = fitting.map(|variant| variant.with(dot)).collect();
    while let Some(variant) = candidates.pop() {
        let products = Products::new(device, Tiled::new(device, variant), None);
        let right = checks(device, &products)?;
        if !right {
            tracing::warn!(adapter = device.description.name, %variant, "kernel multiplies wrong, not used");
        } else {
            let seconds = [time_products(device, &products, large)?, time_products(device, &products, small)?];
            tracing::debug!(adapter = device.description.name, %variant, ?seconds, "tried");
            let one = Tuned { dot: variant.dot(), large: variant, small: variant };
            let (tuned, known) = best.get_or_insert((one, seconds));
            if tuned.dot == variant.dot() {
                if seconds[0] < known[0] {
                    (tuned.large, known[0]) = (variant, seconds[0]);
                }
                if seconds[1] < known[1] {
                    (tuned.small, known[1]) = (variant, seconds[1]);
                }
            } else if seconds[0] < known[0] {
                (*tuned, *known) = (one, seconds);
            }
        }
        if let (true, Some((tuned, _))) = (candidates.is_empty() && variant.dot() == Dot::Packed, &best) {
            candidates.push(tuned.large.with(Dot::Unpacked));
        }
    }
    let failed = || ComputeError::SelfTest {
        backend: device.description.to_string(),
        case: "products".into(),
        reason: format!("every kernel with {dot:?} products is wrong"),
    };
    best.map(|(tuned, _)| tuned).ok_or_else(failed)
}

/// A product's buffers and parameters.
struct Bench {
    arena: Arena,
    group: wgpu::BindGroup,
    sums: wgpu::Buffer,
    staging: wgpu::Buffer,
    params: Params,
    size: [u32; 2],
}

impl Bench {
    fn new(device: &Device, products: &Products, shape: [usize; 3], [a, b]: [&[u8]; 2]) -> Result<Self, ComputeError> {
        let [m, n, k] = shape;
        let size = Size::plain(k, n);
        let usage = Usage::STORAGE | Usage::COPY_DST;
        let left = buffer(device, "bytes of input", m * size.words(), usage)?;
        let right = buffer(device, "bytes of weights", n * size.words(), usage)?;
        let bias = buffer(device, "bytes of biases", n, usage)?;
        let sums = buffer(device, "bytes of accumulators", m * n, Usage::STORAGE | Usage::COPY_SRC)?;
        device.queue.write_buffer(&left, 0, &bands::pad(a, k));
        device.queue.write_buffer(&right, 0, &bands::pad(b, k));
        let arena = Arena::new(device, REPEATS as usize)?;
        let group = bind(device, &products.bindings(), &arena, &[&left, &right, &bias, &sums]);
        let staging = buffer(device, "read-back", m * n, Usage::MAP_READ | Usage::COPY_DST)?;
        let params = Params::new(&size, m, 0, m);
        Ok(Bench { arena, group, sums, staging, params, size: [m as u32, n as u32] })
    }

    /// Multiplies `repeats` times and reads the first `words` accumulators.
    fn run(&self, device: &Device, products: &Products, repeats: u32, words: usize) -> Result<Vec<i32>, ComputeError> {
        let mut notes = Notes::new(&self.arena);
        let mut encoder = device.handle.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        for _ in 0..repeats {
            notes.set(&mut pass, &self.group, &self.params);
            products.dispatch(&mut pass, self.size[0], self.size[1]);
        }
        drop(pass);
        encoder.copy_buffer_to_buffer(&self.sums, 0, &self.staging, 0, 4 * words as u64);
        notes.upload(device);
        let flight = device.submit(encoder.finish(), &self.staging);
        device.wait(flight, &self.staging, TIMEOUT, |bytes| bytemuck::pod_collect_to_vec(&bytes[..4 * words]))
    }
}

/// Whether the kernel gives the judge's cells, for random and for extreme operands.
fn checks(device: &Device, products: &Products) -> Result<bool, ComputeError> {
    let [m, n, k] = CHECKED;
    let mut random = Bytes(12);
    let fills = [(random.take(m * k), random.take(n * k)), (vec![0x80; m * k], vec![0x80; n * k])];
    for (a, b) in fills {
        let bench = Bench::new(device, products, CHECKED, [&a, &b])?;
        let found = bench.run(device, products, 1, m * n)?;
        let mut cells = a.chunks_exact(k).flat_map(|row| b.chunks_exact(k).map(|column| judge::dot::dot(row, column)));
        if !found.iter().all(|&cell| cells.next() == Some(cell)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Seconds of one product whose operands are on the device.
pub(super) fn time_products(device: &Device, products: &Products, shape: [usize; 3]) -> Result<f64, ComputeError> {
    let [m, n, k] = shape;
    let mut random = Bytes(13);
    let bench = Bench::new(device, products, shape, [&random.take(m * k), &random.take(n * k)])?;
    // Large products are repeated less: no submission may take long on a software driver.
    let repeats = (ENOUGH_MACS / (m * n * k) as u64).clamp(1, REPEATS.into()) as u32;
    Ok(timed(|| bench.run(device, products, repeats, 1))? / f64::from(repeats))
}

/// Seconds of the fastest of three runs, after one to warm up.
pub(super) fn timed<T>(run: impl Fn() -> Result<T, ComputeError>) -> Result<f64, ComputeError> {
    run()?;
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// Rows and their bytes of the matrix that both hash.
const HASHED: [usize; 2] = [512, 2048];

/// Seconds that hashing a matrix of 1 MiB takes on the device and on the host.
#[derive(Clone, Copy, Debug)]
pub struct HashSpeed {
    pub device_s: f64,
    pub host_s: f64,
}

impl HashSpeed {
    /// Bytes of the matrix.
    pub const BYTES: usize = HASHED[0] * HASHED[1];

    fn place(&self) -> HashPlace {
        if self.device_s < self.host_s { HashPlace::Device } else { HashPlace::Host }
    }
}

impl Gpu {
    /// Who hashes faster; measured when first asked, after both have been found to agree.
    pub(super) fn hash_place(&self) -> Result<HashPlace, ComputeError> {
        if let Some(place) = self.place.get() {
            return Ok(*place);
        }
        let speed = self.hash_speed()?;
        let place = speed.place();
        tracing::info!(adapter = self.device.description.name, ?speed, ?place, "hashing");
        Ok(*self.place.get_or_init(|| place))
    }

    /// Times hashing on the device and on the host.
    ///
    /// # Errors
    /// [`ComputeError::SelfTest`] if they disagree, or whatever the device fails with.
    pub fn hash_speed(&self) -> Result<HashSpeed, ComputeError> {
        let (device, hashers) = (&self.device, self.hashers());
        let [rows, row_bytes] = HASHED;
        let domain =
            Domain { tag: ACTIVATIONS, id: &[3; 32], layer: 1, rows: rows as u32, row_bytes: row_bytes as u32 };
        let bytes = Bytes(11).take(rows * row_bytes);
        let source = buffer(device, "bytes to hash", bytes.len() / 4, Usage::STORAGE | Usage::COPY_DST)?;
        device.queue.write_buffer(&source, 0, &bytes);
        let arena = Arena::new(device, hash::DISPATCHES)?;
        let segments = domain.segments();
        let nodes = Nodes::new(device, hashers, &arena, rows * segments, 1)?;
        let leaves = nodes.leaves(device, hashers, &arena, &source);
        let staging = buffer(device, "read-back", hash::DIGEST, Usage::MAP_READ | Usage::COPY_DST)?;
        let params = HashParams {
            rows: rows as u32,
            stride: row_bytes as u32 / 4,
            segments: segments as u32,
            ..HashParams::of(&domain)
        };
        let on_device = || {
            let mut notes = Notes::new(&arena);
            let mut encoder = device.handle.create_command_encoder(&Default::default());
            let mut pass = encoder.begin_compute_pass(&Default::default());
            nodes.encode(&mut pass, &mut notes, hashers, &leaves, params, rows as u32);
            drop(pass);
            encoder.copy_buffer_to_buffer(&nodes.roots, 0, &staging, 0, 4 * hash::DIGEST as u64);
            notes.upload(device);
            let flight = device.submit(encoder.finish(), &staging);
            device.wait(flight, &staging, self.timeout, |bytes| bytes.as_chunks().0.first().map(super::params::digest))
        };
        let on_host = || Ok(Some(Tree::new(roots::row_roots(&domain, 0, &bytes)).root()));
        if on_device()? != on_host()? {
            let backend = device.description.to_string();
            let reason = "the device's root is not the judge's".into();
            return Err(ComputeError::SelfTest { backend, case: "hashing".into(), reason });
        }
        Ok(HashSpeed { device_s: timed(on_device)?, host_s: timed(on_host)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GpuSelect, gpu::adapters};

    fn software() -> Device {
        Device::open(&adapters(&GpuSelect::Software).unwrap()[0]).unwrap()
    }

    #[test]
    fn every_kernel_multiplies_right_and_one_of_them_is_chosen() {
        let device = software();
        for dot in [Dot::Packed, Dot::Unpacked] {
            for variant in Variant::ALL {
                assert!(variant.fits(&device.handle.limits()), "{variant}");
                let products = Products::new(&device, Tiled::new(&device, variant.with(dot)), None);
                assert!(checks(&device, &products).unwrap(), "{variant} {dot:?}");
            }
        }
        let tuned = trials(&device, Dot::Packed, [[64, 64, 64], [33, 20, 16]]).unwrap();
        assert!(Variant::ALL.contains(&tuned.large.with(Dot::Packed)));
        assert!(Variant::ALL.contains(&tuned.small.with(Dot::Packed)));
    }

    #[test]
    fn a_kernel_with_one_wrong_cell_is_found_out() {
        let device = software();
        let variant = Variant::SMALL;
        let bindings = crate::gpu::layout(&device, 3);
        let wrong = variant.text().replace("c3_3 + bias", "c3_3 + 1 + bias");
        let pipeline = crate::gpu::pipeline(&device, "wrong", &wrong, &bindings);
        let products = Products::new(&device, Tiled { variant, pipeline }, None);
        assert!(!checks(&device, &products).unwrap());
    }
}
