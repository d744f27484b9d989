//! The device challenge on the chip: operands derived, multiplied and hashed there; only the roots of each 64 rows come back.
use super::bindings::{Arena, Notes, bind, buffer, layout, pipeline};
use super::device::Flight;
use super::hash::{self, DIGEST, Leaves, Nodes};
use super::params::{HashParams, Params, Size, digest};
use super::{Gpu, Usage, sha, words};
use crate::challenge::{Answer, check_rows};
use crate::{BackendKind, ComputeError};
use judge::Hash;
use judge::challenge::{self, A, B, COLUMNS, DEPTH, ROW_STEP};
use std::collections::VecDeque;

/// Rows of a band: on a GPU enough to fill it (17 GMAC), on a software driver a few seconds of work.
const BAND: u32 = 4096;
const SOFTWARE_BAND: u32 = 256;
/// Bands that the device has at a time.
const IN_FLIGHT: usize = 2;
/// Draws of sha256 in a row or column.
const BLOCKS: u32 = DEPTH as u32 / 32;

/// The kernels that only a challenge needs.
pub(super) struct Drawers {
    derive: wgpu::ComputePipeline,
    show: wgpu::ComputePipeline,
}

impl Drawers {
    fn new(gpu: &Gpu) -> Self {
        let device = &gpu.device;
        Drawers {
            derive: pipeline(device, "draws", &sha::derive(), &layout(device, 0)),
            show: pipeline(device, "challenge cells", &words::show(), &layout(device, 1)),
        }
    }
}

/// Working memory of one band.
struct Slot {
    arena: Arena,
    rows: wgpu::BindGroup,
    product: wgpu::BindGroup,
    show: wgpu::BindGroup,
    nodes: Nodes,
    leaves: Leaves,
    staging: wgpu::Buffer,
}

impl Gpu {
    /// As [`crate::Backend::challenge`].
    pub(super) fn answer(&self, seed: &Hash, rows: u32) -> Result<Answer, ComputeError> {
        check_rows(rows)?;
        self.device.check()?;
        let drawers = self.drawers.get_or_init(|| Drawers::new(self));
        let most = if self.device.description.kind == BackendKind::Gpu { BAND } else { SOFTWARE_BAND };
        let fitting = (self.device.max_binding / (4 * u64::from(COLUMNS))).min(most.into()) as u32;
        let band = (fitting / ROW_STEP * ROW_STEP).min(rows);
        self.device.check_limit("bytes of a challenge", u64::from(ROW_STEP * COLUMNS * 4), self.device.max_binding)?;
        let size = Size::plain(DEPTH, COLUMNS as usize);
        let columns = buffer(&self.device, "bytes of weights", size.n * size.words(), Usage::STORAGE)?;
        let mut free: Vec<Slot> = Vec::new();
        let mut under_way: VecDeque<(Slot, Flight, usize)> = VecDeque::new();
        let mut groups: Vec<Hash> = Vec::new();
        let mut land = |under_way: &mut VecDeque<(Slot, Flight, usize)>| -> Result<Option<Slot>, ComputeError> {
            let Some((slot, flight, count)) = under_way.pop_front() else { return Ok(None) };
            self.device.wait(flight, &slot.staging, self.timeout, |bytes| {
                groups.extend(bytes.as_chunks::<32>().0[..count].iter().map(digest));
            })?;
            Ok(Some(slot))
        };
        for first in (0..rows).step_by(band as usize) {
            if under_way.len() == IN_FLIGHT {
                free.extend(land(&mut under_way)?);
            }
            let slot = match free.pop() {
                Some(slot) => slot,
                None => self.challenge_slot(drawers, &columns, &size, band)?,
            };
            let count = band.min(rows - first);
            // The columns are drawn with the first band and stay.
            let draws = (first == 0).then_some(&columns);
            let commands = self.encode_challenge(drawers, &slot, draws, &size, seed, [rows, first, count])?;
            let flight = self.device.submit(commands, &slot.staging);
            under_way.push_back((slot, flight, (count / ROW_STEP) as usize));
        }
        while !under_way.is_empty() {
            land(&mut under_way)?;
        }
        self.device.check()?;
        Ok(Answer::new(*seed, groups))
    }

    fn challenge_slot(
        &self,
        drawers: &Drawers,
        columns: &wgpu::Buffer,
        size: &Size,
        band: u32,
    ) -> Result<Slot, ComputeError> {
        let (device, hashers, rows) = (&self.device, self.hashers(), band as usize);
        let left = buffer(device, "bytes of input", rows * size.words(), Usage::STORAGE)?;
        let bias = buffer(device, "bytes of biases", size.n, Usage::STORAGE)?;
        let sums = buffer(device, "bytes of accumulators", rows * size.sums(), Usage::STORAGE)?;
        let out = buffer(device, "bytes of output", rows * size.out_words(), Usage::STORAGE)?;
        let groups = rows / ROW_STEP as usize;
        let staging = buffer(device, "read-back", groups * DIGEST, Usage::MAP_READ | Usage::COPY_DST)?;
        let arena = Arena::new(device, 4 + hash::DISPATCHES)?;
        let segments = (COLUMNS as usize).div_ceil(judge::commitment::SEGMENT);
        let nodes = Nodes::new(device, hashers, &arena, rows * segments, groups)?;
        let leaves = nodes.leaves(device, hashers, &arena, &out);
        let slot = Slot {
            rows: bind(device, &drawers.derive.get_bind_group_layout(0), &arena, &[&left]),
            product: bind(device, &self.products.bindings(), &arena, &[&left, columns, &bias, &sums]),
            show: bind(device, &drawers.show.get_bind_group_layout(0), &arena, &[&sums, &out]),
            nodes,
            leaves,
            staging,
            arena,
        };
        device.check()?;
        Ok(slot)
    }

    fn encode_challenge(
        &self,
        drawers: &Drawers,
        slot: &Slot,
        draws: Option<&wgpu::Buffer>,
        size: &Size,
        seed: &Hash,
        [rows, first, count]: [u32; 3],
    ) -> Result<wgpu::CommandBuffer, ComputeError> {
        let mut notes = Notes::new(&slot.arena);
        let mut encoder = self.device.handle.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&drawers.derive);
        if let Some(columns) = draws {
            let group = bind(&self.device, &drawers.derive.get_bind_group_layout(0), &slot.arena, &[columns]);
            let params = HashParams { rows: COLUMNS, segments: BLOCKS, ..HashParams::tagged(B, seed) };
            notes.set(&mut pass, &group, &params);
            words::dispatch(&mut pass, COLUMNS * BLOCKS, sha::HASHES);
        }
        let params = HashParams { first, rows: count, segments: BLOCKS, ..HashParams::tagged(A, seed) };
        notes.set(&mut pass, &slot.rows, &params);
        words::dispatch(&mut pass, count * BLOCKS, sha::HASHES);

        let params = Params::new(size, count as usize, 0, count as usize);
        notes.set(&mut pass, &slot.product, &params);
        self.products.dispatch(&mut pass, count, COLUMNS);
        pass.set_pipeline(&drawers.show);
        notes.set(&mut pass, &slot.show, &params);
        words::dispatch(&mut pass, count * size.out_words() as u32, words::WORDS);

        let domain = challenge::domain(seed, rows);
        let params = HashParams {
            first,
            rows: count,
            stride: size.out_words() as u32,
            segments: domain.segments() as u32,
            ..HashParams::of(&domain)
        };
        slot.nodes.encode(&mut pass, &mut notes, self.hashers(), &slot.leaves, params, ROW_STEP);
        drop(pass);
        let bytes = u64::from(count / ROW_STEP) * 32;
        encoder.copy_buffer_to_buffer(&slot.nodes.roots, 0, &slot.staging, 0, bytes);
        notes.upload(&self.device);
        Ok(encoder.finish())
    }
}
