//! Integer layers: what they are, when they are allowed, and the one definition of each operation.
use crate::commitment::{MAX_ROW_BYTES, SEGMENT};
use crate::hash::{Hash, sha256};
use core::fmt;

/// Widest input or output of a layer, in elements: keeps a one-cell proof within one 10 KiB account.
pub const MAX_WIDTH: u32 = 2048;
/// Most layers in a model: its table must fit in one registering transaction.
pub const MAX_LAYERS: usize = 12;
const MODEL: &[u8; 4] = b"IOMD";
const LAYER_RECORD: usize = 52;

/// Requantisation of an i32 accumulator to i8, in i32 arithmetic only:
/// `clamp(((clamp(acc >> shift1, -32768, 32767) * mul + 2^(shift2-1)) >> shift2) + zero_point, lo, hi)`.
///
/// ReLU is `lo = zero_point`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requant {
    /// Arithmetic right shift before the multiplication, 0..=31.
    pub shift1: u8,
    /// Multiplier, 1..=32767.
    pub mul: u16,
    /// Rounding right shift after it, 1..=30.
    pub shift2: u8,
    pub zero_point: i8,
    pub lo: i8,
    pub hi: i8,
}

impl Requant {
    /// Requantises one accumulator.
    #[inline(always)]
    pub fn apply(&self, acc: i32) -> i8 {
        let x = (acc >> self.shift1).clamp(-32768, 32767);
        let y = (x * i32::from(self.mul) + (1 << (self.shift2 - 1))) >> self.shift2;
        (y + i32::from(self.zero_point)).clamp(i32::from(self.lo), i32::from(self.hi)) as i8
    }

    fn check(&self) -> Result<(), LayerError> {
        if self.shift1 > 31 || !(1..=30).contains(&self.shift2) || !(1..=32767).contains(&self.mul) || self.lo > self.hi
        {
            return Err(LayerError::Requant);
        }
        Ok(())
    }
}

/// A fully connected layer: `out[r][j] = requant(sum_i in[r][i] * weight[i][j] + bias[j])`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Input width, elements of i8.
    pub k: u32,
    /// Output width, elements.
    pub n: u32,
    /// `None`: the i32 accumulators themselves are the output (last layer only).
    pub requant: Option<Requant>,
    /// Root over the weight columns with their biases, see [`crate::WEIGHTS`].
    pub weight_root: Hash,
}

/// Why a layer table is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerError {
    /// No layers, or more than [`MAX_LAYERS`].
    Count,
    /// A width of zero or over [`MAX_WIDTH`], or an output row over [`MAX_ROW_BYTES`].
    Width,
    /// A layer's input width is not the output width of the one before.
    Chain,
    /// A layer other than the last gives i32.
    InnerAccumulator,
    /// Shift, multiplier or bounds out of range.
    Requant,
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            LayerError::Count => write!(f, "a model has 1 to {MAX_LAYERS} layers"),
            LayerError::Width => write!(f, "layer widths are 1 to {MAX_WIDTH} and rows at most {MAX_ROW_BYTES} bytes"),
            LayerError::Chain => write!(f, "a layer's input width differs from the previous layer's output width"),
            LayerError::InnerAccumulator => write!(f, "only the last layer may give i32 accumulators"),
            LayerError::Requant => {
                write!(f, "requantisation needs shift1 <= 31, 1 <= mul <= 32767, 1 <= shift2 <= 30 and lo <= hi")
            }
        }
    }
}

impl core::error::Error for LayerError {}

impl Layer {
    /// Bytes of one output element: 1 (i8) or 4 (i32, little-endian).
    pub fn out_size(&self) -> usize {
        if self.requant.is_some() { 1 } else { 4 }
    }

    /// Bytes of one output row.
    pub fn out_row_bytes(&self) -> u32 {
        self.n * self.out_size() as u32
    }

    /// Bytes of one committed weight column: the column and its bias.
    pub fn column_bytes(&self) -> u32 {
        self.k + 4
    }

    /// Multiply-accumulates for one row of input.
    pub fn macs(&self) -> u64 {
        u64::from(self.k) * u64::from(self.n)
    }

    /// The committed value of a cell, from its input row and the committed weight column.
    pub fn cell(&self, row: &[u8], column: &[u8]) -> i32 {
        let (weights, bias) = column.split_at(self.k as usize);
        let bias = i32::from_le_bytes([bias[0], bias[1], bias[2], bias[3]]);
        let acc = dot(row, weights).wrapping_add(bias);
        self.requant.map_or(acc, |q| i32::from(q.apply(acc)))
    }

    fn check(&self) -> Result<(), LayerError> {
        let wide = |w: u32| w == 0 || w > MAX_WIDTH;
        if wide(self.k) || wide(self.n) || self.out_row_bytes() as usize > MAX_ROW_BYTES {
            return Err(LayerError::Width);
        }
        self.requant.map_or(Ok(()), |q| q.check())
    }

    fn record(&self) -> [u8; LAYER_RECORD] {
        let mut record = [0u8; LAYER_RECORD];
        record[0] = 1; // the layer's kind: GEMM
        if let Some(q) = self.requant {
            record[1] = 1;
            record[2] = q.shift1;
            record[3] = q.shift2;
            record[4..6].copy_from_slice(&q.mul.to_le_bytes());
            record[6..9].copy_from_slice(&[q.zero_point as u8, q.lo as u8, q.hi as u8]);
        }
        record[12..16].copy_from_slice(&self.k.to_le_bytes());
        record[16..20].copy_from_slice(&self.n.to_le_bytes());
        record[20..].copy_from_slice(&self.weight_root);
        record
    }
}

/// Refuses a layer table that could not be executed or judged.
pub fn check_layers(layers: &[Layer]) -> Result<(), LayerError> {
    if layers.is_empty() || layers.len() > MAX_LAYERS {
        return Err(LayerError::Count);
    }
    for (i, layer) in layers.iter().enumerate() {
        layer.check()?;
        if i > 0 && layers[i - 1].n != layer.k {
            return Err(LayerError::Chain);
        }
        if i + 1 < layers.len() && layer.requant.is_none() {
            return Err(LayerError::InnerAccumulator);
        }
    }
    Ok(())
}

/// A model's identity: sha256(`"IOMD"` | segment size | number of layers | layer table with weight roots). Nobody can
/// serve other weights under it. The table must have passed [`check_layers`]: layers past [`MAX_LAYERS`] are not in it.
pub fn model_root(layers: &[Layer]) -> Hash {
    let mut table = [0u8; MAX_LAYERS * LAYER_RECORD];
    let used = layers.len().min(MAX_LAYERS);
    for (slot, layer) in table.chunks_exact_mut(LAYER_RECORD).zip(layers) {
        slot.copy_from_slice(&layer.record());
    }
    sha256(&[MODEL, &(SEGMENT as u32).to_le_bytes(), &(used as u32).to_le_bytes(), &table[..used * LAYER_RECORD]])
}

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

/// [`dot`] as it runs on chain: eight lanes to a load, 8.9 compute units per product instead of 15.
pub fn dot_by_lanes(a: &[u8], b: &[u8]) -> i32 {
    let len = a.len().min(b.len());
    let mut sum = 0i64;
    let (mut a8, mut b8) = (a[..len].chunks_exact(8), b[..len].chunks_exact(8));
    for (x, y) in a8.by_ref().zip(b8.by_ref()) {
        let x = i64::from_le_bytes([x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]]);
        let y = i64::from_le_bytes([y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7]]);
        // At most 2^17 a step: an i64 cannot overflow in 2^46 steps, and its low half is the wrapped sum.
        sum = sum
            .wrapping_add(((x << 56) >> 56).wrapping_mul((y << 56) >> 56))
            .wrapping_add(((x << 48) >> 56).wrapping_mul((y << 48) >> 56))
            .wrapping_add(((x << 40) >> 56).wrapping_mul((y << 40) >> 56))
            .wrapping_add(((x << 32) >> 56).wrapping_mul((y << 32) >> 56))
            .wrapping_add(((x << 24) >> 56).wrapping_mul((y << 24) >> 56))
            .wrapping_add(((x << 16) >> 56).wrapping_mul((y << 16) >> 56))
            .wrapping_add(((x << 8) >> 56).wrapping_mul((y << 8) >> 56))
            .wrapping_add((x >> 56).wrapping_mul(y >> 56));
    }
    for (&x, &y) in a8.remainder().iter().zip(b8.remainder()) {
        sum = sum.wrapping_add(i64::from(x as i8).wrapping_mul(i64::from(y as i8)));
    }
    sum as i32
}
