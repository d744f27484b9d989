//! sha256 of 16 messages at a time: word `i` of all messages is one AVX-512 register.
use judge::Hash;
use judge::commitment::SEGMENT;
use judge::merkle::NODE;
use std::arch::x86_64::*;

/// Messages at a time.
const LANES: usize = 16;
/// Bytes of the longest message, padded: a leaf's header, its segment, and the padding's block.
const LONGEST: usize = 64 + SEGMENT + 64;

/// The fractional parts of the square roots of the first 8 primes, FIPS 180-4 5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
/// The fractional parts of the cube roots of the first 64 primes, FIPS 180-4 4.2.2.
#[rustfmt::skip]
const ROUND: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// Messages of one length, waiting until there are enough for all lanes.
struct Batch {
    /// Message by message, padded to whole blocks.
    messages: Box<[[u8; LONGEST]; LANES]>,
    /// Where their hashes go.
    places: [usize; LANES],
    waiting: usize,
}

impl Batch {
    fn new() -> Self {
        Batch { messages: Box::new([[0; LONGEST]; LANES]), places: [0; LANES], waiting: 0 }
    }

    /// Adds a message of a few parts, and hashes when all lanes are full.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn push(&mut self, place: usize, parts: &[&[u8]], out: &mut [Hash]) {
        let message = &mut self.messages[self.waiting];
        let mut len = 0;
        for part in parts {
            message[len..][..part.len()].copy_from_slice(part);
            len += part.len();
        }
        let end = (len + 9).next_multiple_of(64);
        message[len] = 0x80;
        message[len + 1..end - 8].fill(0);
        message[end - 8..end].copy_from_slice(&(8 * len as u64).to_be_bytes());
        self.places[self.waiting] = place;
        self.waiting += 1;
        if self.waiting == LANES {
            self.flush(end, out);
        }
    }

    /// Hashes what is waiting, each `padded` bytes long. Lanes without a message hash what lay there.
    #[target_feature(enable = "avx512f,avx512bw")]
    fn flush(&mut self, padded: usize, out: &mut [Hash]) {
        let mut state = [_mm512_setzero_si512(); 8];
        for (state, word) in state.iter_mut().zip(INITIAL) {
            *state = _mm512_set1_epi32(word as i32);
        }
        for block in (0..padded).step_by(64) {
            let mut words = [_mm512_setzero_si512(); LANES];
            for (words, message) in words.iter_mut().zip(self.messages.iter()) {
                // SAFETY: 64 bytes.
                *words = unsafe { _mm512_loadu_si512(message[block..][..64].as_ptr().cast()) };
            }
            transpose(&mut words);
            big_endian(&mut words);
            compress(&mut state, words);
        }
        let mut hashes = [_mm512_setzero_si512(); LANES];
        hashes[..8].copy_from_slice(&state);
        big_endian(&mut hashes);
        transpose(&mut hashes);
        for (hash, &place) in hashes.iter().zip(&self.places[..self.waiting]) {
            // SAFETY: the low half of a register is 32 bytes, as is a hash.
            unsafe { _mm256_storeu_si256(out[place].as_mut_ptr().cast(), _mm512_castsi512_si256(*hash)) };
        }
        self.waiting = 0;
    }
}

/// Hashes leaves, each with its place in `out`, its header and its bytes; all have as many bytes.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn leaves<'a>(leaves: impl Iterator<Item = (usize, ([u8; 64], &'a [u8]))>, out: &mut [Hash]) {
    let mut batch = Batch::new();
    let mut padded = 0;
    for (place, (header, bytes)) in leaves {
        padded = (header.len() + bytes.len() + 9).next_multiple_of(64);
        batch.push(place, &[&header, bytes], out);
    }
    if batch.waiting > 0 {
        batch.flush(padded, out);
    }
}

/// One level of trees that lie `stride` apart and have `count` nodes left: the parents take the first places of each.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn level(nodes: &mut [Hash], stride: usize, count: usize) {
    let mut batch = Batch::new();
    for tree in (0..nodes.len()).step_by(stride) {
        for i in 0..count / 2 {
            // A parent's place is at or before its children's, and later parents' children come after both: hashing
            // late overwrites nothing that is still needed.
            let (left, right) = (nodes[tree + 2 * i], nodes[tree + 2 * i + 1]);
            batch.push(tree + i, &[NODE, &left, &right], nodes);
        }
    }
    if batch.waiting > 0 {
        batch.flush(128, nodes);
    }
    if count % 2 == 1 {
        for tree in (0..nodes.len()).step_by(stride) {
            nodes[tree + count / 2] = nodes[tree + count - 1];
        }
    }
}

// Loops and not `map`: closures are not compiled for these instructions unless they are inlined, which they were not.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn big_endian(words: &mut [__m512i; 16]) {
    let swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    let swap = _mm512_broadcast_i32x4(swap);
    for word in words {
        *word = _mm512_shuffle_epi8(*word, swap);
    }
}

/// Rows of 16 words to columns: blocks of 4 x 4 words within 128 bits, then the blocks.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose(rows: &mut [__m512i; 16]) {
    for group in rows.as_chunks_mut::<4>().0 {
        let [a, b, c, d] = *group;
        let (ab_low, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let (cd_low, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        *group = [
            _mm512_unpacklo_epi64(ab_low, cd_low),
            _mm512_unpackhi_epi64(ab_low, cd_low),
            _mm512_unpacklo_epi64(ab_high, cd_high),
            _mm512_unpackhi_epi64(ab_high, cd_high),
        ];
    }
    // `rows[4 g + c]` holds, in 128-bit lane `l`, column `4 l + c` of rows `4 g` to `4 g + 3`.
    for c in 0..4 {
        let [a, b, d, e] = [rows[c], rows[4 + c], rows[8 + c], rows[12 + c]];
        let (ab_even, ab_odd) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
        let (de_even, de_odd) = (_mm512_shuffle_i32x4::<0x88>(d, e), _mm512_shuffle_i32x4::<0xdd>(d, e));
        rows[c] = _mm512_shuffle_i32x4::<0x88>(ab_even, de_even);
        rows[4 + c] = _mm512_shuffle_i32x4::<0x88>(ab_odd, de_odd);
        rows[8 + c] = _mm512_shuffle_i32x4::<0xdd>(ab_even, de_even);
        rows[12 + c] = _mm512_shuffle_i32x4::<0xdd>(ab_odd, de_odd);
    }
}

/// The three-operand function with this truth table.
macro_rules! logic {
    ($table:literal, $a:expr, $b:expr, $c:expr) => {
        _mm512_ternarylogic_epi32::<$table>($a, $b, $c)
    };
}

/// One block of every message, FIPS 180-4 6.2.2.
#[inline]
#[target_feature(enable = "avx512f")]
fn compress(state: &mut [__m512i; 8], mut words: [__m512i; 16]) {
    let add = |a, b| _mm512_add_epi32(a, b);
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    // Unrolled by hand: an index that is not a constant would keep the words in memory.
    macro_rules! round {
        ($constants:ident, $i:literal) => {{
            let s1 = logic!(0x96, _mm512_ror_epi32::<6>(e), _mm512_ror_epi32::<11>(e), _mm512_ror_epi32::<25>(e));
            // f where e is set, g elsewhere.
            let choice = logic!(0xca, e, f, g);
            let constant = _mm512_set1_epi32($constants[$i] as i32);
            let t1 = add(add(add(h, s1), add(words[$i], constant)), choice);
            let s0 = logic!(0x96, _mm512_ror_epi32::<2>(a), _mm512_ror_epi32::<13>(a), _mm512_ror_epi32::<22>(a));
            let majority = logic!(0xe8, a, b, c);
            (h, g, f, e) = (g, f, e, add(d, t1));
            (d, c, b, a) = (c, b, a, add(t1, add(s0, majority)));
        }};
    }
    macro_rules! extend {
        ($i:literal) => {{
            let (w15, w2) = (words[($i + 1) % 16], words[($i + 14) % 16]);
            let s0 = logic!(0x96, _mm512_ror_epi32::<7>(w15), _mm512_ror_epi32::<18>(w15), _mm512_srli_epi32::<3>(w15));
            let s1 = logic!(0x96, _mm512_ror_epi32::<17>(w2), _mm512_ror_epi32::<19>(w2), _mm512_srli_epi32::<10>(w2));
            words[$i] = add(add(words[$i], s0), add(words[($i + 9) % 16], s1));
        }};
    }
    macro_rules! each {
        ($($i:literal)*) => {
            let [first, rest @ ..] = ROUND.as_chunks::<16>().0 else { return };
            $(round!(first, $i);)*
            for constants in rest {
                $(extend!($i); round!(constants, $i);)*
            }
        };
    }
    each!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    for (sum, word) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *sum = add(*sum, word);
    }
}
