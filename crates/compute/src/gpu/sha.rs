//! sha256 in WGSL: leaves and nodes as [`judge::commitment`] and [`judge::merkle`] define them, and the blocks of a device
//! challenge. A digest is eight words, the most significant first, as sha256 computes them.
use std::fmt::Write;

/// Hashes that one workgroup computes.
pub(super) const HASHES: u32 = 64;

const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

const ROUND: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
    0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
    0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
];

/// What the kernels that hash are told. The order is that of [`super::hash::HashParams`]; words of `id` and of the header are
/// as sha256 reads them, most significant byte first.
const PARAMS: &str = "
struct Params {
    id0: vec4u, id1: vec4u,
    tag: u32, layer: u32, all_rows: u32, row_bytes: u32,
    first: u32, rows: u32, stride: u32, segments: u32,
    groups: u32, count: u32, out_at: u32, pad0: u32,
    pad1: vec4u, pad2: vec4u, pad3: vec4u,
}
@group(0) @binding(0) var<uniform> p: Params;
";

/// The compression function, unrolled: the schedule stays in registers. It is called from one place of each kernel, because
/// compilers copy it into every call.
fn compression() -> String {
    let mut text = String::from(
        "
struct State { a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32 }
fn turn(x: u32, n: u32) -> u32 { return (x >> n) | (x << (32u - n)); }
fn swap(x: u32) -> u32 { return (turn(x, 8u) & 0xff00ff00u) | (turn(x, 24u) & 0x00ff00ffu); }
",
    );
    let words: Vec<String> = INITIAL.iter().map(|word| format!("{word:#x}u")).collect();
    let _ = writeln!(text, "const INITIAL = State({});", words.join(", "));
    text += "fn compress(s: State, block: ptr<function, array<u32, 16>>) -> State {\n";
    for i in 0..16 {
        let _ = writeln!(text, "    var w{i} = (*block)[{i}];");
    }
    text +=
        "    var a = s.a; var b = s.b; var c = s.c; var d = s.d; var e = s.e; var f = s.f; var g = s.g; var h = s.h;\n";
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    for (round, constant) in ROUND.iter().enumerate() {
        let i = round % 16;
        if round >= 16 {
            let [x, y, z] = [(i + 1) % 16, (i + 14) % 16, (i + 9) % 16];
            let _ = writeln!(
                text,
                "    w{i} += (turn(w{x}, 7u) ^ turn(w{x}, 18u) ^ (w{x} >> 3u)) + w{z} + (turn(w{y}, 17u) ^ turn(w{y}, 19u) ^ (w{y} >> 10u));"
            );
        }
        let name = |k: usize| names[(k + 64 - round) % 8];
        let [a, b, c, d, e, f, g, h] = std::array::from_fn(name);
        let _ = writeln!(
            text,
            "    {h} += (turn({e}, 6u) ^ turn({e}, 11u) ^ turn({e}, 25u)) + ({g} ^ ({e} & ({f} ^ {g}))) + {constant:#x}u + w{i}; \
             {d} += {h}; \
             {h} += (turn({a}, 2u) ^ turn({a}, 13u) ^ turn({a}, 22u)) + (({a} & {b}) | ({c} & ({a} | {b})));"
        );
    }
    text + "    return State(s.a + a, s.b + b, s.c + c, s.d + d, s.e + e, s.f + f, s.g + g, s.h + h);\n}\n"
}

/// A kernel with a thread to each of `count` hashes; `body` has the thread's number as `id`.
fn kernel(bindings: &str, functions: &str, count: &str, body: &str) -> String {
    format!(
        "{PARAMS}{bindings}{}{functions}
@compute @workgroup_size({HASHES}, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) grid: vec3u) {{
    let id = gid.y * grid.x * {HASHES}u + gid.x;
    if (id >= {count}) {{ return; }}
{body}
}}
",
        compression()
    )
}

const ONE_INPUT: &str = "
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;
";

const PUT: &str = "
fn put(at: u32, s: State) {
    out[at] = s.a; out[at + 1u] = s.b; out[at + 2u] = s.c; out[at + 3u] = s.d;
    out[at + 4u] = s.e; out[at + 5u] = s.f; out[at + 6u] = s.g; out[at + 7u] = s.h;
}
";

/// Leaves of `rows` rows of `segments` segments each: the header's block, then the segment's, then the padding that ends
/// the last block or fills one more.
pub(super) fn leaf() -> String {
    let functions = format!(
        "{PUT}
/// Word `i` of block `b` of a segment with `size` bytes that starts at word `at`.
fn word(at: u32, size: u32, b: u32, i: u32) -> u32 {{
    let byte = b * 64u + i * 4u;
    if (byte + 4u <= size) {{ return swap(x[at + byte / 4u]); }}
    if (b == (size + 8u) / 64u) {{
        if (i == 15u) {{ return (64u + size) * 8u; }}
        if (i == 14u) {{ return 0u; }}
    }}
    if (byte > size) {{ return 0u; }}
    let bits = (size - byte) * 8u;
    if (bits == 0u) {{ return 0x80000000u; }}
    return (swap(x[at + byte / 4u]) & ~(0xffffffffu >> bits)) | (0x80000000u >> bits);
}}
"
    );
    let body = "
    let row = id / p.segments;
    let segment = id % p.segments;
    let size = min(p.row_bytes - segment * 256u, 256u);
    let at = row * p.stride + segment * 64u;
    let blocks = (size + 8u) / 64u + 1u;
    var state = INITIAL;
    var block = array<u32, 16>(
        p.tag, p.id0.x, p.id0.y, p.id0.z, p.id0.w, p.id1.x, p.id1.y, p.id1.z,
        p.id1.w, p.layer, swap(p.first + row), swap(segment), swap(p.all_rows), swap(p.row_bytes), swap(size), 0u,
    );
    for (var b = 0u; b <= blocks; b++) {
        if (b > 0u) {
            block = array<u32, 16>(
                word(at, size, b - 1u, 0u), word(at, size, b - 1u, 1u), word(at, size, b - 1u, 2u), word(at, size, b - 1u, 3u),
                word(at, size, b - 1u, 4u), word(at, size, b - 1u, 5u), word(at, size, b - 1u, 6u), word(at, size, b - 1u, 7u),
                word(at, size, b - 1u, 8u), word(at, size, b - 1u, 9u), word(at, size, b - 1u, 10u), word(at, size, b - 1u, 11u),
                word(at, size, b - 1u, 12u), word(at, size, b - 1u, 13u), word(at, size, b - 1u, 14u), word(at, size, b - 1u, 15u),
            );
        }
        state = compress(state, &block);
    }
    put((p.out_at + id) * 8u, state);";
    kernel(ONE_INPUT, &functions, "p.rows * p.segments", body)
}

/// One level of `groups` trees of `count` nodes each; an odd node is promoted.
pub(super) fn node() -> String {
    let body = "
    let above = (p.count + 1u) / 2u;
    let place = id % above;
    let source = (id / above * p.count + 2u * place) * 8u;
    let target_at = (p.out_at + id) * 8u;
    if (2u * place + 1u >= p.count) {
        for (var i = 0u; i < 8u; i++) { out[target_at + i] = x[source + i]; }
        return;
    }
    var state = INITIAL;
    var block = array<u32, 16>(
        0x494f4e44u, x[source], x[source + 1u], x[source + 2u], x[source + 3u], x[source + 4u], x[source + 5u], x[source + 6u],
        x[source + 7u], x[source + 8u], x[source + 9u], x[source + 10u], x[source + 11u], x[source + 12u], x[source + 13u], x[source + 14u],
    );
    for (var b = 0u; b < 2u; b++) {
        if (b == 1u) {
            block = array<u32, 16>(
                x[source + 15u], 0x80000000u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 544u,
            );
        }
        state = compress(state, &block);
    }
    put(target_at, state);";
    kernel(ONE_INPUT, PUT, "p.groups * ((p.count + 1u) / 2u)", body)
}

/// Rows `first..first + rows` of an operand of a device challenge: block `b` of row `i` is sha256(tag | seed | i | b).
pub(super) fn derive() -> String {
    let bindings = "\n@group(0) @binding(1) var<storage, read_write> out: array<u32>;\n";
    let body = "
    var block = array<u32, 16>(
        p.tag, p.id0.x, p.id0.y, p.id0.z, p.id0.w, p.id1.x, p.id1.y, p.id1.z,
        p.id1.w, swap(p.first + id / p.segments), swap(id % p.segments), 0x80000000u, 0u, 0u, 0u, 352u,
    );
    let s = compress(INITIAL, &block);
    put(id * 8u, State(swap(s.a), swap(s.b), swap(s.c), swap(s.d), swap(s.e), swap(s.f), swap(s.g), swap(s.h)));";
    kernel(bindings, PUT, "p.rows * p.segments", body)
}
