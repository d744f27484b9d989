//! The dot product of i8 vectors, wrapping at 32 bits.

/// Dot product of i8 vectors given as bytes, wrapping at 32 bits. The shorter length counts.
#[inline]
pub fn dot(a: &[u8], b: &[u8]) -> i32 {
    if cfg!(target_os = "solana") { dot_by_lanes(a, b) } else { dot_in_order(a, b) }
}

/// [`dot`] as it is defined; compilers turn it into vector code.
#[inline]
pub fn dot_in_order(a: &[u8], b: &[u8]) -> i32 {
    a.iter().zip(b).fold(0i32, |sum, (&x, &y)| sum.wrapping_add(i32::from(x as i8) * i32::from(y as i8)))
}

/// The lowest byte of both halves.
const LOWEST: u64 = 0x0000_00ff_0000_00ff;
/// 128 in both halves.
const MIDDLE: u64 = 0x0000_0080_0000_0080;
const SIGNS: u64 = 0x8080_8080_8080_8080;
/// Bytes after which the low half of a sum could reach into the high half: 2^17 lanes of 2^14.
const BLOCK: usize = 1 << 18;

/// [`dot`] as it runs on chain: two products to a multiplication. Of `(x + x' 2^32) (y' + y 2^32)` the high half is
/// `x y + x' y'`, and the low half, `x y'`, is small enough to be taken off the sum of many such products at the end. With
/// one word read from its end, all bytes of the other meet their partners so.
///
/// One word at a time: with more, ten registers do not suffice, and the compiler keeps the rest in memory.
pub fn dot_by_lanes(a: &[u8], b: &[u8]) -> i32 {
    let len = a.len().min(b.len());
    let blocks = a[..len].chunks(BLOCK / 2).zip(b[..len].chunks(BLOCK / 2));
    blocks.fold(0i32, |sum, (a, b)| sum.wrapping_add(block(a, b)))
}

fn block(a: &[u8], b: &[u8]) -> i32 {
    let ((a8, a_rest), (b8, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sum = 0u64;
    for (x, y) in a8.iter().zip(b8) {
        let (x, y) = (u64::from_le_bytes(*x) ^ SIGNS, u64::from_be_bytes(*y) ^ SIGNS);
        // A byte with its sign flipped is 128 more than the i8.
        let pair = |word: u64, shift: u32| ((word >> shift) & LOWEST).wrapping_sub(MIDDLE);
        sum = sum
            .wrapping_add(pair(x, 24).wrapping_mul(pair(y, 0)))
            .wrapping_add(pair(x, 16).wrapping_mul(pair(y, 8)))
            .wrapping_add(pair(x, 8).wrapping_mul(pair(y, 16)))
            .wrapping_add(pair(x, 0).wrapping_mul(pair(y, 24)));
    }
    let low = i64::from(sum as i32);
    let high = (sum.wrapping_sub(low as u64) >> 32) as i32;
    a_rest.iter().zip(b_rest).fold(high, |sum, (&x, &y)| sum.wrapping_add(i32::from(x as i8) * i32::from(y as i8)))
}
