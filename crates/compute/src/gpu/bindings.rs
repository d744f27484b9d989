//! Buffers, bind groups and pipelines. Every kernel's binding 0 is its parameters, a window into the band's [`Arena`].
use super::Usage;
use super::device::Device;
use crate::ComputeError;
use bytemuck::Pod;

/// Bytes of every kernel's parameters.
pub(super) const PARAM_BYTES: usize = 128;
/// From one window to the next: the largest alignment that WebGPU allows a device to ask for.
const WINDOW: usize = 256;

/// What the kernels of layers are told. The order is that of [`super::params::Params`].
pub(super) const PARAMS: &str = "
struct Params {
    m: u32, n: u32, vecs: u32, first: u32,
    rows: u32, cells: u32, in_words: u32, out_words: u32,
    shift1: u32, mul: i32, shift2: u32, zero_point: i32,
    lo: i32, hi: i32, k: u32, maximum: u32,
    height: i32, width: i32, channels: u32, across: u32,
    places: u32, kernel_height: u32, kernel_width: u32, stride_down: u32,
    stride_right: u32, top: i32, left: i32, fill: i32,
    multiplier0: i32, multiplier1: i32, bias: i32, pad0: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
";

/// Parameters of all dispatches of one band, uploaded together.
pub(super) struct Arena {
    pub buffer: wgpu::Buffer,
    windows: usize,
}

impl Arena {
    pub(super) fn new(device: &Device, windows: usize) -> Result<Self, ComputeError> {
        let usage = Usage::UNIFORM | Usage::COPY_DST;
        let buffer = buffer(device, "parameters", windows * WINDOW / 4, usage)?;
        Ok(Arena { buffer, windows })
    }
}

/// Parameters being written down while a band is encoded.
pub(super) struct Notes<'a> {
    arena: &'a Arena,
    bytes: Vec<u8>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(arena: &'a Arena) -> Self {
        Notes { arena, bytes: Vec::new() }
    }

    /// Sets `group` with these parameters.
    ///
    /// # Panics
    /// If the arena has fewer windows than dispatches, or the parameters have the wrong size.
    pub(super) fn set<P: Pod>(&mut self, pass: &mut wgpu::ComputePass, group: &wgpu::BindGroup, params: &P) {
        let at = self.bytes.len();
        assert!(at < self.arena.windows * WINDOW, "an arena of {} windows is full", self.arena.windows);
        assert!(size_of::<P>() == PARAM_BYTES);
        self.bytes.extend_from_slice(bytemuck::bytes_of(params));
        self.bytes.resize(at + WINDOW, 0);
        pass.set_bind_group(0, group, &[at as u32]);
    }

    pub(super) fn upload(self, device: &Device) {
        device.queue.write_buffer(&self.arena.buffer, 0, &self.bytes);
    }
}

/// Bindings of a kernel: parameters, `inputs` read-only buffers, one written.
pub(super) fn layout(device: &Device, inputs: u32) -> wgpu::BindGroupLayout {
    let entries: Vec<_> = (0..inputs + 2)
        .map(|binding| {
            let ty = match binding {
                0 => wgpu::BufferBindingType::Uniform,
                _ => wgpu::BufferBindingType::Storage { read_only: binding <= inputs },
            };
            wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: binding == 0, min_binding_size: None },
                count: None,
            }
        })
        .collect();
    let descriptor = wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries };
    device.handle.create_bind_group_layout(&descriptor)
}

pub(super) fn pipeline(
    device: &Device,
    name: &str,
    text: &str,
    bindings: &wgpu::BindGroupLayout,
) -> wgpu::ComputePipeline {
    let source = wgpu::ShaderSource::Wgsl(text.into());
    let module = device.handle.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(name), source });
    let layout = device.handle.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(name),
        bind_group_layouts: &[Some(bindings)],
        immediate_size: 0,
    });
    device.handle.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(&layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: Default::default(),
        cache: None,
    })
}

pub(super) fn buffer(
    device: &Device,
    what: &'static str,
    words: usize,
    usage: Usage,
) -> Result<wgpu::Buffer, ComputeError> {
    let size = 4 * words as u64;
    if usage.contains(Usage::STORAGE) {
        device.check_limit(what, size, device.max_binding)?;
    }
    let descriptor = wgpu::BufferDescriptor { label: Some(what), size, usage, mapped_at_creation: false };
    Ok(device.handle.create_buffer(&descriptor))
}

/// A bind group over the arena's windows and whole buffers.
pub(super) fn bind(
    device: &Device,
    layout: &wgpu::BindGroupLayout,
    arena: &Arena,
    buffers: &[&wgpu::Buffer],
) -> wgpu::BindGroup {
    let window =
        wgpu::BufferBinding { buffer: &arena.buffer, offset: 0, size: wgpu::BufferSize::new(PARAM_BYTES as u64) };
    let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(window) }];
    entries.extend(
        (1..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() }),
    );
    device.handle.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}
