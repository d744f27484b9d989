//! The products of int8 matrices: WGSL text, and which of the kernels a product runs on.
//!
//! `a` is `[m, vecs]` and `b`, the right matrix by columns, `[n, vecs]`, in vectors of four words of four i8, the first in the
//! low byte, padded with zeros. That is also how matrix units want int8 operands, so a kernel for them is one more
//! [`Variant`]: nothing else depends on how a product is computed.
use super::bindings::{PARAMS, layout, pipeline};
use super::device::Device;
use crate::ComputeError;
use std::fmt::{self, Write};

/// How four products of i8 are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dot {
    /// The hardware's instruction where there is one: `dot4I8Packed`.
    Packed,
    /// Shifts and multiplications, for drivers that get the instruction wrong.
    Unpacked,
}

/// A tiled kernel's shape. All shapes give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    /// Threads of a workgroup, down and across.
    threads: [u32; 2],
    /// Cells of a thread, down and across, kept in registers.
    cells: [u32; 2],
    /// Vectors of 16 products that go through shared memory at a time.
    depth: u32,
    dot: Dot,
}

/// Vectors between planes of a shared tile beside its rows: threads that store planes then meet different banks.
const SKEW: u32 = 2;
/// Rows of tiles that are worked together, so that their operands stay in the cache.
const RASTER: u32 = 8;
/// Threads that share a cell of the narrow product, and cells of its workgroup.
const LANES: u32 = 8;
const NARROW: u32 = 8;
/// Below this many rows one cell to a few threads beats tiles that are mostly empty (measured on lavapipe at 1024 x 1024: a
/// row costs 0.6 ms, a started tile of 64 rows 18 to 25 ms).
const TILED_ROWS: u32 = 32;
/// With fewer workgroups than this, a large tile leaves parts of a large GPU without work.
const FILLING: u64 = 256;

impl Variant {
    const fn new(threads: [u32; 2], cells: [u32; 2], depth: u32) -> Self {
        Variant { threads, cells, depth, dot: Dot::Packed }
    }

    /// One that runs everywhere: the least that WebGPU promises, and little text to compile.
    pub(super) const SMALL: Variant = Variant::new([16, 16], [4, 4], 4);

    /// The shapes worth trying on a GPU.
    pub(super) const ALL: [Variant; 6] = [
        Variant::new([16, 16], [8, 8], 2),
        Variant::new([16, 16], [8, 8], 4),
        Variant::new([8, 16], [8, 8], 4),
        Variant::new([8, 8], [8, 8], 4),
        Variant::new([16, 16], [8, 4], 4),
        Variant::SMALL,
    ];

    pub(super) fn with(self, dot: Dot) -> Self {
        Variant { dot, ..self }
    }

    pub(super) fn dot(&self) -> Dot {
        self.dot
    }

    /// Rows and columns of output of one workgroup.
    pub(super) fn tile(&self) -> [u32; 2] {
        [self.threads[0] * self.cells[0], self.threads[1] * self.cells[1]]
    }

    fn workgroup(&self) -> u32 {
        self.threads[0] * self.threads[1]
    }

    /// Whether the device has the threads and the shared memory.
    pub(super) fn fits(&self, limits: &wgpu::Limits) -> bool {
        let [down, across] = self.tile();
        let shared = 16 * self.depth * (down + across + 2 * SKEW);
        shared <= limits.max_compute_workgroup_storage_size
            && self.workgroup() <= limits.max_compute_invocations_per_workgroup
    }

    /// Workgroups of a product, down and across.
    fn groups(&self, m: u32, n: u32) -> [u32; 2] {
        let [down, across] = self.tile();
        [m.div_ceil(down), n.div_ceil(across)]
    }

    pub(super) fn text(&self) -> String {
        let [down, across] = self.tile();
        let ([threads_y, threads_x], [cells_y, cells_x]) = (self.threads, self.cells);
        let (depth, workgroup) = (self.depth, self.workgroup());
        let strides = [down + SKEW, across + SKEW];
        let mut text = format!(
            "{PARAMS}{OPERANDS}{}
var<workgroup> a_tile: array<vec4u, {}>;
var<workgroup> b_tile: array<vec4u, {}>;

@compute @workgroup_size({threads_x}, {threads_y}, 1)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_id) local: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {{
    let linear = group.y * groups.x + group.x;
    let above = linear / (groups.x * {RASTER}u) * {RASTER}u;
    let within = linear % (groups.x * {RASTER}u);
    let high = min(groups.y - above, {RASTER}u);
    let row0 = (above + within % high) * {down}u;
    let column0 = within / high * {across}u;
",
            dot(self.dot),
            depth * strides[0],
            depth * strides[1],
        );
        let cells = || (0..cells_y).flat_map(|i| (0..cells_x).map(move |j| (i, j)));
        for (i, j) in cells() {
            let _ = writeln!(text, "    var c{i}_{j} = 0i;");
        }
        // Each thread fetches these vectors of both tiles: into registers first, so that the next ones are under way while
        // the current ones are multiplied.
        let sides = [("a", down, "row0", "m"), ("b", across, "column0", "n")];
        let mut fetch = String::new();
        let mut store = String::new();
        for ((name, size, from, limit), stride) in sides.into_iter().zip(strides) {
            for t in 0..(size * depth).div_ceil(workgroup) {
                let at = format!("(thread + {}u)", t * workgroup);
                let (row, vec) = (format!("({from} + {at} / {depth}u)"), format!("(next + {at} % {depth}u)"));
                let inside =
                    if (t + 1) * workgroup <= size * depth { "" } else { &format!("{at} < {}u && ", size * depth) };
                let _ = writeln!(text, "    var {name}{t} = vec4u();");
                let _ = writeln!(
                    fetch,
                    "{name}{t} = vec4u(); if ({inside}{row} < p.{limit} && {vec} < p.vecs) {{ {name}{t} = {name}[{row} * p.vecs + {vec}]; }}"
                );
                let put = format!("{name}_tile[{at} % {depth}u * {stride}u + {at} / {depth}u] = {name}{t};");
                let _ = if inside.is_empty() {
                    writeln!(store, "{put}")
                } else {
                    writeln!(store, "if ({at} < {}u) {{ {put} }}", size * depth)
                };
            }
        }
        let _ = write!(
            text,
            "    var next = 0u;
{fetch}
    loop {{
        if (next >= p.vecs) {{ break; }}
{store}
        workgroupBarrier();
        next += {depth}u;
        if (next < p.vecs) {{
{fetch}
        }}
        for (var v = 0u; v < {depth}u; v++) {{
"
        );
        for i in 0..cells_y {
            let _ = writeln!(text, "let x{i} = a_tile[v * {}u + local.y + {}u];", strides[0], i * threads_y);
        }
        for j in 0..cells_x {
            let _ = writeln!(text, "let y{j} = b_tile[v * {}u + local.x + {}u];", strides[1], j * threads_x);
            for i in 0..cells_y {
                let _ = writeln!(text, "c{i}_{j} = dot16(c{i}_{j}, x{i}, y{j});");
            }
        }
        text += "        }\n        workgroupBarrier();\n    }\n";
        for (i, j) in cells() {
            let row = format!("row0 + local.y + {}u", i * threads_y);
            let column = format!("column0 + local.x + {}u", j * threads_x);
            let _ = writeln!(
                text,
                "    if ({row} < p.m && {column} < p.n) {{ c[(p.first + {row}) * p.n + {column}] = c{i}_{j} + bias[{column}]; }}"
            );
        }
        text + "}\n"
    }
}

impl fmt::Display for Variant {
    /// Its tile, its threads and how it multiplies.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let ([down, across], dot) = (self.tile(), self.dot);
        write!(f, "{down}x{across} by {} threads, {} deep, {dot:?}", self.workgroup(), 16 * self.depth)
    }
}

/// The operands: `c` is `[_, n]` and written from row `first` on.
const OPERANDS: &str = "
@group(0) @binding(1) var<storage, read> a: array<vec4u>;
@group(0) @binding(2) var<storage, read> b: array<vec4u>;
@group(0) @binding(3) var<storage, read> bias: array<i32>;
@group(0) @binding(4) var<storage, read_write> c: array<i32>;
";

pub(super) fn dot(dot: Dot) -> String {
    let four = match dot {
        Dot::Packed => "fn dot4(x: u32, y: u32) -> i32 { return dot4I8Packed(x, y); }\n",
        Dot::Unpacked => {
            "fn lane(x: u32, shift: u32) -> i32 { return (bitcast<i32>(x) << shift) >> 24u; }
fn dot4(x: u32, y: u32) -> i32 {
    return lane(x, 24u) * lane(y, 24u) + lane(x, 16u) * lane(y, 16u)
         + lane(x, 8u) * lane(y, 8u) + lane(x, 0u) * lane(y, 0u);
}
"
        }
    };
    // One sum after another: instructions that multiply four pairs also add.
    format!(
        "{four}fn dot16(c: i32, x: vec4u, y: vec4u) -> i32 {{
    return dot4(x.w, y.w) + (dot4(x.z, y.z) + (dot4(x.y, y.y) + (dot4(x.x, y.x) + c)));
}}
"
    )
}

/// A few threads to a cell, for batches too small to fill tiles: their loads lie together.
fn narrow(dot: Dot) -> String {
    format!(
        "{PARAMS}{OPERANDS}{}
var<workgroup> sums: array<i32, {}>;
@compute @workgroup_size({LANES}, {NARROW}, 1)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_id) local: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {{
    let column = group.x * {NARROW}u + local.y;
    let row = group.y;
    var sum = 0i;
    if (column < p.n) {{
        for (var v = local.x; v < p.vecs; v += {LANES}u) {{
            sum = dot16(sum, a[row * p.vecs + v], b[column * p.vecs + v]);
        }}
    }}
    sums[thread] = sum;
    workgroupBarrier();
    if (local.x == 0u && column < p.n) {{
        for (var i = 1u; i < {LANES}u; i++) {{ sum += sums[thread + i]; }}
        c[(p.first + row) * p.n + column] = sum + bias[column];
    }}
}}
",
        self::dot(dot),
        LANES * NARROW,
    )
}

/// A tiled kernel, compiled.
pub(super) struct Tiled {
    pub variant: Variant,
    pub pipeline: wgpu::ComputePipeline,
}

impl Tiled {
    pub(super) fn new(device: &Device, variant: Variant) -> Self {
        let bindings = layout(device, 3);
        Tiled { variant, pipeline: pipeline(device, "tiled product", &variant.text(), &bindings) }
    }

    fn dispatch(&self, pass: &mut wgpu::ComputePass, m: u32, n: u32) {
        pass.set_pipeline(&self.pipeline);
        let [down, across] = self.variant.groups(m, n);
        pass.dispatch_workgroups(across, down, 1);
    }
}

/// The kernels a device's products run on. All have the same bindings, so a bind group fits any of them.
pub(super) struct Products {
    /// For products with enough tiles to fill the device.
    pub large: Tiled,
    /// For smaller ones; `large` if there is none.
    pub small: Option<Tiled>,
    narrow: wgpu::ComputePipeline,
}

impl Products {
    pub(super) fn new(device: &Device, large: Tiled, small: Option<Tiled>) -> Self {
        let text = narrow(large.variant.dot);
        let narrow = pipeline(device, "narrow product", &text, &layout(device, 3));
        Products { large, small, narrow }
    }

    /// The layout of a product's bind group.
    pub(super) fn bindings(&self) -> wgpu::BindGroupLayout {
        self.narrow.get_bind_group_layout(0)
    }

    /// Encodes `[m, k] x [k, n]`. The bind group must be set.
    pub(super) fn dispatch(&self, pass: &mut wgpu::ComputePass, m: u32, n: u32) {
        if m < TILED_ROWS {
            pass.set_pipeline(&self.narrow);
            return pass.dispatch_workgroups(n.div_ceil(NARROW), m, 1);
        }
        let [down, across] = self.large.variant.groups(m, n);
        let filling = u64::from(down) * u64::from(across) >= FILLING;
        self.small.as_ref().filter(|_| !filling).unwrap_or(&self.large).dispatch(pass, m, n);
    }
}

/// Most rows of a product: what every kernel's workgroups allow in one dimension.
pub(super) const MAX_ROWS: u64 = super::MAX_WORKGROUPS as u64 * 32;

/// Refuses what a tile's workgroups cannot number in one dimension.
pub(super) fn check_columns(device: &Device, n: usize) -> Result<(), ComputeError> {
    device.check_limit("columns of weights", n as u64, u64::from(super::MAX_WORKGROUPS) * u64::from(NARROW))
}
