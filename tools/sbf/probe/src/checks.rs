//! Everything that is not a plain operation: aborts, calls through tables, memory, floats.

use crate::take;

/// Operations of [`checked`].
pub mod checked_op {
    pub const ADD_U64: u8 = 0;
    pub const MUL_U64: u8 = 1;
    pub const SUB_U64: u8 = 2;
    pub const MUL_I64: u8 = 3;
    pub const MUL_U32: u8 = 4;
    pub const DIV_U64: u8 = 5;
    pub const DIV_I64: u8 = 6;
    pub const MUL_U128: u8 = 7;
    pub const MUL_I128: u8 = 8;
    pub const INDEX: u8 = 9;
}

/// One operation on two numbers that panics where Rust panics.
pub fn checked(mut input: &[u8]) -> u128 {
    let [operation] = take(&mut input);
    let (a, b) = (u128::from_le_bytes(take(&mut input)), u128::from_le_bytes(take(&mut input)));
    let (x, y) = (a as u64, b as u64);
    match operation {
        checked_op::ADD_U64 => (x + y).into(),
        checked_op::MUL_U64 => (x * y).into(),
        checked_op::SUB_U64 => (x - y).into(),
        checked_op::MUL_I64 => ((x as i64 * y as i64) as u64).into(),
        checked_op::MUL_U32 => (x as u32 * y as u32).into(),
        checked_op::DIV_U64 => (x / y).into(),
        checked_op::DIV_I64 => ((x as i64 / y as i64) as u64).into(),
        checked_op::MUL_U128 => a * b,
        checked_op::MUL_I128 => (a as i128 * b as i128) as u128,
        checked_op::INDEX => NAMES[x as usize].len() as u128,
        _ => panic!("unknown operation"),
    }
}

/// More arguments than registers, results wider than one, through a vtable.
trait Shape: Sync {
    fn many(&self, a: u64, b: u64, c: u64, d: u64, e: u64, f: u64) -> u64;
    fn wide(&self, a: u64) -> u128;
    fn mixed(&self, a: u128, b: u8, c: u128, d: (u64, u16), e: u128) -> (u128, u64, bool);
}

struct Weighted;
struct Scaled(u64);

impl Shape for Weighted {
    #[inline(never)]
    fn many(&self, a: u64, b: u64, c: u64, d: u64, e: u64, f: u64) -> u64 {
        a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f
    }
    #[inline(never)]
    fn wide(&self, a: u64) -> u128 {
        u128::from(a) << 3
    }
    #[inline(never)]
    fn mixed(&self, a: u128, b: u8, c: u128, d: (u64, u16), e: u128) -> (u128, u64, bool) {
        (a.wrapping_sub(c) ^ e, d.0.wrapping_add(b.into()), d.1 > 7)
    }
}

impl Shape for Scaled {
    #[inline(never)]
    fn many(&self, a: u64, b: u64, c: u64, d: u64, e: u64, f: u64) -> u64 {
        self.0 + a * b + c * d + e * f
    }
    #[inline(never)]
    fn wide(&self, a: u64) -> u128 {
        u128::from(a) * u128::from(self.0)
    }
    #[inline(never)]
    fn mixed(&self, a: u128, b: u8, c: u128, d: (u64, u16), e: u128) -> (u128, u64, bool) {
        (a.wrapping_mul(c).wrapping_add(e), self.0 ^ d.0, u16::from(b) == d.1)
    }
}

#[inline(never)]
fn increment(x: u64) -> u64 {
    x.wrapping_add(1)
}
#[inline(never)]
fn decrement(x: u64) -> u64 {
    x.wrapping_sub(1)
}

/// Tables whose pointers the loader has to relocate.
static SHAPES: [&dyn Shape; 2] = [&Weighted, &Scaled(9)];
static STEPS: [fn(u64) -> u64; 2] = [increment, decrement];
static NAMES: [&str; 3] = ["alpha", "beta", "gamma delta"];

/// Calls whatever the input chooses and returns all the results and a name.
pub fn dynamic(mut input: &[u8]) -> Vec<u8> {
    let [choice] = take(&mut input);
    let x = u64::from_le_bytes(take(&mut input));
    let y = u128::from_le_bytes(take(&mut input));
    let shape = SHAPES[usize::from(choice) % SHAPES.len()];
    let (mixed, sum, flag) = shape.mixed(y, choice, y.rotate_left(9), (x, choice.into()), !y);
    let small = x % 1000;
    let mut out = shape.many(small, 2, 3, 4, 5, 6).to_le_bytes().to_vec();
    out.extend(shape.wide(small).to_le_bytes());
    out.extend(mixed.to_le_bytes());
    out.extend(sum.to_le_bytes());
    out.push(flag.into());
    out.extend(STEPS[usize::from(choice / 2) % STEPS.len()](x).to_le_bytes());
    out.extend(NAMES[usize::from(choice) % NAMES.len()].bytes());
    out
}

/// Dot product of two vectors of `i8`, one after the other in the input.
pub fn dot(input: &[u8]) -> i32 {
    let (x, y) = input.split_at(input.len() / 2);
    let product = |(a, b): (&u8, &u8)| i32::from(*a as i8) * i32::from(*b as i8);
    x.iter().zip(y).map(product).fold(0, i32::wrapping_add)
}

/// A struct that is copied as a whole.
#[derive(Clone, Copy)]
struct Block([u8; 600]);

/// Long and short copies, overlapping moves, fills and comparisons.
pub fn memory(input: &[u8]) -> Vec<u8> {
    let mut block = Block([0; 600]);
    let n = input.len().min(600);
    block.0[..n].copy_from_slice(&input[..n]);
    let mut other = pass(block);
    other.0.copy_within(0..n / 2, n / 4);
    other.0[n / 2..n].fill(0xa5);
    let order = block.0[..n].cmp(&other.0[..n]);
    let mut out = other.0[..n].to_vec();
    out.push(order as i8 as u8);
    out.push((block.0 == other.0).into());
    out.extend(input.iter().rev().take(100));
    out
}

#[inline(never)]
fn pass(mut block: Block) -> Block {
    block.0[0] ^= 1;
    block
}

/// Arithmetic, comparisons and conversions of two floats in both sizes.
#[allow(clippy::neg_cmp_op_on_partial_ord)] // the unordered comparison is what is wanted
pub fn float(mut input: &[u8]) -> Vec<u8> {
    let (a, b) = (f64::from_le_bytes(take(&mut input)), f64::from_le_bytes(take(&mut input)));
    let (x, y) = (a as f32, b as f32);
    let mut out = vec![];
    for value in [a + b, a - b, a * b, a / b, f64::from(x), a as u64 as f64, a as i128 as f64, -a] {
        out.extend(canonical(value).to_le_bytes());
    }
    for value in [x + y, x - y, x * y, x / y, a as i64 as f32, a as u32 as f32, x.abs()] {
        out.extend(canonical(value.into()).to_le_bytes());
    }
    let order = [a < b, a <= b, a == b, a != b, a > b, a >= b, x < y, !(x >= y), a.is_nan()];
    out.extend(order.map(u8::from));
    out.extend((a as i64).to_le_bytes());
    out.extend((a as u64).to_le_bytes());
    out.extend((b as u128).to_le_bytes());
    out.extend((b as i128).to_le_bytes());
    out.extend((y as i8).to_le_bytes());
    out.extend((x as u16).to_le_bytes());
    out
}

/// The bits of a NaN are not defined, those of everything else are.
fn canonical(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}
