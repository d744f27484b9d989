//! The WGSL kernels, as text. Integers only; every kernel is bounds-checked by the compiler and by hand.
//!
//! Matrices of i8 are rows of u32 words of four, the first in the low byte; the last word of a row is padded with zeros.
use std::fmt::Write;

/// Rows and columns of the output that one workgroup of the tiled product computes.
pub(super) const TILE: u32 = 64;
/// Columns of one row that one workgroup of the narrow product computes.
pub(super) const NARROW: u32 = 64;
/// How four products of i8 are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dot {
    /// The hardware's instruction where there is one: `dot4I8Packed`.
    Packed,
    /// Shifts and multiplications, for drivers that get the instruction wrong.
    Unpacked,
}

/// What all kernels are told. The order is that of [`super::params::Params`].
pub(super) const PARAMS: &str = "
struct Params {
    m: u32, n: u32, words: u32, first: u32,
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

/// The operands of a product: `a` is `[m, words]`, `b` is `[n, words]`, `c` is `[_, n]` and written from row `first` on.
const OPERANDS: &str = "
@group(0) @binding(1) var<storage, read> a: array<u32>;
@group(0) @binding(2) var<storage, read> b: array<u32>;
@group(0) @binding(3) var<storage, read> bias: array<i32>;
@group(0) @binding(4) var<storage, read_write> c: array<i32>;
";

fn dot4(dot: Dot) -> &'static str {
    match dot {
        Dot::Packed => "fn dot4(x: u32, y: u32) -> i32 { return dot4I8Packed(x, y); }\n",
        Dot::Unpacked => {
            "fn lane(x: u32, shift: u32) -> i32 { return (bitcast<i32>(x) << shift) >> 24u; }
fn dot4(x: u32, y: u32) -> i32 {
    return lane(x, 24u) * lane(y, 24u) + lane(x, 16u) * lane(y, 16u)
         + lane(x, 8u) * lane(y, 8u) + lane(x, 0u) * lane(y, 0u);
}
"
        }
    }
}

/// One thread to a cell, for batches too small to fill tiles.
pub(super) fn narrow(dot: Dot) -> String {
    format!(
        "{PARAMS}{OPERANDS}{}
@compute @workgroup_size({NARROW}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {{
    let column = id.x;
    let row = id.y;
    if (column >= p.n || row >= p.m) {{ return; }}
    var sum = bias[column];
    for (var w = 0u; w < p.words; w++) {{
        sum += dot4(a[row * p.words + w], b[column * p.words + w]);
    }}
    c[(p.first + row) * p.n + column] = sum;
}}
",
        dot4(dot)
    )
}

/// Tiles of 64 x 64 cells by 8 x 8 threads, each with 8 x 8 cells in registers; 16 words of both operands at a time go
/// through shared memory (8 KiB). The cells are spelled out because not every driver keeps an indexed array in registers.
pub(super) fn tiled(dot: Dot) -> String {
    const EACH: u32 = 8;
    let mut text = format!(
        "{PARAMS}{OPERANDS}{}
var<workgroup> a_tile: array<u32, 1024>;
var<workgroup> b_tile: array<u32, 1024>;

@compute @workgroup_size(8, 8, 1)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_id) local: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {{
    let row0 = group.y * 64u;
    let column0 = group.x * 64u;
",
        dot4(dot)
    );
    let cells = || (0..EACH).flat_map(|i| (0..EACH).map(move |j| (i, j)));
    for (i, j) in cells() {
        let _ = writeln!(text, "    var c{i}_{j} = 0i;");
    }
    text += "
    for (var w0 = 0u; w0 < p.words; w0 += 16u) {
        for (var t = thread; t < 1024u; t += 64u) {
            let r = t / 16u;
            let w = t % 16u;
            var x = 0u;
            var y = 0u;
            if (w0 + w < p.words) {
                if (row0 + r < p.m) { x = a[(row0 + r) * p.words + w0 + w]; }
                if (column0 + r < p.n) { y = b[(column0 + r) * p.words + w0 + w]; }
            }
            a_tile[w * 64u + r] = x;
            b_tile[w * 64u + r] = y;
        }
        workgroupBarrier();
        for (var w = 0u; w < 16u; w++) {
";
    for i in 0..EACH {
        let _ = writeln!(text, "            let x{i} = a_tile[w * 64u + local.y * {EACH}u + {i}u];");
        let _ = writeln!(text, "            let y{i} = b_tile[w * 64u + local.x + {}u];", i * EACH);
    }
    for (i, j) in cells() {
        let _ = writeln!(text, "            c{i}_{j} += dot4(x{i}, y{j});");
    }
    text += "        }\n        workgroupBarrier();\n    }\n    let row = row0 + local.y * 8u;\n";
    for (i, j) in cells() {
        let (row, column) = (format!("row + {i}u"), format!("column0 + local.x + {}u", j * EACH));
        let _ = writeln!(
            text,
            "    if ({row} < p.m && {column} < p.n) {{ c[(p.first + {row}) * p.n + {column}] = c{i}_{j} + bias[{column}]; }}"
        );
    }
    text + "}\n"
}
