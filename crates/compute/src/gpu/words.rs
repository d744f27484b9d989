//! The kernels that write i8, four cells to a word and one thread to a word. Words are numbered over a grid of two
//! dimensions, because one dimension ends at 65,535 workgroups.
use super::MAX_WORKGROUPS;
use super::bindings::PARAMS;

/// Words that one workgroup writes.
pub(super) const WORDS: u32 = 64;

/// Requantises an accumulator to a byte.
const REQUANTISE: &str = "
fn requantise(acc: i32) -> u32 {
    let x = clamp(acc >> p.shift1, -32768, 32767);
    let y = (x * p.mul + (1i << (p.shift2 - 1u))) >> p.shift2;
    return bitcast<u32>(clamp(y + p.zero_point, p.lo, p.hi)) & 0xffu;
}
";

/// Byte `at` of row `row` of a matrix whose rows have `in_words` words: as it is, and as i8.
const BYTE: &str = "
fn byte(row: u32, at: u32) -> u32 { return (x[row * p.in_words + at / 4u] >> (at % 4u * 8u)) & 0xffu; }
fn element(row: u32, at: u32) -> i32 { return bitcast<i32>(byte(row, at) << 24u) >> 24u; }
";

/// A kernel that writes `cell(row, column)` for every row of the batch and every cell of a row.
fn by_cell(bindings: &str, cell: &str) -> String {
    format!(
        "{PARAMS}{bindings}{cell}
@compute @workgroup_size({WORDS}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {{
    let word = id.y * groups.x * {WORDS}u + id.x;
    if (word >= p.rows * p.out_words) {{ return; }}
    let row = word / p.out_words;
    let column = word % p.out_words * 4u;
    var bytes = 0u;
    for (var i = 0u; i < 4u; i++) {{
        if (column + i < p.cells) {{ bytes |= cell(row, column + i) << (i * 8u); }}
    }}
    out[word] = bytes;
}}
"
    )
}

/// Accumulators to i8.
pub(super) fn requant() -> String {
    let bindings = "
@group(0) @binding(1) var<storage, read> c: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
";
    let cell = "fn cell(row: u32, column: u32) -> u32 { return requantise(c[row * p.cells + column]); }";
    by_cell(bindings, &format!("{REQUANTISE}{cell}"))
}

/// Accumulators to the cells of a device challenge.
pub(super) fn show() -> String {
    let bindings = "
@group(0) @binding(1) var<storage, read> c: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
";
    let shift = judge::challenge::SHIFT;
    let cell = format!(
        "fn cell(row: u32, column: u32) -> u32 {{ return bitcast<u32>(c[row * p.cells + column] >> {shift}u) & 0xffu; }}"
    );
    by_cell(bindings, &cell)
}

const ONE_INPUT: &str = "
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
";

/// The greatest of a channel under the window, or its sum, requantised.
pub(super) fn pool() -> String {
    let cell = "
fn cell(row: u32, column: u32) -> u32 {
    let place = column / p.channels;
    let channel = column % p.channels;
    let down = i32(place / p.across * p.stride_down) - p.top;
    let right = i32(place % p.across * p.stride_right) - p.left;
    var greatest = -128;
    var sum = 0;
    for (var i = 0u; i < p.kernel_height; i++) {
        for (var j = 0u; j < p.kernel_width; j++) {
            let y = down + i32(i);
            let z = right + i32(j);
            var value = p.fill;
            if (y >= 0 && y < p.height && z >= 0 && z < p.width) {
                value = element(row, u32(y * p.width + z) * p.channels + channel);
            }
            greatest = max(greatest, value);
            sum += value;
        }
    }
    if (p.maximum == 1u) { return bitcast<u32>(greatest) & 0xffu; }
    return requantise(sum);
}
";
    by_cell(ONE_INPUT, &format!("{REQUANTISE}{BYTE}{cell}"))
}

/// The sum of two rows, requantised.
pub(super) fn add() -> String {
    let bindings = "
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> y: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<u32>;
";
    let cell = "
fn other(row: u32, at: u32) -> i32 {
    return bitcast<i32>((y[row * p.in_words + at / 4u] >> (at % 4u * 8u)) << 24u) >> 24u;
}
fn cell(row: u32, column: u32) -> u32 {
    return requantise(element(row, column) * p.multiplier0 + other(row, column) * p.multiplier1 + p.bias);
}
";
    by_cell(bindings, &format!("{REQUANTISE}{BYTE}{cell}"))
}

/// A table's entry for each byte.
pub(super) fn lookup() -> String {
    let bindings = "
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<u32>;
";
    let cell = "
fn cell(row: u32, column: u32) -> u32 {
    let index = byte(row, column);
    return (table[index / 4u] >> (index % 4u * 8u)) & 0xffu;
}
";
    by_cell(bindings, &format!("{BYTE}{cell}"))
}

/// The left matrix of a convolution, `[m, vecs]`: the patch at every place from product row `first` on.
pub(super) fn gather() -> String {
    format!(
        "{PARAMS}{ONE_INPUT}{BYTE}
@compute @workgroup_size({WORDS}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {{
    let word = id.y * groups.x * {WORDS}u + id.x;
    if (word >= p.m * p.vecs * 4u) {{ return; }}
    let row = p.first + word / (p.vecs * 4u);
    let place = row % p.places;
    let down = i32(place / p.across * p.stride_down) - p.top;
    let right = i32(place % p.across * p.stride_right) - p.left;
    var bytes = 0u;
    for (var i = 0u; i < 4u; i++) {{
        let at = word % (p.vecs * 4u) * 4u + i;
        if (at < p.k) {{
            let pixel = at / p.channels;
            let y = down + i32(pixel / p.kernel_width);
            let z = right + i32(pixel % p.kernel_width);
            var value = bitcast<u32>(p.fill) & 0xffu;
            if (y >= 0 && y < p.height && z >= 0 && z < p.width) {{
                value = byte(row / p.places, u32(y * p.width + z) * p.channels + at % p.channels);
            }}
            bytes |= value << (i * 8u);
        }}
    }}
    out[word] = bytes;
}}
"
    )
}

/// `count` threads in workgroups of `size`, over two dimensions.
pub(super) fn dispatch(pass: &mut wgpu::ComputePass, count: u32, size: u32) {
    let groups = count.div_ceil(size);
    let high = groups.div_ceil(MAX_WORKGROUPS);
    pass.dispatch_workgroups(groups.div_ceil(high), high, 1);
}
