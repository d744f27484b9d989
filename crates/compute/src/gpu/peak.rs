//! What a device could do at most, for comparison: products of four i8 in registers, with no memory in the way.
use super::bindings::{Arena, Notes, PARAMS, bind, buffer, layout, pipeline};
use super::params::{Params, Size};
use super::product::{Dot, dot};
use super::tune::{time_products, timed};
use super::{Gpu, Usage};
use crate::ComputeError;
use std::fmt::Write;

/// Threads of the kernel: all that a large GPU holds at a time.
const WORKGROUPS: u32 = 4096;
const THREADS: u32 = 64;
/// Sums of a thread that do not depend on each other, and how often each grows in one turn of the loop.
const CHAINS: u32 = 8;
const UNROLLED: u32 = 16;
/// Long enough for the time that a submission takes by itself not to matter.
const ENOUGH_S: f64 = 0.02;

/// Every product's operand is the sum so far, so that none can be left out.
fn text(kind: Dot) -> String {
    let mut text = format!(
        "{PARAMS}
@group(0) @binding(1) var<storage, read_write> out: array<i32>;
{}
@compute @workgroup_size({THREADS}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {{
    let y = id.x * 0x9e3779b9u + p.rows;
",
        dot(kind)
    );
    let chains = || (0..CHAINS).map(|i| format!("c{i}"));
    for (i, chain) in chains().enumerate() {
        let _ = writeln!(text, "    var {chain} = i32(id.x) + {i};");
    }
    text += "    for (var i = 0u; i < p.rows; i++) {\n";
    for _ in 0..UNROLLED {
        for chain in chains() {
            let _ = writeln!(text, "        {chain} += dot4(bitcast<u32>({chain}), y);");
        }
    }
    let sum = chains().collect::<Vec<_>>().join(" ^ ");
    let _ = write!(text, "    }}\n    out[id.x] = {sum};\n}}\n");
    text
}

impl Gpu {
    /// GMAC/s of the device's products of four i8 with nothing else to do: its dp4a peak, measured.
    ///
    /// # Errors
    /// Whatever the device fails with.
    pub fn dot_peak(&self) -> Result<f64, ComputeError> {
        let device = &self.device;
        let threads = (WORKGROUPS * THREADS) as usize;
        let kernel = pipeline(device, "peak", &text(self.products.large.variant.dot()), &layout(device, 0));
        let arena = Arena::new(device, 1)?;
        let out = buffer(device, "sums", threads, Usage::STORAGE | Usage::COPY_SRC)?;
        let staging = buffer(device, "read-back", 1, Usage::MAP_READ | Usage::COPY_DST)?;
        let group = bind(device, &kernel.get_bind_group_layout(0), &arena, &[&out]);
        let run = |turns: u32| {
            let mut notes = Notes::new(&arena);
            let mut encoder = device.handle.create_command_encoder(&Default::default());
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&kernel);
            notes.set(&mut pass, &group, &Params::new(&Size::plain(1, 1), turns as usize, 0, 0));
            pass.dispatch_workgroups(WORKGROUPS, 1, 1);
            drop(pass);
            encoder.copy_buffer_to_buffer(&out, 0, &staging, 0, 4);
            notes.upload(device);
            let flight = device.submit(encoder.finish(), &staging);
            device.wait(flight, &staging, self.timeout, |_| ())
        };
        let mut turns = 1;
        loop {
            let seconds = timed(|| run(turns))?;
            // Mesa's software driver ends loops after 65,535 turns; long before that even a large GPU takes long enough.
            if seconds > ENOUGH_S || turns >= 1 << 15 {
                let macs = threads as f64 * f64::from(CHAINS * UNROLLED) * 4.0 * f64::from(turns);
                return Ok(macs / seconds / 1e9);
            }
            turns *= 4;
        }
    }

    /// GMAC/s of the product of two matrices of side `n` that are on the device. If the accumulators do not fit a binding,
    /// of as many of its rows as do.
    ///
    /// # Errors
    /// [`ComputeError::Limit`] if an operand is larger than a binding, or whatever the device fails with.
    pub fn product_speed(&self, n: usize) -> Result<f64, ComputeError> {
        let rows = n.min((self.device.max_binding / (4 * n as u64)) as usize);
        let seconds = time_products(&self.device, &self.products, [rows, n, n])?;
        Ok((rows * n * n) as f64 / seconds / 1e9)
    }

    /// The kernels that products run on, in words.
    pub fn kernels(&self) -> String {
        let large = self.products.large.variant;
        match &self.products.small {
            Some(small) => format!("{large}; small products {}", small.variant),
            None => large.to_string(),
        }
    }
}
