//! Bands of rows under way: while the device works on one, the host uploads the next, and takes apart and hashes the last.
use super::device::Flight;
use super::params::{digest, row_words};
use super::plan::{self, Order, Slot};
use super::{Gpu, Layer, Resident};
use crate::{ComputeError, Execution, roots};
use judge::Hash;
use judge::merkle::Tree;
use std::borrow::Cow;
use std::collections::VecDeque;

/// Bands that the device has at a time.
const IN_FLIGHT: usize = 2;

/// What has come back so far.
struct Harvest<'a> {
    layers: &'a [Layer],
    order: &'a Order<'a>,
    execution: Execution,
    /// Per layer the roots of the bands that the device hashed, or of the rows that the host did.
    roots: Vec<Vec<Hash>>,
}

/// A band on the device.
struct Band {
    slot: Slot,
    flight: Flight,
    rows: usize,
}

impl Gpu {
    /// Runs a resident model over whole rows. With a commitment in the order it also gives each layer's root.
    pub(super) fn run(
        &self,
        resident: &mut Resident,
        input: &[u8],
        order: &Order,
    ) -> Result<(Execution, Vec<Hash>), ComputeError> {
        let Resident { layers, slots } = resident;
        self.device.check()?;
        let k = layers[0].size.in_bytes();
        let rows = input.len() / k;
        let band = plan::band_rows(layers, order, self.device.max_binding, rows);
        let hashers = order.on_device().then(|| self.hashers());
        let mut harvest = Harvest {
            layers,
            order,
            execution: Execution {
                activations: vec![Vec::new(); layers.len() + 1],
                accumulators: vec![Vec::new(); layers.len()],
            },
            roots: vec![Vec::new(); layers.len()],
        };
        harvest.reserve(rows);
        // Slots are put back only after success: a failed run may leave their buffers mapped.
        let mut free = std::mem::take(slots);
        free.retain(|slot| slot.rows >= band && (slot.hashes || hashers.is_none()));
        let mut under_way: VecDeque<Band> = VecDeque::new();
        for (i, part) in input.chunks(band * k).enumerate() {
            if under_way.len() == IN_FLIGHT {
                free.extend(self.land(&mut under_way, &mut harvest)?);
            }
            let slot = match free.pop() {
                Some(slot) => slot,
                None => self.slot(layers, band, hashers)?,
            };
            let rows = part.len() / k;
            self.device.queue.write_buffer(&slot.input, 0, &pad(part, k));
            let commands = self.encode(layers, &slot, order, i * band, rows);
            let flight = self.device.submit(commands, &slot.staging);
            under_way.push_back(Band { slot, flight, rows });
        }
        while !under_way.is_empty() {
            free.extend(self.land(&mut under_way, &mut harvest)?);
        }
        *slots = free;
        let Harvest { mut execution, roots, .. } = harvest;
        for (activations, wanted) in execution.activations[1..].iter_mut().zip(&order.wanted.outputs) {
            if !wanted {
                *activations = Vec::new();
            }
        }
        execution.activations[0] = input.to_vec();
        let hashed = order.hashing.is_some();
        let roots = roots.into_iter().filter(|_| hashed).map(|roots| Tree::new(roots).root()).collect();
        Ok((execution, roots))
    }

    /// Waits for the oldest band and takes its results.
    fn land(&self, under_way: &mut VecDeque<Band>, harvest: &mut Harvest) -> Result<Option<Slot>, ComputeError> {
        let Some(Band { slot, flight, rows }) = under_way.pop_front() else { return Ok(None) };
        self.device.wait(flight, &slot.staging, self.timeout, |bytes| harvest.collect(rows, bytes))?;
        Ok(Some(slot))
    }
}

impl Harvest<'_> {
    fn reserve(&mut self, rows: usize) {
        for (i, Layer { size, .. }) in self.layers.iter().enumerate() {
            if self.order.wanted.accumulators[i] {
                self.execution.accumulators[i].reserve_exact(rows * size.sums());
            }
            let [sums, out] = plan::parts(i, size, self.order);
            if sums || out {
                self.execution.activations[i + 1].reserve_exact(rows * size.committed_bytes());
            }
        }
    }

    /// Takes one band's results, laid out as [`Gpu::encode`] copies them.
    fn collect(&mut self, rows: usize, bytes: &[u8]) {
        let mut rest = bytes;
        let mut take = |words: usize| {
            let (head, tail) = rest.split_at(4 * words);
            rest = tail;
            head
        };
        for (i, Layer { size, .. }) in self.layers.iter().enumerate() {
            let [sums, out] = plan::parts(i, size, self.order);
            if sums {
                let raw = take(rows * size.sums());
                if self.order.wanted.accumulators[i] {
                    let sums = raw.as_chunks::<4>().0.iter().map(|word| i32::from_le_bytes(*word));
                    self.execution.accumulators[i].extend(sums);
                }
                if !size.is_i8() && self.order.output(i) {
                    self.execution.activations[i + 1].extend_from_slice(raw);
                }
            }
            if out {
                let (cells, stride) = (size.cells(), 4 * size.out_words());
                let raw = take(rows * size.out_words());
                let activations = &mut self.execution.activations[i + 1];
                if cells == stride {
                    activations.extend_from_slice(raw);
                } else {
                    raw.chunks_exact(stride).for_each(|row| activations.extend_from_slice(&row[..cells]));
                }
            }
        }
        if let Some(commitment) = self.order.hashing.filter(|_| !self.order.on_device()) {
            for (i, known) in self.roots.iter_mut().enumerate() {
                let domain = commitment.domain(i, &self.layers[i].size);
                let (bytes, first) = (&self.execution.activations[i + 1], known.len());
                let new = &bytes[first * domain.row_bytes as usize..];
                known.extend(roots::row_roots(&domain, first as u32, new));
            }
        }
        if self.order.on_device() {
            let roots = take(super::hash::DIGEST * self.layers.len());
            for (known, root) in self.roots.iter_mut().zip(roots.as_chunks::<32>().0) {
                known.push(digest(root));
            }
        }
    }
}

/// Rows of `width` bytes as rows of whole vectors, padded with zeros.
pub(super) fn pad(rows: &[u8], width: usize) -> Cow<'_, [u8]> {
    let stride = 4 * row_words(width);
    if width == stride {
        return Cow::Borrowed(rows);
    }
    let mut out = Vec::with_capacity(rows.len() / width * stride);
    for row in rows.chunks_exact(width) {
        out.extend_from_slice(row);
        out.resize(out.len() + stride - width, 0);
    }
    Cow::Owned(out)
}
